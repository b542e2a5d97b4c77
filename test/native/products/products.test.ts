import test from 'ava';
import { AVX2, AVX512 } from '../../../src/native/isa.ts';
import { forwardRoutine } from '../../../src/native/products/forward.ts';
import { panelVectors, Tile, tallest } from '../../../src/native/products/tile.ts';
import { Dice } from '../../engine/support/samples.ts';
import { faultsAtEdges, WAYS } from '../support/judge.ts';
import type { ProductKind } from '../support/products.ts';
import { randomBounds } from '../support/shapes.ts';
import { makeTrial } from '../support/trial.ts';

const SEED = 20261129;
const DENSE: readonly ProductKind[] = ['forward', 'nt', 'gradient'];

for (const way of WAYS) {
  for (const kind of DENSE) {
    test(`${kind} has the kernel's bits at every edge, NaN, infinities and denormals among them: ${way.title}`, (t) => {
      t.true(way.edges(kind).length > 40);
      t.deepEqual(faultsAtEdges(way, kind, SEED), []);
    });
  }

  test(`gradient has the kernel's bits for every number of leaves up to 40: ${way.title}`, (t) => {
    const dice = new Dice(SEED);
    for (let leaves = 1; leaves <= 40; leaves++) {
      const product = { kind: 'gradient' as const, i: 3, o: 9, xWidth: 4, bounds: randomBounds(dice, 40 + (leaves % 3), leaves, false) };
      t.is(way.fault(product, dice, { zeros: 0.4, special: 0.01 }), undefined, JSON.stringify(product));
    }
  });

  test(`sums that are denormal stay so, as MXCSR stays as it is: ${way.title}`, (t) => {
    const product = { kind: 'forward', m: 7, n: 19, k: 5, hasBias: false, relu: false } as const;
    const options = { zeros: 0, scale: 1e-20 };
    const [sums] = makeTrial(AVX2, product, new Dice(SEED), options).expected.values();
    const denormal = [...new Float32Array(sums!.buffer)].filter((sum) => sum !== 0 && Math.abs(sum) < 2 ** -126);
    t.is(denormal.length, 7 * 19);
    t.is(way.fault(product, new Dice(SEED), options), undefined);
  });
}

test('a routine is the same each time it is made, and another for another system', (t) => {
  for (const isa of [AVX2, AVX512]) {
    const shape = { m: 9, n: 21, k: 33, hasBias: true, relu: true, isTransposed: false };
    t.deepEqual(forwardRoutine(isa, 'sysv', shape).code(), forwardRoutine(isa, 'sysv', shape).code());
    t.notDeepEqual(forwardRoutine(isa, 'sysv', shape).code(), forwardRoutine(isa, 'win64', shape).code());
  }
});

test('the tallest tile of a panel fits the registers, and no tile needs more than there are', (t) => {
  for (const isa of [AVX2, AVX512]) {
    for (const vectors of new Set([1, 2, 3, 4, 5, 9].map((columns) => panelVectors(isa, columns)))) {
      const rows = tallest(isa, vectors);
      t.notThrows(() => new Tile(isa, rows, vectors));
      t.throws(() => new Tile(isa, isa.registers / vectors, vectors), { instanceOf: RangeError });
    }
    t.throws(() => tallest(isa, 9), { instanceOf: RangeError });
  }
});
