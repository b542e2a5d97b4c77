import { encode } from './encode.ts';
import {
  type Condition,
  type Decoration,
  type Gpr,
  type Instruction,
  Label,
  type Mask,
  type Mem,
  mem,
  rax,
  rsp,
  type Vec,
  type VectorName,
  type Width,
} from './instruction.ts';

type VectorOperands = { r: Vec; v?: Vec; rm: Vec | Mem; immediate?: number };

/** Collects the instructions of one routine. Names are Intel's where an instruction is one, words where it is several. */
export class Assembler {
  readonly instructions: Instruction[] = [];

  /** @throws RangeError as `encode` */
  code(): Uint8Array {
    return encode(this.instructions);
  }

  label(): Label {
    return new Label();
  }

  bind(label: Label): void {
    label.at = this.instructions.length;
  }

  /** A label that stands here. */
  here(): Label {
    const label = new Label();
    this.bind(label);
    return label;
  }

  emit(instruction: Instruction): void {
    this.instructions.push(instruction);
  }

  vector(name: VectorName, width: Width, { r, v = 0, rm, immediate }: VectorOperands, decoration: Decoration = {}): void {
    this.emit({ kind: 'vector', name, width, r, v, rm, ...(immediate !== undefined && { immediate }), ...decoration });
  }

  /** dst = a op b */
  op(name: VectorName, width: Width, dst: Vec, a: Vec, b: Vec | Mem, decoration?: Decoration): void {
    this.vector(name, width, { r: dst, v: a, rm: b }, decoration);
  }

  load(width: Width, dst: Vec, from: Vec | Mem, decoration?: Decoration): void {
    this.vector('vmovups', width, { r: dst, rm: from }, decoration);
  }

  store(width: Width, to: Mem, src: Vec, decoration?: Decoration): void {
    this.vector('vmovups_store', width, { r: src, rm: to }, decoration);
  }

  broadcast(width: Width, dst: Vec, from: Mem): void {
    this.vector('vbroadcastss', width, { r: dst, rm: from });
  }

  zero(width: Width, dst: Vec): void {
    this.op('vxorps', width, dst, dst, dst);
  }

  align(bytes: number): void {
    this.emit({ kind: 'align', bytes });
  }

  mov(dst: Gpr, src: Gpr | Mem): void {
    this.emit({ kind: 'mov', bits: 64, dst, src });
  }

  /** The upper half becomes 0. */
  mov32(dst: Gpr, src: Gpr | Mem): void {
    this.emit({ kind: 'mov', bits: 32, dst, src });
  }

  /** 32 bits; the upper half becomes 0. */
  set(dst: Gpr, value: number): void {
    this.emit({ kind: 'movImmediate', dst, value });
  }

  store64(to: Mem, src: Gpr): void {
    this.emit({ kind: 'store', bits: 64, mem: to, src });
  }

  store32(to: Mem, src: Gpr): void {
    this.emit({ kind: 'store', bits: 32, mem: to, src });
  }

  lea(dst: Gpr, from: Mem): void {
    this.emit({ kind: 'lea', dst, mem: from });
  }

  arithmetic(kind: 'add' | 'sub' | 'cmp' | 'and' | 'or' | 'xor', dst: Gpr, src: Gpr | Mem, bits: 32 | 64 = 64): void {
    this.emit({ kind, bits, dst, src });
  }

  add(dst: Gpr, value: number): void {
    if (value !== 0) this.emit({ kind: 'addImmediate', dst, value });
  }

  sub(dst: Gpr, value: number): void {
    if (value !== 0) this.emit({ kind: 'subImmediate', dst, value });
  }

  cmp(dst: Gpr, value: number): void {
    this.emit({ kind: 'cmpImmediate', dst, value });
  }

  /** dst = src * value */
  multiply(dst: Gpr, src: Gpr, value: number): void {
    this.emit({ kind: 'multiplyImmediate', dst, src, value });
  }

  shiftLeft(dst: Gpr, count: number): void {
    this.emit({ kind: 'shiftLeft', dst, count });
  }

  shiftRight(dst: Gpr, count: number): void {
    this.emit({ kind: 'shiftRight', dst, count });
  }

  test(a: Gpr, b: Gpr = a, bits: 32 | 64 = 64): void {
    this.emit({ kind: 'test', bits, a, b });
  }

  jump(target: Label): void {
    this.emit({ kind: 'jump', condition: undefined, target });
  }

  jumpIf(condition: Condition, target: Label): void {
    this.emit({ kind: 'jump', condition, target });
  }

  push(register: Gpr): void {
    this.emit({ kind: 'push', register });
  }

  pop(register: Gpr): void {
    this.emit({ kind: 'pop', register });
  }

  ret(): void {
    this.emit({ kind: 'ret' });
  }

  /** The lanes of a mask: bit i of a general register. */
  kmov(mask: Mask, src: Gpr): void {
    this.emit({ kind: 'kmovw', mask, src });
  }

  /** dst = the f32 of these bits in all lanes, by four bytes of the frame. Changes rax. */
  constant(width: Width, dst: Vec, bits: number, frameAt: number): void {
    this.set(rax, bits);
    this.store32(mem(rsp, frameAt), rax);
    this.broadcast(width, dst, mem(rsp, frameAt));
  }

  /** Runs a body as many times as the counter says, which may be 0; the body must leave it alone. It is 0 afterwards. */
  countDown(counter: Gpr, body: () => void): void {
    const done = this.label();
    this.test(counter);
    this.jumpIf('e', done);
    this.align(32);
    const top = this.here();
    body();
    this.sub(counter, 1);
    this.jumpIf('ne', top);
    this.bind(done);
  }

  /** Runs a body `count` times; the counter is a register that the body must leave alone. Once or never needs no loop. */
  repeat(counter: Gpr, count: number, body: () => void): void {
    if (count <= 0) return;
    if (count === 1) {
      body();
      return;
    }
    this.set(counter, count);
    const top = this.here();
    body();
    this.sub(counter, 1);
    this.jumpIf('ne', top);
  }

  /** As `repeat`, with a counter in eight bytes of the frame. Changes rax. */
  repeatInFrame(at: number, count: number, body: () => void): void {
    if (count <= 0) return;
    if (count === 1) {
      body();
      return;
    }
    this.set(rax, count);
    this.store64(mem(rsp, at), rax);
    const top = this.here();
    body();
    this.stepInFrame(at);
    this.jumpIf('ne', top);
  }

  /** Counts eight bytes of the frame down; the flags are those of the subtraction. Changes rax. */
  stepInFrame(at: number): void {
    this.mov(rax, mem(rsp, at));
    this.sub(rax, 1);
    // Moves and stores leave the flags alone.
    this.store64(mem(rsp, at), rax);
  }
}
