import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, mem, r9, r10, r11, r12, r14, r15, rax } from '../assembler/instruction.ts';
import type { Isa } from '../isa.ts';
import { F32, type Padded } from './shape.ts';

/** Vectors that are copied at a time. */
const UNROLL = 4;

/** Bytes of scratch for a copy, in whole vectors. */
export function copyBytes(isa: Isa, { size }: Padded): number {
  return Math.ceil(size / isa.lanes) * isa.width;
}

/** Zeros in all of the copy at `scratch` + `at`; those around the picture stay. Changes r10, r11. */
export function zeroCopy(a: Assembler, isa: Isa, padded: Padded, scratch: Gpr, at: number): void {
  zeroVectors(a, isa, copyBytes(isa, padded) / isa.width, scratch, at);
}

/** Vectors of zeros at `scratch` + `at`. Changes r10, r11. */
export function zeroVectors(a: Assembler, isa: Isa, vectors: number, scratch: Gpr, at: number): void {
  a.lea(r10, mem(scratch, at));
  a.zero(isa.width, 0);
  a.repeat(r11, vectors, () => {
    a.store(isa.width, mem(r10), 0);
    a.add(r10, isa.width);
  });
}

/** A picture of lines `fromLine` bytes long into its copy. Changes rax, r9 to r12, r14, r15. */
export function copyPicture(a: Assembler, isa: Isa, padded: Padded, fromLine: number, picture: Gpr, scratch: Gpr, at: number): void {
  if (padded.lines === 0 || padded.width === 0) return;
  a.mov(r9, picture);
  a.lea(r10, mem(scratch, at + padded.at * F32));
  a.repeat(r12, padded.lines, () => {
    copyFloats(a, isa, padded.width);
    a.add(r9, fromLine);
    a.add(r10, padded.line * F32);
  });
}

/** Floats at r9 to r10; nothing beyond them is read. */
function copyFloats(a: Assembler, isa: Isa, floats: number): void {
  const vectors = Math.floor(floats / isa.lanes);
  const turns = Math.floor(vectors / UNROLL);
  const copyVector = (from: Gpr, to: Gpr, at: number, register: number): void => {
    a.load(isa.width, register, mem(from, at));
    a.store(isa.width, mem(to, at), register);
  };
  a.mov(r14, r9);
  a.mov(r15, r10);
  a.repeat(r11, turns, () => {
    for (let u = 0; u < UNROLL; u++) copyVector(r14, r15, u * isa.width, u);
    a.add(r14, UNROLL * isa.width);
    a.add(r15, UNROLL * isa.width);
  });
  for (let u = 0; u < vectors % UNROLL; u++) copyVector(r14, r15, u * isa.width, u);
  const rest = floats % isa.lanes;
  if (rest === 0) return;
  // The last vector overlaps the one before.
  if (vectors > 0) copyVector(r9, r10, (floats - isa.lanes) * F32, 0);
  else {
    for (let i = 0; i < rest; i++) {
      a.mov32(rax, mem(r9, i * F32));
      a.store32(mem(r10, i * F32), rax);
    }
  }
}
