import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, type Mem, mem, r10, r11, rax, type Vec } from '../assembler/instruction.ts';
import type { Isa } from '../isa.ts';
import { ARGUMENTS, type Convention, routine } from '../routine.ts';
import { BLOCK } from './block.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
/** Mask register that holds the lanes of the last, partial vector, where the instruction set has masks. */
export const TAIL_MASK = 1;

/** What a pass over arrays of n floats does to one vector of each. */
export interface Pass {
  /** Arrays, at most four. */
  arrays: number;
  /** f32 numbers that come in the block. */
  scalars: number;
  /** The bits of f32 constants. */
  constants?: readonly number[];
  /** Vectors that run along, one for each of the vectors of a turn: they start as 0. */
  accumulates?: boolean;
  /** Vectors of a turn. */
  unroll: number;
  step: (a: Assembler, site: PassSite) => void;
  /** After the last vector; all accumulators are at hand. Vector registers 0 to 3 are free. */
  finish?: (a: Assembler, isa: Isa, accumulators: readonly Vec[], block: Gpr) => void;
}

/** One vector of each array. Registers 0 to 3 are the step's own. */
export interface PassSite {
  isa: Isa;
  /** The last vector, which is partial: lanes beyond it are loaded as 0 and not stored. */
  isTail: boolean;
  accumulator: Vec;
  load(dst: Vec, array: number): void;
  store(array: number, src: Vec): void;
  scalar(index: number): Vec;
  constant(index: number): Vec;
}

/** Vector registers that a step has to itself. */
const OWN = 4;

/**
 * The routine of a pass. Arguments: the arrays' addresses, n, the block's address. Arrays are 4-byte aligned; two are the same or do not
 * overlap.
 */
export function passRoutine(isa: Isa, convention: Convention, pass: Pass): Assembler {
  const { arrays, scalars, constants = [], unroll } = pass;
  const pointers = ARGUMENTS.slice(0, arrays);
  const [count, block] = ARGUMENTS.slice(arrays) as [Gpr, Gpr];
  let next = OWN;
  const take = (): Vec => next++;
  const scalarAt = Array.from({ length: scalars }, take);
  const constantAt = constants.map(take);
  const accumulators = pass.accumulates ? Array.from({ length: unroll }, take) : [];
  const tailMask = take();
  if (next > isa.registers) throw new RangeError(`a pass needs ${next} vector registers`);
  return routine(convention, 16, (a) => {
    for (const [i, register] of scalarAt.entries()) a.broadcast(isa.width, register, mem(block, BLOCK.scalars + i * F32));
    for (const [i, register] of constantAt.entries()) a.constant(isa.width, register, constants[i] as number, 0);
    for (const register of accumulators) a.zero(isa.width, register);
    const site = (u: number, isTail: boolean): PassSite => {
      const at = (array: number): Mem => mem(pointers[array] as Gpr, u * isa.width, r10);
      return {
        isa,
        isTail,
        accumulator: accumulators[u] ?? 0,
        load: (dst, array) => {
          if (!isTail) a.load(isa.width, dst, at(array));
          else if (isa.broadcasts) a.load(isa.width, dst, at(array), { mask: TAIL_MASK, zero: true });
          else a.op('vmaskmovps', isa.width, dst, tailMask, at(array));
        },
        store: (array, src) => {
          if (!isTail) a.store(isa.width, at(array), src);
          else if (isa.broadcasts) a.store(isa.width, at(array), src, { mask: TAIL_MASK });
          else a.vector('vmaskmovps_store', isa.width, { r: src, v: tailMask, rm: at(array) });
        },
        scalar: (index) => scalarAt[index] as Vec,
        constant: (index) => constantAt[index] as Vec,
      };
    };
    a.set(r10, 0);
    const loop = (vectors: number): void => {
      a.mov(r11, count);
      if (vectors < unroll) a.emit({ kind: 'andImmediate', dst: r11, value: unroll * isa.lanes - 1 });
      a.shiftRight(r11, Math.log2(vectors * isa.lanes));
      a.countDown(r11, () => {
        for (let u = 0; u < vectors; u++) pass.step(a, site(u, false));
        a.add(r10, vectors * isa.width);
      });
    };
    loop(unroll);
    if (unroll > 1) loop(1);
    const done = a.label();
    a.mov(r11, count);
    a.emit({ kind: 'andImmediate', dst: r11, value: isa.lanes - 1 });
    a.jumpIf('e', done);
    if (isa.broadcasts) {
      a.mov32(rax, mem(block, BLOCK.bits, r11, 4));
      a.kmov(TAIL_MASK, rax);
    } else {
      a.set(rax, isa.lanes);
      a.arithmetic('sub', rax, r11);
      a.load(isa.width, tailMask, mem(block, BLOCK.window, rax, 4));
    }
    pass.step(a, site(0, true));
    a.bind(done);
    pass.finish?.(a, isa, accumulators, block);
  });
}
