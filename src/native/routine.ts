import { Assembler } from './assembler/assembler.ts';
import { type Gpr, mem, r8, r9, r12, r13, r14, r15, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from './assembler/instruction.ts';

/** How the system hands over arguments, and which registers it wants back as they were. */
export type Convention = 'sysv' | 'win64';

/** Up to six integers, in this order. */
export const ARGUMENTS = [rdi, rsi, rdx, rcx, r8, r9] as const satisfies readonly Gpr[];

const SAVED: readonly Gpr[] = [rbx, rbp, r12, r13, r14, r15];
const WINDOWS_SAVED: readonly Gpr[] = [rdi, rsi, ...SAVED];
/** xmm6 to xmm15. */
const WINDOWS_VECTORS = Array.from({ length: 10 }, (_, i) => 6 + i);
const XMM_BYTES = 16;
/** Bytes that a caller on Windows leaves above the return address, before the fifth argument. */
const SHADOW_BYTES = 32;

/**
 * A routine of up to six integer arguments, which its body finds in ARGUMENTS whatever the convention. It may change every register but
 * rsp, and has `frameBytes` bytes at rsp to itself.
 *
 * @param usesVectors  false for code that runs before it is known whether there are vectors
 */
export function routine(convention: Convention, frameBytes: number, body: (a: Assembler) => void, usesVectors = true): Assembler {
  const a = new Assembler();
  const saved = convention === 'win64' ? WINDOWS_SAVED : SAVED;
  const vectors = convention === 'win64' && usesVectors ? WINDOWS_VECTORS : [];
  const frame = frameBytes + vectors.length * XMM_BYTES;
  for (const register of saved) a.push(register);
  a.sub(rsp, frame);
  for (const [i, vector] of vectors.entries()) a.store(XMM_BYTES, mem(rsp, frameBytes + i * XMM_BYTES), vector);
  if (convention === 'win64') {
    const above = frame + saved.length * 8 + 8 + SHADOW_BYTES;
    for (const [to, from] of [
      [rdi, rcx],
      [rsi, rdx],
      [rdx, r8],
      [rcx, r9],
    ] as const)
      a.mov(to, from);
    a.mov(r8, mem(rsp, above));
    a.mov(r9, mem(rsp, above + 8));
  }
  body(a);
  // Before code that uses the older encodings, which would wait for the upper halves.
  if (usesVectors) a.emit({ kind: 'vzeroupper' });
  for (const [i, vector] of vectors.entries()) a.load(XMM_BYTES, vector, mem(rsp, frameBytes + i * XMM_BYTES));
  a.add(rsp, frame);
  for (const register of saved.toReversed()) a.pop(register);
  a.ret();
  return a;
}

/** The convention of this process. */
export function conventionHere(): Convention {
  return process.platform === 'win32' ? 'win64' : 'sysv';
}
