/** A general register, by its number in encodings. */
export type Gpr = number;
export const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
] as const satisfies readonly Gpr[];

/** A vector register: 0..15, with EVEX 0..31. */
export type Vec = number;
/** A mask register, 1..7. */
export type Mask = number;
/** Bytes of a vector. 64 is encoded as EVEX, the others as VEX. */
export type Width = 16 | 32 | 64;

/** base + index * scale + disp */
export interface Mem {
  base: Gpr;
  disp: number;
  index?: Gpr;
  scale?: 1 | 2 | 4 | 8;
}

export function mem(base: Gpr, disp = 0, index?: Gpr, scale: 1 | 2 | 4 | 8 = 1): Mem {
  return index === undefined ? { base, disp } : { base, disp, index, scale };
}

export const isMem = (operand: number | Mem): operand is Mem => typeof operand === 'object';

/**
 * Where a vector instruction finds its operands:
 * `rvm` dst, a, b or memory; `rm` dst, b or memory; `mr` memory, src; `mvr` memory, mask vector, src.
 */
type Shape = 'rvm' | 'rm' | 'mr' | 'mvr';

/** How a vector instruction is encoded. */
export interface VectorForm {
  shape: Shape;
  /** Opcode map: 1 is 0F, 2 is 0F38, 3 is 0F3A. */
  map: 1 | 2 | 3;
  /** Mandatory prefix: 0 none, 1 66, 2 F3, 3 F2. */
  prefix: 0 | 1 | 2 | 3;
  /** EVEX.W; VEX ignores it here. */
  w: 0 | 1;
  opcode: number;
  /** Bytes of a memory operand where it is not the whole vector: what an 8-bit displacement of EVEX counts in. */
  memBytes?: (width: Width) => number;
  /** An 8-bit immediate follows. */
  immediate?: true;
  /** EVEX alone, or VEX alone. */
  only?: 'evex' | 'vex';
  /** There is no form of 16 bytes. */
  isWide?: true;
  /** With EVEX the result goes to a mask register. */
  toMask?: true;
  /** The operand that may be memory has to be. */
  memoryOnly?: true;
}

const ps = (opcode: number, shape: Shape = 'rvm'): VectorForm => ({ shape, map: 1, prefix: 0, w: 0, opcode });
const pd = (opcode: number, shape: Shape = 'rvm'): VectorForm => ({ shape, map: 1, prefix: 1, w: 1, opcode });
const p38 = (opcode: number, shape: Shape): VectorForm => ({ shape, map: 2, prefix: 1, w: 0, opcode });

/** The vector instructions that are used, by Intel's names. source: Intel SDM, volume 2. */
export const VECTOR_FORMS = {
  vmovups: ps(0x10, 'rm'),
  vmovups_store: ps(0x11, 'mr'),
  vaddps: ps(0x58),
  vmulps: ps(0x59),
  vsubps: ps(0x5c),
  vminps: ps(0x5d),
  vdivps: ps(0x5e),
  vmaxps: ps(0x5f),
  vsqrtps: ps(0x51, 'rm'),
  vandps: ps(0x54),
  vxorps: ps(0x57),
  vunpcklps: ps(0x14),
  vunpckhps: ps(0x15),
  vshufps: { ...ps(0xc6), immediate: true },
  vcvtdq2ps: ps(0x5b, 'rm'),
  vcvtps2pd: { ...ps(0x5a, 'rm'), memBytes: (width) => width / 2 },
  vcmpps: { ...ps(0xc2), immediate: true, toMask: true },
  vaddpd: pd(0x58),
  vmulpd: pd(0x59),
  vmaxpd: pd(0x5f),
  vdivpd: pd(0x5e),
  vsqrtpd: pd(0x51, 'rm'),
  vcvtpd2ps: pd(0x5a, 'rm'),
  vmovupd: pd(0x10, 'rm'),
  vmovupd_store: pd(0x11, 'mr'),
  vunpcklpd: pd(0x14),
  vunpckhpd: pd(0x15),
  vpaddd: { ...pd(0xfe), w: 0 },
  vpcmpeqd: { ...pd(0x76), w: 0, toMask: true },
  vpmaxsd: p38(0x3d, 'rvm'),
  vbroadcastss: { ...p38(0x18, 'rm'), memBytes: () => 4 },
  vbroadcastsd: { ...p38(0x19, 'rm'), w: 1, memBytes: () => 8, isWide: true },
  vpmovzxbd: { ...p38(0x31, 'rm'), memBytes: (width) => width / 4 },
  vmaskmovps: { ...p38(0x2c, 'rvm'), only: 'vex', memoryOnly: true },
  vmaskmovps_store: { ...p38(0x2e, 'mvr'), only: 'vex', memoryOnly: true },
  vpcompressd: { ...p38(0x8b, 'mr'), only: 'evex', memBytes: () => 4 },
  vpermd: { ...p38(0x36, 'rvm'), isWide: true },
  vshuff32x4: { shape: 'rvm', map: 3, prefix: 1, w: 0, opcode: 0x23, immediate: true, only: 'evex' },
  vperm2f128: { shape: 'rvm', map: 3, prefix: 1, w: 0, opcode: 0x06, immediate: true, only: 'vex', isWide: true },
} as const satisfies Record<string, VectorForm>;

