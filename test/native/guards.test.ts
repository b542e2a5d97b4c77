import test from 'ava';
import { AVX2, AVX512 } from '../../src/native/isa.ts';
import { Dice } from '../engine/support/samples.ts';
import { geometry } from '../kernels/support/geometries.ts';
import { runGuarded } from './support/guard-process.ts';
import { interpret } from './support/interpreted.ts';
import { nativeIsas } from './support/native.ts';
import { ProcessorFault } from './support/processor.ts';
import type { Product } from './support/products.ts';
import { makeTrial } from './support/trial.ts';

const POOL = geometry({ height: 4, width: 6, channels: 21, filters: 1, kernel: [2, 2], stride: [2, 2] });
const CONVOLUTION = geometry({ height: 4, width: 5, channels: 19, filters: 21, kernel: [2, 2] });

/** One of each kind; no side is a multiple of a vector. */
const PRODUCTS: readonly Product[] = [
  { kind: 'forward', m: 3, n: 21, k: 5, hasBias: true, relu: true },
  { kind: 'nt', m: 3, n: 21, k: 5 },
  { kind: 'gradient', i: 19, o: 21, xWidth: 22, bounds: [0, 2, 5] },
  { kind: 'sparse forward', m: 3, n: 21, k: 5, hasBias: true, relu: false },
  { kind: 'sparse gradient', i: 19, o: 21, xWidth: 22, bounds: [0, 2, 2, 5] },
  { kind: 'conv forward', rows: 2, geometry: CONVOLUTION, hasBias: true, relu: true },
  { kind: 'conv input gradient', rows: 2, geometry: CONVOLUTION },
  { kind: 'conv weight gradient', geometry: CONVOLUTION, bounds: [0, 2, 5] },
  { kind: 'conv bias gradient', geometry: CONVOLUTION, bounds: [0, 2, 5] },
  { kind: 'max pool', rows: 2, geometry: POOL, hasIndex: true },
  { kind: 'max pool backward', rows: 2, geometry: POOL },
];

for (const isa of nativeIsas()) {
  test(`no product of any edge touches a byte outside of its operands, nor writes to what it reads: ${isa.name}`, async (t) => {
    const { code, signal, last, errors } = await runGuarded({ isa: isa.name, seed: 1, products: 'edges' });
    t.deepEqual({ code, signal, errors }, { code: 0, signal: null, errors: '' }, last);
    t.regex(last, /\n[3-9]\d\d products$/);
  });

  for (const product of PRODUCTS) {
    test(`a process dies where an operand of a product is one value too near to its end or start: ${product.kind}, ${isa.name}`, async (t) => {
      const { operands } = makeTrial(isa, product, new Dice(1), { zeros: 0 }).specialised;
      const written = operands.findIndex(({ use }) => use === 'written');
      for (const misplaced of [
        { side: 'end' as const, operand: 0, values: 1 },
        { side: 'start' as const, operand: written, values: 1 },
      ]) {
        const { code, signal, last, errors } = await runGuarded({ isa: isa.name, seed: 1, products: [product], misplaced });
        // macOS calls it another way.
        t.true(signal === 'SIGSEGV' || signal === 'SIGBUS', `${JSON.stringify(misplaced)}: ${signal ?? code}: ${last}${errors}`);
        t.true(last.startsWith(`${misplaced.side}: ${isa.name}`), last);
      }
    });
  }
}

for (const isa of [AVX512, AVX2]) {
  for (const product of PRODUCTS) {
    test(`the interpreter finds every operand that is one value short: ${product.kind}, ${isa.name}`, (t) => {
      const trial = makeTrial(isa, product, new Dice(1), { zeros: 0 });
      t.notThrows(() => void interpret(trial));
      for (const [operand, { use }] of trial.specialised.operands.entries()) {
        // Scratch is bounded from above, and lists have room behind their columns.
        if (use === 'scratch' || use === 'lists' || trial.before[operand]!.length === 0) continue;
        // A schedule ends with a pair of zeros, of which the first says all.
        const short = use === 'schedule' ? 2 : 1;
        t.throws(
          () => void interpret(trial, { operand, short }),
          { instanceOf: ProcessorFault, message: /outside of what it was given/ },
          `${use} ${operand}`,
        );
      }
    });
  }
}
