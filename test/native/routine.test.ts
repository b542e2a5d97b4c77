import test from 'ava';
import type { Instruction } from '../../src/native/assembler/instruction.ts';
import { mem, r12, rbx, rcx, rdi, rsi, rsp } from '../../src/native/assembler/instruction.ts';
import { AVX2, AVX512 } from '../../src/native/isa.ts';
import { ARGUMENTS, type Convention, routine } from '../../src/native/routine.ts';
import { Dice } from '../engine/support/samples.ts';
import { interpret } from './support/interpreted.ts';
import { Processor, ProcessorFault } from './support/processor.ts';
import { KINDS } from './support/products.ts';
import { edgeProducts } from './support/shapes.ts';
import { faultOf, makeTrial } from './support/trial.ts';

const CONVENTIONS: readonly Convention[] = ['sysv', 'win64'];
const OUT = 0x10_0000;

for (const convention of CONVENTIONS) {
  test(`six arguments arrive in their registers, and those of the caller are kept: ${convention}`, (t) => {
    const out = new BigUint64Array(6);
    const { instructions } = routine(convention, 96, (a) => {
      // The last one says where they go.
      for (const [i, register] of ARGUMENTS.entries()) a.store64(mem(ARGUMENTS[5], 8 * i), register);
      a.store64(mem(rsp, 88), rdi);
      for (const register of [rbx, r12, rdi, rsi, rcx]) a.set(register, 7);
      for (let vector = 0; vector < 16; vector++) a.zero(32, vector);
    });
    new Processor([{ at: OUT, bytes: out.buffer }]).call(instructions, [11, 12, 13, 14, 15, OUT], convention);
    t.deepEqual(out, BigUint64Array.of(11n, 12n, 13n, 14n, 15n, BigInt(OUT)));
  });

  for (const isa of [AVX512, AVX2]) {
    test(`routines of every kind do the same under the convention ${convention}: ${isa.name}`, (t) => {
      const dice = new Dice(1);
      for (const kind of KINDS) {
        for (const product of edgeProducts(isa, kind).filter((_, i) => i % 20 === 0)) {
          const trial = makeTrial(isa, product, dice);
          t.is(faultOf(trial, interpret(trial, undefined, convention)), undefined, trial.title);
        }
      }
    });
  }

  test(`the interpreter finds a register that is not kept: ${convention}`, (t) => {
    const { instructions } = routine(convention, 0, (a) => a.set(rbx, 1));
    const pops = instructions.flatMap((one, i) => (one.kind === 'pop' && one.register === rbx ? [i] : []));
    const broken = instructions.map((one, i): Instruction => (pops.includes(i) ? { kind: 'pop', register: 0 } : one));
    t.throws(() => new Processor([]).call(broken, [], convention), { instanceOf: ProcessorFault });
  });
}

test('the interpreter finds a vector register that Windows keeps', (t) => {
  const { instructions } = routine('win64', 0, (a) => a.zero(16, 6), false);
  t.throws(() => new Processor([]).call(instructions, [], 'win64'), { instanceOf: ProcessorFault, message: /register/ });
});
