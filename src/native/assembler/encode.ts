import {
  CONDITION,
  type Gpr,
  type Instruction,
  isMem,
  type Label,
  type Mem,
  VECTOR_FORMS,
  type VectorForm,
  type VectorInstruction,
  type Width,
} from './instruction.ts';
import { checkOperands } from './operands.ts';

/** Machine code under way. */
class Bytes {
  readonly #code: number[] = [];

  get length(): number {
    return this.#code.length;
  }

  push(...bytes: number[]): void {
    for (const byte of bytes) this.#code.push(byte & 255);
  }

  i32(value: number): void {
    this.push(value, value >> 8, value >> 16, value >> 24);
  }

  patch(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#code[at + i] = (value >> (8 * i)) & 255;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#code);
  }
}

const EXTENSION = { addImmediate: 0, andImmediate: 4, subImmediate: 5, cmpImmediate: 7 } as const;
const OPCODE = { mov: 0x8b, add: 0x03, or: 0x0b, and: 0x23, sub: 0x2b, xor: 0x33, cmp: 0x3b } as const;
const COUNT_OPCODE = { popcnt: 0xb8, tzcnt: 0xbc, lzcnt: 0xbd } as const;
const NOP = 0x90;

/**
 * The machine code of x86-64 instructions. Jumps are relative, so it runs at any address.
 *
 * @throws RangeError for a label that is never bound, or an operand that the instruction's encoding has no room for
 * @see Intel SDM, volume 2, chapter 2
 */
export function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Bytes();
  const starts: number[] = [];
  const jumps: { at: number; target: Label }[] = [];
  for (const instruction of instructions) {
    starts.push(bytes.length);
    checkOperands(instruction);
    const jump = encodeOne(bytes, instruction);
    if (jump !== undefined) jumps.push({ at: bytes.length - 4, target: jump });
  }
  starts.push(bytes.length);
  for (const { at, target } of jumps) {
    const to = starts[target.at];
    if (to === undefined) throw new RangeError('a jump to a label that is not bound');
    bytes.patch(at, to - (at + 4));
  }
  return bytes.done();
}

/** @returns where a jump goes; its last four bytes wait for the distance */
function encodeOne(out: Bytes, one: Instruction): Label | undefined {
  switch (one.kind) {
    case 'vector':
      encodeVector(out, one);
      return undefined;
    case 'align':
      while (out.length % one.bytes !== 0) out.push(NOP);
      return undefined;
    case 'mov':
    case 'add':
    case 'sub':
    case 'cmp':
    case 'and':
    case 'or':
    case 'xor':
      general(out, OPCODE[one.kind], one.dst, one.src, one.bits);
      return undefined;
    case 'store':
      general(out, 0x89, one.src, one.mem, one.bits);
      return undefined;
    case 'lea':
      general(out, 0x8d, one.dst, one.mem, 64);
      return undefined;
    case 'test':
      general(out, 0x85, one.b, one.a, one.bits);
      return undefined;
    case 'movImmediate':
      rex(out, 0, 0, one.dst);
      out.push(0xb8 | (one.dst & 7));
      out.i32(one.value);
      return undefined;
    case 'addImmediate':
    case 'subImmediate':
    case 'cmpImmediate':
    case 'andImmediate':
      rex(out, 1, 0, one.dst);
      if (isByte(one.value)) {
        out.push(0x83);
        modRm(out, EXTENSION[one.kind], one.dst);
        out.push(one.value);
      } else {
        out.push(0x81);
        modRm(out, EXTENSION[one.kind], one.dst);
        out.i32(one.value);
      }
      return undefined;
    case 'shiftLeft':
    case 'shiftRight':
      rex(out, 1, 0, one.dst);
      out.push(0xc1);
      modRm(out, one.kind === 'shiftLeft' ? 4 : 5, one.dst);
      out.push(one.count);
      return undefined;
    case 'shiftLeftByCl':
      rex(out, 1, 0, one.dst);
      out.push(0xd3);
      modRm(out, 4, one.dst);
      return undefined;
    case 'multiplyImmediate':
      general(out, 0x69, one.dst, one.src, 64);
      out.i32(one.value);
      return undefined;
    case 'testImmediate':
      rex(out, 0, 0, one.dst);
      out.push(0xf7);
      modRm(out, 0, one.dst);
      out.i32(one.value);
      return undefined;
    case 'popcnt':
    case 'lzcnt':
    case 'tzcnt':
      out.push(0xf3);
      rex(out, 0, one.dst, one.src);
      out.push(0x0f, COUNT_OPCODE[one.kind]);
      modRm(out, one.dst, one.src);
      return undefined;
    case 'set':
      // With REX, numbers 4 to 7 are the low bytes of rsp to rdi.
      out.push(0x40 | (one.dst >> 3), 0x0f, 0x90 | CONDITION[one.condition]);
      modRm(out, 0, one.dst);
      return undefined;
    case 'jump':
      if (one.condition === undefined) out.push(0xe9);
      else out.push(0x0f, 0x80 | CONDITION[one.condition]);
      out.i32(0);
      return one.target;
    case 'push':
    case 'pop':
      rex(out, 0, 0, one.register);
      out.push((one.kind === 'push' ? 0x50 : 0x58) | (one.register & 7));
      return undefined;
    case 'prefetch':
      rex(out, 0, 1, one.mem);
      out.push(0x0f, 0x18);
      modRm(out, 1, one.mem);
      return undefined;
    case 'ret':
      out.push(0xc3);
      return undefined;
    case 'vzeroupper':
      out.push(0xc5, 0xf8, 0x77);
      return undefined;
    case 'cpuid':
      out.push(0x0f, 0xa2);
      return undefined;
    case 'xgetbv':
      out.push(0x0f, 0x01, 0xd0);
      return undefined;
    case 'kmovw':
      vex(out, { map: 1, prefix: 0, w: 0 }, 0x92, one.mask, 0, one.src, 0);
      return undefined;
    case 'kmovwToGpr':
      vex(out, { map: 1, prefix: 0, w: 0 }, 0x93, one.dst, 0, one.mask, 0);
      return undefined;
    case 'kortestw':
      vex(out, { map: 1, prefix: 0, w: 0 }, 0x98, one.a, 0, one.b, 0);
      return undefined;
    case 'vpbroadcastd':
      evex(out, { map: 2, prefix: 1, w: 0 }, 0x7c, one.dst, 0, one.src, { length: 2, mask: 0, zero: false, broadcast: false, unit: 64 });
      return undefined;
    case 'vmovmskps':
      vex(out, { map: 1, prefix: 0, w: 0 }, 0x50, one.dst, 0, one.src, one.width === 32 ? 1 : 0);
      return undefined;
  }
}

