import {
  CONDITION,
  type Condition,
  type Decoration,
  type Instruction,
  type Mem,
  VECTOR_FORMS,
  type VectorForm,
  type VectorName,
  type Width,
} from '../../../src/native/assembler/instruction.ts';
import type { Dice } from '../../engine/support/samples.ts';

export type Listed = Exclude<Instruction, { kind: 'jump' | 'align' }>;

const DISPLACEMENTS = [0, 1, 4, -4, 64, -64, 127, -128, 128, 4032, -8192, 8128, -8256, 2 ** 20];

function randomMem(dice: Dice): Mem {
  const base = dice.int(0, 15);
  const disp = dice.pick(DISPLACEMENTS);
  if (dice.next() < 0.5) return { base, disp };
  // rsp can not be an index.
  const index = dice.pick([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  return { base, disp, index, scale: dice.pick([1, 2, 4, 8]) };
}

function randomVector(dice: Dice): Listed {
  const name = dice.pick(Object.keys(VECTOR_FORMS)) as VectorName;
  const form: VectorForm = VECTOR_FORMS[name];
  const widths: Width[] = form.only === 'evex' ? [64] : form.only === 'vex' ? [32] : [32, 64];
  const width = dice.pick(widths);
  const most = width === 64 ? 31 : 15;
  const isStore = form.shape === 'mr' || form.shape === 'mvr';
  const needsMemory = form.only === 'vex' && name.startsWith('vmaskmov');
  const rm = isStore || needsMemory || dice.next() < 0.5 ? randomMem(dice) : dice.int(0, most);
  const toMask = name === 'vcmpps' && width === 64;
  const decoration: Decoration = {};
  if (width === 64) {
    if (name === 'vpcompressd' || dice.next() < 0.4) decoration.mask = dice.int(1, 7);
    // Zeroing needs a register as its destination.
    if (decoration.mask !== undefined && !isStore && !toMask && dice.next() < 0.5) decoration.zero = true;
    const canBroadcast = form.shape === 'rvm' && form.w === 0 && form.map === 1 && typeof rm === 'object';
    if (canBroadcast && dice.next() < 0.4) decoration.broadcast = true;
  }
  const v = form.shape === 'rvm' || form.shape === 'mvr' ? dice.int(0, most) : 0;
  return {
    kind: 'vector',
    name,
    width,
    r: toMask ? dice.int(1, 7) : dice.int(0, most),
    v,
    rm,
    ...(form.immediate && { immediate: dice.int(0, toMask || name === 'vcmpps' ? 31 : 255) }),
    ...decoration,
  };
}

/** A random instruction of any kind, with registers and displacements from the ends of their ranges too. */
export function randomInstruction(dice: Dice): Listed {
  if (dice.next() < 0.6) return randomVector(dice);
  const r = (): number => dice.int(0, 15);
  const bits = dice.pick([32, 64] as const);
  const value = dice.pick([1, -1, 127, -128, 128, 4096, -4096, 2 ** 20]);
  const src = dice.next() < 0.5 ? r() : randomMem(dice);
  return dice.pick<() => Listed>([
    () => ({ kind: dice.pick(['mov', 'add', 'sub', 'cmp', 'and', 'or', 'xor'] as const), bits, dst: r(), src }),
    () => ({ kind: 'store', bits, mem: randomMem(dice), src: r() }),
    () => ({ kind: 'movImmediate', dst: r(), value }),
    // as has a shorter form of rax with an i32.
    () => ({ kind: dice.pick(['addImmediate', 'subImmediate', 'cmpImmediate', 'andImmediate'] as const), dst: dice.int(1, 15), value }),
    () => ({ kind: dice.pick(['shiftLeft', 'shiftRight'] as const), dst: r(), count: dice.int(2, 63) }),
    () => ({ kind: 'shiftLeftByCl', dst: r() }),
    // as has a shorter form of small values.
    () => ({ kind: 'multiplyImmediate', dst: r(), src: r(), value: dice.pick([128, -129, 4096, 2 ** 20]) }),
    () => ({ kind: 'test', bits, a: r(), b: r() }),
    () => ({ kind: 'testImmediate', dst: dice.int(1, 15), value: dice.pick([15, 240, 3840, 61440]) }),
    () => ({ kind: 'lea', dst: r(), mem: randomMem(dice) }),
    () => ({ kind: dice.pick(['popcnt', 'lzcnt', 'tzcnt'] as const), dst: r(), src: r() }),
    () => ({ kind: 'set', condition: dice.pick(Object.keys(CONDITION)) as Condition, dst: dice.int(4, 15) }),
    () => ({ kind: dice.pick(['push', 'pop'] as const), register: r() }),
    () => ({ kind: 'prefetch', mem: randomMem(dice) }),
    () => ({ kind: 'kmovw', mask: dice.int(1, 7), src: r() }),
    () => ({ kind: 'kmovwToGpr', dst: r(), mask: dice.int(1, 7) }),
    () => ({ kind: 'kortestw', a: dice.int(1, 7), b: dice.int(1, 7) }),
    () => ({ kind: 'vpbroadcastd', dst: dice.int(0, 31), src: r() }),
    () => ({ kind: 'vmovmskps', dst: r(), src: dice.int(0, 15), width: dice.pick([16, 32] as const) }),
    () => ({ kind: dice.pick(['ret', 'vzeroupper', 'cpuid', 'xgetbv'] as const) }),
  ])();
}
