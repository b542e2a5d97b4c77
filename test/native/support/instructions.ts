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
import { Dice } from '../../engine/support/samples.ts';

export type Listed = Exclude<Instruction, { kind: 'jump' | 'align' }>;

const WIDTHS: readonly Width[] = [16, 32, 64];
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
  const widths = WIDTHS.filter((one) => (one === 64 ? form.only !== 'vex' : form.only !== 'evex' && (one === 32 || !form.isWide)));
  const width = dice.pick(widths);
  const most = width === 64 ? 31 : 15;
  const isStore = form.shape === 'mr' || form.shape === 'mvr';
  const rm = isStore || form.memoryOnly || dice.next() < 0.5 ? randomMem(dice) : dice.int(0, most);
  const toMask = form.toMask === true && width === 64;
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
    ...(form.immediate && { immediate: dice.int(0, name === 'vcmpps' ? 31 : 255) }),
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

const kindOfDisplacement = (disp: number): string =>
  disp === 0 ? 'none' : disp % 64 !== 0 ? (Math.abs(disp) <= 128 ? 'bytes' : 'words') : disp >= -128 && disp <= 127 ? 'lines' : 'far lines';

/** What of the encoder an instruction needs: a list of instructions that has all of these leaves nothing out. */
function features(one: Listed): string[] {
  const found: string[] = [];
  const add = (feature: string): unknown => found.push(feature);
  const fields = Object.entries(one).flatMap(([field, value]) => (typeof value === 'number' ? [[field, value] as const] : []));
  if (one.kind !== 'vector') {
    add(`${one.kind} ${'bits' in one ? one.bits : ''} ${'condition' in one ? one.condition : ''}`);
    for (const [field, value] of fields) add(`${one.kind} ${field} ${field === 'value' ? Math.abs(value) > 128 : value >> 3}`);
  } else {
    const { name, width, rm, mask = 0, zero = false, broadcast = false } = one;
    const encoding = width === 64 ? 'evex' : 'vex';
    add(`${name} ${width} ${typeof rm}`);
    if (width === 64) add(`${name} ${mask > 0} ${zero}`);
    if (broadcast) add(`${name} broadcast`);
    for (const [field, value] of fields) add(`${encoding} ${field} ${field === 'immediate' ? value >> 6 : value}`);
  }
  const address = Object.values(one).find((value): value is Mem => typeof value === 'object');
  if (address !== undefined) {
    const { base, disp, index, scale } = address;
    const encoding = one.kind !== 'vector' ? 'rex' : one.width === 64 ? (one.broadcast ? 'evex f32' : 'evex') : 'vex';
    add(`${encoding} base ${base} ${index === undefined ? 'alone' : 'indexed'}`);
    add(`${encoding} index ${index} * ${scale}`);
    add(`${encoding} displacement ${kindOfDisplacement(disp)}`);
    if (one.kind === 'vector' && one.width === 64) add(`${one.name} displacement ${kindOfDisplacement(disp)}`);
  }
  return found;
}

/** Some hundred instructions that differ in what they need of the encoder: every form, register, displacement, mask and broadcast. */
export function coveringInstructions(): Listed[] {
  const dice = new Dice(1);
  const seen = new Set<string>();
  const drawn = Array.from({ length: 40_000 }, () => randomInstruction(dice));
  return drawn.filter((one) => {
    const fresh = features(one).filter((feature) => !seen.has(feature));
    for (const feature of fresh) seen.add(feature);
    return fresh.length > 0;
  });
}
