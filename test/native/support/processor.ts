import type { Gpr } from '../../../src/native/assembler/instruction.ts';
import { type Condition, type Instruction, isMem, type Mem, type VectorInstruction } from '../../../src/native/assembler/instruction.ts';
import type { Convention } from '../../../src/native/routine.ts';

const LANES = 16;
const RCX = 1;
const RSP = 4;
/** Where arguments are handed over, and what a routine must leave as it was. The others of Windows stand above 32 bytes of the caller's. */
const CONVENTIONS = {
  sysv: { args: [7, 6, 2, 1, 8, 9], saved: [3, 5, 12, 13, 14, 15, RSP], savedVectors: [] },
  win64: { args: [1, 2, 8, 9], saved: [3, 5, 6, 7, 12, 13, 14, 15, RSP], savedVectors: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15] },
} as const satisfies Record<Convention, { args: readonly Gpr[]; saved: readonly Gpr[]; savedVectors: readonly number[] }>;
const SHADOW_BYTES = 32;
const RETURN = 0xffff_ffff_ffff_ffffn;
const MOST_STEPS = 200_000_000;

/** Memory that code may touch: anything outside of all regions is a fault, as with guard pages on both sides of each. */
export interface Region {
  at: number;
  bytes: ArrayBuffer | SharedArrayBuffer;
  writable?: boolean;
}

export class ProcessorFault extends Error {}

/**
 * Executes instructions as the manual describes them, one after the other: the independent truth for code that this machine can not run
 * (AVX-512), and a check of every address that it touches. f32 arithmetic rounds each result once; NaN payloads are not followed.
 * source: Intel SDM, volume 2.
 */
export class Processor {
  readonly #regions: readonly { at: number; end: number; view: DataView; writable: boolean }[];
  readonly #gpr = new BigUint64Array(16);
  readonly #vectors = Array.from({ length: 32 }, () => new DataView(new ArrayBuffer(64)));
  readonly #masks = new Uint32Array(8);
  /** The result of an instruction, before it is in its register. */
  readonly #words = new Int32Array(LANES);
  #lastRegion = 0;
  /** Address of the memory operand of a vector instruction. */
  #operandAt = 0;
  #flags = { zero: false, carry: false, sign: false, overflow: false };