export type VectorName = keyof typeof VECTOR_FORMS;

/** What EVEX adds to a vector instruction. */
export interface Decoration {
  mask?: Mask;
  /** Lanes that the mask leaves out become 0 instead of staying as they are. */
  zero?: boolean;
  /** The memory operand is one f32, for all lanes. */
  broadcast?: boolean;
}

/** Conditions of jumps and sets, by their number in encodings. */
export const CONDITION = { b: 2, ae: 3, e: 4, ne: 5, be: 6, a: 7, l: 12, ge: 13, le: 14, g: 15 } as const;
export type Condition = keyof typeof CONDITION;

/** Immediates of vcmpps. NaN is not equal to anything, and neither greater nor less than or equal; `ordered`: neither is NaN. */
export const PREDICATE = { notEqual: 4, notLessOrEqual: 6, ordered: 7, greater: 0x1e } as const;

/** A place in the code. */
export class Label {
  /** Number of the instruction that it stands before; -1 until it is bound. */
  at = -1;
}

/** Instructions of general registers. `bits` 32 clears the upper half of its destination. */
export type GeneralInstruction =
  | { kind: 'mov' | 'add' | 'sub' | 'cmp' | 'and' | 'or' | 'xor'; bits: 32 | 64; dst: Gpr; src: Gpr | Mem }
  | { kind: 'store'; bits: 32 | 64; mem: Mem; src: Gpr }
  | { kind: 'movImmediate'; dst: Gpr; value: number }
  | { kind: 'addImmediate' | 'subImmediate' | 'cmpImmediate' | 'andImmediate'; dst: Gpr; value: number }
  | { kind: 'shiftLeft' | 'shiftRight'; dst: Gpr; count: number }
  | { kind: 'shiftLeftByCl'; dst: Gpr }
  | { kind: 'multiplyImmediate'; dst: Gpr; src: Gpr; value: number }
  | { kind: 'test'; bits: 32 | 64; a: Gpr; b: Gpr }
  | { kind: 'testImmediate'; dst: Gpr; value: number }
  | { kind: 'lea'; dst: Gpr; mem: Mem }
  | { kind: 'popcnt' | 'lzcnt' | 'tzcnt'; dst: Gpr; src: Gpr }
  | { kind: 'set'; condition: Condition; dst: Gpr }
  | { kind: 'jump'; condition: Condition | undefined; target: Label }
  | { kind: 'push' | 'pop'; register: Gpr }
  | { kind: 'prefetch'; mem: Mem }
  | { kind: 'ret' | 'vzeroupper' | 'cpuid' | 'xgetbv' };

export type MaskInstruction =
  | { kind: 'kmovw'; mask: Mask; src: Gpr }
  | { kind: 'kmovwToGpr'; dst: Gpr; mask: Mask }
  | { kind: 'kortestw'; a: Mask; b: Mask }
  | { kind: 'vpbroadcastd'; dst: Vec; src: Gpr }
  | { kind: 'vmovmskps'; dst: Gpr; src: Vec; width: 16 | 32 };

/** `r`: the register operand, `v`: the second one, `rm`: the one that may be memory. */
export interface VectorInstruction extends Decoration {
  kind: 'vector';
  name: VectorName;
  width: Width;
  r: Vec;
  v: Vec;
  rm: Vec | Mem;
  immediate?: number;
}

/** Starts of loops stand at multiples of some bytes. */
export interface AlignInstruction {
  kind: 'align';
  bytes: number;
}

export type Instruction = GeneralInstruction | MaskInstruction | VectorInstruction | AlignInstruction;