function encodeVector(out: Bytes, one: VectorInstruction): void {
  const form: VectorForm = VECTOR_FORMS[one.name];
  const { width, r, v, rm, mask = 0, zero = false, broadcast = false } = one;
  if (width === 64) evex(out, form, form.opcode, r, v, rm, { length: 2, mask, zero, broadcast, unit: broadcast ? 4 : unitOf(form, width) });
  else vex(out, form, form.opcode, r, v, rm, width === 32 ? 1 : 0);
  if (form.immediate) out.push(one.immediate ?? 0);
}

function unitOf({ memBytes }: VectorForm, width: Width): number {
  return memBytes === undefined ? width : memBytes(width);
}

type Prefixes = Pick<VectorForm, 'map' | 'prefix' | 'w'>;

function vex(out: Bytes, { map, prefix, w }: Prefixes, opcode: number, reg: number, vvvv: number, rm: number | Mem, length: 0 | 1): void {
  const { b, x } = extensions(rm);
  out.push(0xc4, ((~reg & 8) << 4) | ((~x & 1) << 6) | ((~b & 1) << 5) | map);
  // W of EVEX tells f32 from f64; in VEX these forms ignore it.
  out.push(((prefix === 1 && w === 1 ? 0 : w) << 7) | ((~vvvv & 15) << 3) | (length << 2) | prefix, opcode);
  modRm(out, reg, rm);
}

interface EvexParts {
  length: 0 | 1 | 2;
  mask: number;
  zero: boolean;
  broadcast: boolean;
  /** Bytes that an 8-bit displacement counts in. */
  unit: number;
}

function evex(
  out: Bytes,
  { map, prefix, w }: Prefixes,
  opcode: number,
  reg: number,
  vvvv: number,
  rm: number | Mem,
  parts: EvexParts,
): void {
  const { length, mask, zero, broadcast, unit } = parts;
  const b = isMem(rm) ? rm.base >> 3 : (rm >> 3) & 1;
  const x = isMem(rm) ? (rm.index ?? 0) >> 3 : rm >> 4;
  out.push(0x62, ((~reg & 8) << 4) | ((~x & 1) << 6) | ((~b & 1) << 5) | (~reg & 16) | map);
  out.push((w << 7) | ((~vvvv & 15) << 3) | 4 | prefix);
  out.push((Number(zero) << 7) | (length << 5) | (Number(broadcast) << 4) | ((~vvvv & 16) >> 1) | mask, opcode);
  modRm(out, reg, rm, unit);
}

function general(out: Bytes, opcode: number, reg: Gpr, rm: Gpr | Mem, bits: 32 | 64): void {
  rex(out, bits === 64 ? 1 : 0, reg, rm);
  out.push(opcode);
  modRm(out, reg, rm);
}

function rex(out: Bytes, w: 0 | 1, reg: Gpr, rm: Gpr | Mem): void {
  const { b, x } = extensions(rm);
  const prefix = 0x40 | (w << 3) | ((reg >> 3) << 2) | (x << 1) | b;
  if (prefix !== 0x40) out.push(prefix);
}

/** The fourth bits of base (or register) and index. */
function extensions(rm: number | Mem): { b: number; x: number } {
  return isMem(rm) ? { b: rm.base >> 3, x: (rm.index ?? 0) >> 3 } : { b: rm >> 3, x: 0 };
}

/** ModRM, SIB and displacement. */
function modRm(out: Bytes, reg: number, rm: number | Mem, unit = 1): void {
  const field = (reg & 7) << 3;
  if (!isMem(rm)) {
    out.push(0xc0 | field | (rm & 7));
    return;
  }
  const { base, disp, index, scale = 1 } = rm;
  const isShort = disp % unit === 0 && isByte(disp / unit);
  // rbp and r13 as a base need a displacement, rsp and r12 a SIB byte.
  const mode = disp === 0 && (base & 7) !== 5 ? 0 : isShort ? 1 : 2;
  const hasSib = index !== undefined || (base & 7) === 4;
  out.push((mode << 6) | field | (hasSib ? 4 : base & 7));
  if (hasSib) out.push((Math.log2(scale) << 6) | (((index ?? 4) & 7) << 3) | (base & 7));
  if (mode === 1) out.push(disp / unit);
  else if (mode === 2) out.i32(disp);
}

function isByte(value: number): boolean {
  return value >= -128 && value <= 127;
}