  constructor(regions: readonly Region[]) {
    const stack: Region = { at: 0x7000_0000, bytes: new ArrayBuffer(16_384), writable: true };
    this.#regions = [...regions, stack].map(({ at, bytes, writable = true }) => {
      return { at, end: at + bytes.byteLength, view: new DataView(bytes), writable };
    });
    this.#gpr[RSP] = BigInt(stack.at + stack.bytes.byteLength - 64);
  }

  /** Calls a routine. @throws ProcessorFault with the instruction that went wrong */
  call(instructions: readonly Instruction[], args: readonly number[], convention: Convention = 'sysv'): void {
    const { args: registers, saved, savedVectors } = CONVENTIONS[convention];
    for (const value of args.slice(registers.length).toReversed()) this.#push(BigInt(value));
    if (convention === 'win64') this.#gpr[RSP] = (this.#gpr[RSP] as bigint) - BigInt(SHADOW_BYTES);
    for (const [i, register] of registers.entries()) this.#gpr[register] = BigInt(args[i] ?? 0);
    for (const register of savedVectors) this.#setWords(register, [register, -register, register << 8, 1]);
    const kept = (): string =>
      JSON.stringify([
        saved.map((register) => String(this.#gpr[register])),
        savedVectors.map((register) => [0, 1, 2, 3].map((lane) => this.#word(register, lane))),
      ]);
    const before = kept();
    this.#push(RETURN);
    let at = 0;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const one = instructions[at];
      if (one === undefined) throw new ProcessorFault('runs off the end');
      at++;
      try {
        if (one.kind === 'ret') {
          if (this.#pop() !== RETURN) throw new ProcessorFault('returns with a changed stack');
          if (kept() !== before) throw new ProcessorFault('changes a register that the caller keeps');
          return;
        }
        if (one.kind === 'jump') {
          if (one.condition === undefined || this.#holds(one.condition)) at = one.target.at;
        } else this.#execute(one);
      } catch (error) {
        throw new ProcessorFault(`instruction ${at - 1} ${JSON.stringify(one)}: ${error instanceof Error ? error.message : ''}`);
      }
    }
    throw new ProcessorFault('does not end');
  }

  #execute(one: Instruction): void {
    const gpr = this.#gpr;
    switch (one.kind) {
      case 'vector':
        this.#vector(one);
        return;
      case 'mov':
        gpr[one.dst] = this.#value(one.src, one.bits);
        return;
      case 'store':
        this.#write(one.mem, one.bits / 8, gpr[one.src] as bigint);
        return;
      case 'movImmediate':
        gpr[one.dst] = BigInt.asUintN(32, BigInt(one.value));
        return;
      case 'add':
      case 'sub':
      case 'cmp':
      case 'and':
      case 'or':
      case 'xor':
        this.#arithmetic(one.kind, one.dst, this.#value(one.src, one.bits), one.bits);
        return;
      case 'addImmediate':
      case 'subImmediate':
      case 'cmpImmediate':
      case 'andImmediate':
        this.#arithmetic(one.kind.slice(0, 3) as 'add' | 'sub' | 'cmp' | 'and', one.dst, BigInt.asUintN(64, BigInt(one.value)), 64);
        return;
      case 'shiftLeft':
        gpr[one.dst] = BigInt.asUintN(64, (gpr[one.dst] as bigint) << BigInt(one.count));
        return;
      case 'shiftRight':
        gpr[one.dst] = (gpr[one.dst] as bigint) >> BigInt(one.count);
        return;
      case 'shiftLeftByCl':
        gpr[one.dst] = BigInt.asUintN(64, (gpr[one.dst] as bigint) << ((gpr[RCX] as bigint) & 63n));
        return;
      case 'multiplyImmediate':
        gpr[one.dst] = BigInt.asUintN(64, BigInt.asIntN(64, gpr[one.src] as bigint) * BigInt(one.value));
        return;
      case 'test':
        this.#logic(this.#value(one.a, one.bits) & this.#value(one.b, one.bits), one.bits);
        return;
      case 'testImmediate':
        this.#logic(this.#value(one.dst, 32) & BigInt.asUintN(32, BigInt(one.value)), 32);
        return;
      case 'lea':
        gpr[one.dst] = BigInt(this.#address(one.mem));
        return;
      case 'popcnt':
        gpr[one.dst] = BigInt(this.#value(one.src, 32).toString(2).replaceAll('0', '').length);
        return;
      case 'lzcnt':
        gpr[one.dst] = BigInt(Math.clz32(Number(this.#value(one.src, 32))));
        return;
      case 'tzcnt': {
        const value = Number(this.#value(one.src, 32));
        gpr[one.dst] = BigInt(value === 0 ? 32 : 31 - Math.clz32(value & -value));
        return;
      }
      case 'set':
        gpr[one.dst] = ((gpr[one.dst] as bigint) & ~255n) | (this.#holds(one.condition) ? 1n : 0n);
        return;
      case 'push':
        this.#push(gpr[one.register] as bigint);
        return;
      case 'pop':
        gpr[one.register] = this.#pop();
        return;
      case 'kmovw':
        this.#masks[one.mask] = Number(this.#value(one.src, 32)) & 0xffff;
        return;
      case 'kmovwToGpr':
        gpr[one.dst] = BigInt(this.#masks[one.mask] as number);
        return;
      case 'kortestw': {
        const either = (this.#masks[one.a] as number) | (this.#masks[one.b] as number);
        this.#flags = { zero: either === 0, carry: either === 0xffff, sign: false, overflow: false };
        return;
      }
      case 'vpbroadcastd':
        for (let lane = 0; lane < LANES; lane++) this.#vectorOf(one.dst).setUint32(lane * 4, Number(this.#value(one.src, 32)), true);
        return;
      case 'vmovmskps': {
        let bits = 0;
        for (let lane = 0; lane < one.width / 4; lane++) bits |= (this.#vectorOf(one.src).getUint32(lane * 4, true) >>> 31) << lane;
        gpr[one.dst] = BigInt(bits);
        return;
      }
      case 'align':
      case 'prefetch':
      case 'vzeroupper':
        return;
      default:
        throw new ProcessorFault(`${one.kind} is not known here`);
    }
  }

  #vectorOf(number: number): DataView {
    return this.#vectors[number] as DataView;
  }

  // ---- general registers

  #value(operand: Gpr | Mem, bits: 32 | 64): bigint {
    const value = isMem(operand) ? this.#read(operand, bits / 8) : (this.#gpr[operand] as bigint);
    return BigInt.asUintN(bits, value);
  }

  #arithmetic(kind: 'add' | 'sub' | 'cmp' | 'and' | 'or' | 'xor', dst: Gpr, right: bigint, bits: 32 | 64): void {
    const left = BigInt.asUintN(bits, this.#gpr[dst] as bigint);
    const b = BigInt.asUintN(bits, right);
    if (kind === 'and' || kind === 'or' || kind === 'xor') {
      const result = kind === 'and' ? left & b : kind === 'or' ? left | b : left ^ b;
      this.#logic(result, bits);
      this.#gpr[dst] = result;
      return;
    }
    const exact = kind === 'add' ? left + b : left - b;
    const result = BigInt.asUintN(bits, exact);
    const signed = kind === 'add' ? BigInt.asIntN(bits, left) + BigInt.asIntN(bits, b) : BigInt.asIntN(bits, left) - BigInt.asIntN(bits, b);
    const sign = BigInt.asIntN(bits, result) < 0n;
    this.#flags = { zero: result === 0n, carry: exact !== result, sign, overflow: signed !== BigInt.asIntN(bits, result) };
    if (kind !== 'cmp') this.#gpr[dst] = result;
  }

  #logic(result: bigint, bits: 32 | 64): void {
    this.#flags = { zero: result === 0n, carry: false, sign: BigInt.asIntN(bits, result) < 0n, overflow: false };
  }

  #holds(condition: Condition): boolean {
    const { zero, carry, sign, overflow } = this.#flags;
    const less = sign !== overflow;
    const known: Record<Condition, boolean> = {
      b: carry,
      ae: !carry,
      e: zero,
      ne: !zero,
      be: carry || zero,
      a: !carry && !zero,
      l: less,
      ge: !less,
      le: less || zero,
      g: !less && !zero,
    };
    return known[condition];
  }

  // ---- memory

  #address({ base, disp, index, scale = 1 }: Mem): number {
    const offset = index === undefined ? 0n : (this.#gpr[index] as bigint) * BigInt(scale);
    return Number(BigInt.asUintN(64, (this.#gpr[base] as bigint) + offset + BigInt(disp)));
  }

  #place(at: number, bytes: number, isWrite: boolean): { view: DataView; offset: number } {
    const isIn = (one: { at: number; end: number } | undefined): boolean => one !== undefined && at >= one.at && at + bytes <= one.end;
    if (!isIn(this.#regions[this.#lastRegion])) this.#lastRegion = this.#regions.findIndex(isIn);
    const region = this.#regions[this.#lastRegion];
    if (region === undefined || (isWrite && !region.writable)) {
      throw new ProcessorFault(`${isWrite ? 'writes' : 'reads'} ${bytes} bytes at ${at.toString(16)}, outside of what it was given`);
    }
    return { view: region.view, offset: at - region.at };
  }

  #read(from: Mem, bytes: number): bigint {
    const { view, offset } = this.#place(this.#address(from), bytes, false);
    return bytes === 8 ? view.getBigUint64(offset, true) : BigInt(view.getUint32(offset, true));
  }

  #write(to: Mem, bytes: number, value: bigint): void {
    const { view, offset } = this.#place(this.#address(to), bytes, true);
    if (bytes === 8) view.setBigUint64(offset, value, true);
    else view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
  }

  #push(value: bigint): void {
    this.#gpr[RSP] = (this.#gpr[RSP] as bigint) - 8n;
    this.#write({ base: RSP, disp: 0 }, 8, value);
  }

  #pop(): bigint {
    const value = this.#read({ base: RSP, disp: 0 }, 8);
    this.#gpr[RSP] = (this.#gpr[RSP] as bigint) + 8n;
    return value;
  }

  // ---- vectors

  #vector(one: VectorInstruction): void {
    if (isMem(one.rm)) this.#operandAt = this.#address(one.rm);
    const lanes = one.width / 4;
    const allowed = one.mask === undefined || one.mask === 0 ? 0xffff : (this.#masks[one.mask] as number);
    if (one.name === 'vmovups_store' || one.name === 'vmovupd_store') {
      for (let lane = 0; lane < lanes; lane++) if ((allowed >> lane) & 1) this.#storeLane(lane, this.#word(one.r, lane));
      return;
    }
    if (one.name === 'vmaskmovps_store') {
      for (let lane = 0; lane < lanes; lane++) if (this.#word(one.v, lane) >>> 31) this.#storeLane(lane, this.#word(one.r, lane));
      return;
    }
    if (one.name === 'vpcompressd') {
      const kept = Array.from({ length: lanes }, (_, lane) => lane).filter((lane) => (allowed >> lane) & 1);
      const words = Array.from({ length: lanes }, (_, i) => (i < kept.length ? this.#word(one.r, kept[i] as number) : 0));
      if (isMem(one.rm)) for (const [i] of kept.entries()) this.#storeLane(i, words[i] as number);
      else this.#setWords(one.rm, words);
      return;
    }
    if ((one.name === 'vcmpps' || one.name === 'vpcmpeqd') && one.width === 64) {
      let bits = 0;
      for (let lane = 0; lane < lanes; lane++) if ((allowed >> lane) & 1 && this.#compares(one, lane)) bits |= 1 << lane;
      this.#masks[one.r] = bits;
      return;
    }
    if (one.name === 'vaddpd' || one.name === 'vmulpd' || one.name === 'vcvtps2pd') {
      this.#doubles(one, allowed);
      return;
    }
    const words = this.#result(one, lanes, allowed);
    // What the encoding does to the lanes that the mask leaves out, and to those above it.
    for (let lane = 0; lane < lanes; lane++) if (!((allowed >> lane) & 1)) words[lane] = one.zero ? 0 : this.#word(one.r, lane);
    this.#setWords(one.r, words.subarray(0, lanes));
  }

  /** Whether a comparison holds in a lane. */
  #compares(one: VectorInstruction, lane: number): boolean {
    if (one.name === 'vcmpps') return compare(this.#f32(one.v, lane), this.#operand(one, lane), one.immediate ?? 0);
    return this.#word(one.v, lane) === (isMem(one.rm) ? this.#loadLane(one.broadcast ? 0 : lane) : this.#word(one.rm, lane));
  }

  /** Instructions whose results are f64; a mask has a bit for each of them. */
  #doubles(one: VectorInstruction, allowed: number): void {
    const { r, v, rm, width, zero = false } = one;
    const target = this.#vectorOf(r);
    const results = Array.from({ length: width / 8 }, (_, lane) => {
      if (!((allowed >> lane) & 1)) return zero ? 0 : target.getFloat64(lane * 8, true);
      if (one.name === 'vcvtps2pd') return this.#operand(one, lane);
      if (isMem(rm)) throw new ProcessorFault(`${one.name} of memory is not known here`);
      const [a, b] = [this.#vectorOf(v).getFloat64(lane * 8, true), this.#vectorOf(rm).getFloat64(lane * 8, true)];
      return one.name === 'vaddpd' ? a + b : a * b;
    });
    this.#setWords(r, []);
    for (const [lane, value] of results.entries()) target.setFloat64(lane * 8, value, true);
  }

  #result(one: VectorInstruction, lanes: number, allowed: number): Int32Array {
    const each = (word: (lane: number) => number): Int32Array => {
      for (let lane = 0; lane < lanes; lane++) this.#words[lane] = word(lane);
      return this.#words;
    };
    const arithmetic = ARITHMETIC[one.name];
    if (arithmetic !== undefined) {
      return each((lane) => ((allowed >> lane) & 1 ? bitsOf(arithmetic(this.#f32(one.v, lane), this.#operand(one, lane))) : 0));
    }
    const word = (operand: number | Mem, lane: number): number =>
      isMem(operand) ? this.#loadLane(one.broadcast ? 0 : lane) : this.#word(operand, lane);
    switch (one.name) {
      case 'vmovups':
      case 'vmovupd':
        return each((lane) => ((allowed >> lane) & 1 ? word(one.rm, lane) : 0));
      case 'vmaskmovps':
        return each((lane) => (this.#word(one.v, lane) >>> 31 ? word(one.rm, lane) : 0));
      case 'vbroadcastss':
        return each(() => word(one.rm, 0));
      case 'vxorps':
        return each((lane) => this.#word(one.v, lane) ^ word(one.rm, lane));
      case 'vandps':
        return each((lane) => this.#word(one.v, lane) & word(one.rm, lane));
      case 'vpaddd':
        return each((lane) => this.#word(one.v, lane) + word(one.rm, lane));
      case 'vpmaxsd':
        return each((lane) => Math.max(this.#word(one.v, lane), word(one.rm, lane)));
      case 'vpmovzxbd':
        return each((lane) => (isMem(one.rm) ? this.#loadByte(lane) : this.#vectorOf(one.rm).getUint8(lane)));
      case 'vshufps':
        return each((lane) => {
          const from = (lane & ~3) + (((one.immediate ?? 0) >> (2 * (lane & 3))) & 3);
          return (lane & 3) < 2 ? this.#word(one.v, from) : word(one.rm, from);
        });
      case 'vsqrtps':
        return each((lane) => bitsOf(Math.fround(Math.sqrt(floatOf(word(one.rm, lane))))));
      case 'vcvtdq2ps':
        return each((lane) => bitsOf(word(one.rm, lane) | 0));
      case 'vcmpps':
      case 'vpcmpeqd':
        return each((lane) => (this.#compares(one, lane) ? -1 : 0));
      case 'vunpcklps':
      case 'vunpckhps': {
        const high = one.name === 'vunpckhps' ? 2 : 0;
        return each((lane) => {
          const from = (lane & ~3) + high + ((lane & 3) >> 1);
          return lane & 1 ? word(one.rm, from) : this.#word(one.v, from);
        });
      }
      case 'vunpcklpd':
      case 'vunpckhpd': {
        const high = one.name === 'vunpckhpd' ? 2 : 0;
        return each((lane) =>
          (lane & 2) === 0 ? this.#word(one.v, (lane & ~3) + high + (lane & 1)) : word(one.rm, (lane & ~3) + high + (lane & 1)),
        );
      }
      case 'vshuff32x4':
        return each((lane) => {
          const quarter = ((one.immediate ?? 0) >> (2 * (lane >> 2))) & 3;
          return lane < 8 ? this.#word(one.v, quarter * 4 + (lane & 3)) : word(one.rm, quarter * 4 + (lane & 3));
        });
      case 'vperm2f128':
        return each((lane) => {
          const choice = ((one.immediate ?? 0) >> (lane < 4 ? 0 : 4)) & 3;
          const from = (choice & 1) * 4 + (lane & 3);
          return choice < 2 ? this.#word(one.v, from) : word(one.rm, from);
        });
      case 'vpermd':
        return each((lane) => word(one.rm, this.#word(one.v, lane) & (lanes - 1)));
      default:
        throw new ProcessorFault(`${one.name} is not known here`);
    }
  }

  #word(register: number, lane: number): number {
    return this.#vectorOf(register).getInt32(lane * 4, true);
  }

  #f32(register: number, lane: number): number {
    return this.#vectorOf(register).getFloat32(lane * 4, true);
  }

  #operand({ rm, broadcast = false }: VectorInstruction, lane: number): number {
    return isMem(rm) ? floatOf(this.#loadLane(broadcast ? 0 : lane)) : this.#f32(rm, lane);
  }

  /** Writes a register; the lanes above become 0. */
  #setWords(register: number, words: ArrayLike<number>): void {
    const view = this.#vectorOf(register);
    for (let lane = 0; lane < LANES; lane++) view.setInt32(lane * 4, words[lane] ?? 0, true);
  }

  #loadLane(lane: number): number {
    const { view, offset } = this.#place(this.#operandAt + lane * 4, 4, false);
    return view.getInt32(offset, true);
  }

  #loadByte(lane: number): number {
    const { view, offset } = this.#place(this.#operandAt + lane, 1, false);
    return view.getUint8(offset);
  }

  #storeLane(lane: number, word: number): void {
    const { view, offset } = this.#place(this.#operandAt + lane * 4, 4, true);
    view.setInt32(offset, word, true);
  }
}

const scratch = new DataView(new ArrayBuffer(4));

function bitsOf(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getInt32(0);
}

function floatOf(word: number): number {
  scratch.setInt32(0, word);
  return scratch.getFloat32(0);
}

/** The second operand is the result where one is NaN or both are zero. */
const maximum = (a: number, b: number): number => (a > b ? a : b);
const minimum = (a: number, b: number): number => (a < b ? a : b);

const ARITHMETIC: Partial<Record<string, (a: number, b: number) => number>> = {
  vaddps: (a, b) => Math.fround(a + b),
  vsubps: (a, b) => Math.fround(a - b),
  vmulps: (a, b) => Math.fround(a * b),
  vdivps: (a, b) => Math.fround(a / b),
  vmaxps: maximum,
  vminps: minimum,
};

/** @param predicate  of vcmpps */
function compare(a: number, b: number, predicate: number): boolean {
  switch (predicate) {
    case 0x04:
      return !(a === b);
    case 0x06:
      return !(a <= b);
    case 0x07:
      return !Number.isNaN(a) && !Number.isNaN(b);
    case 0x1e:
      return a > b;
    default:
      throw new ProcessorFault(`predicate ${predicate} is not known here`);
  }
}
