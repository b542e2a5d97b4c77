import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, rax, rbx, rcx, rdi, rdx, rsi } from '../assembler/instruction.ts';
import { AVX2, AVX512, type Isa } from '../isa.ts';
import { conventionHere, routine } from '../routine.ts';
import { type ExecutableCode, loadCode } from './executable.ts';
import { callable, koffi } from './foreign.ts';

/** What this processor has and the system saves. */
export interface Cpu {
  /** The best instruction set that routines are made for; undefined if there is none. */
  isa: Isa | undefined;
  /** The processor's name. */
  name: string;
}

/** Values of GRADLOOM_CPU: the most that routines may use. */
export const LIMITS = ['avx2', 'avx512'] as const;

const CPUID_BYTES = 16;
const bit = (word: number | undefined, index: number): boolean => (((word ?? 0) >>> index) & 1) === 1;
/** xmm and ymm; with k0-k7 and all of zmm. */
const SAVED_YMM = 0x6;
const SAVED_ZMM = 0xe6;

let known: Cpu | undefined;

/**
 * The processor, as cpuid and xgetbv tell.
 *
 * @throws Error where koffi is missing or the system does not allow generated code
 */
export function cpuHere(): Cpu {
  known ??= examine();
  return known;
}

/** The instruction set to use: the best one, or less where it is limited. */
export function isaWithin(best: Isa, limit: (typeof LIMITS)[number] | undefined): Isa {
  return limit === 'avx2' ? AVX2 : best;
}

function examine(): Cpu {
  if (process.arch !== 'x64') return { isa: undefined, name: process.arch };
  const { cpuid, xcr0, release } = stubs();
  try {
    const [top = 0] = cpuid(0);
    const [, , features] = cpuid(1);
    const hasXsave = bit(features, 27);
    const saved = hasXsave ? xcr0() : 0;
    const [, extended] = top >= 7 ? cpuid(7) : [];
    const [, , amd] = cpuid(0x80000001);
    const counts = bit(features, 23) && bit(amd, 5); // popcnt, lzcnt
    const hasAvx2 = counts && bit(features, 28) && bit(extended, 5) && (saved & SAVED_YMM) === SAVED_YMM;
    const hasAvx512 = hasAvx2 && bit(extended, 16) && bit(extended, 17) && (saved & SAVED_ZMM) === SAVED_ZMM; // F, DQ
    const name = Buffer.from(Uint32Array.from([2, 3, 4].flatMap((leaf) => cpuid(0x80000000 + leaf))).buffer).toString('latin1');
    return { isa: hasAvx512 ? AVX512 : hasAvx2 ? AVX2 : undefined, name: name.replaceAll('\0', '').trim() };
  } finally {
    release();
  }
}

interface Stubs {
  cpuid: (leaf: number) => number[];
  /** Which registers the system saves; only where it uses xsave. */
  xcr0: () => number;
  release: () => void;
}

function stubs(): Stubs {
  const identify = withoutVectors((a) => {
    a.mov(r8, rdx);
    a.mov32(rax, rdi);
    a.mov32(rcx, rsi);
    a.emit({ kind: 'cpuid' });
    for (const [i, register] of [rax, rbx, rcx, rdx].entries()) a.store32(mem(r8, 4 * i), register);
  });
  const saved = withoutVectors((a) => {
    a.mov(r8, rdx);
    a.set(rcx, 0);
    a.emit({ kind: 'xgetbv' });
    a.store32(mem(r8), rax);
  });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const words = new Uint32Array(memory.buffer, 0, CPUID_BYTES / 4);
  const out = Number(koffi().address(new Uint8Array(memory.buffer)));
  const callIdentify = callable(identify.address, 3);
  const callSaved = callable(saved.address, 3);
  return {
    cpuid: (leaf) => {
      callIdentify(leaf, 0, out);
      return [...words];
    },
    xcr0: () => {
      callSaved(0, 0, out);
      return words[0] ?? 0;
    },
    release: () => {
      identify.release();
      saved.release();
    },
  };
}

function withoutVectors(body: (a: Assembler) => void): ExecutableCode {
  return loadCode(routine(conventionHere(), 0, body, false).code());
}
