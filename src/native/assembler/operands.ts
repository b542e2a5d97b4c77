import { type Instruction, isMem, type Mem, VECTOR_FORMS, type VectorForm, type VectorInstruction } from './instruction.ts';

const SCALES: readonly number[] = [1, 2, 4, 8];
const RSP = 4;

function within(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) throw new RangeError(`${what} ${value} is not in ${low}..${high}`);
}

const gpr = (value: number): void => within('general register', value, 0, 15);
const mask = (value: number): void => within('mask register', value, 0, 7);
const i32 = (what: string, value: number): void => within(what, value, -(2 ** 31), 2 ** 31 - 1);

function memory({ base, disp, index, scale = 1 }: Mem): void {
  gpr(base);
  i32('displacement', disp);
  if (!SCALES.includes(scale)) throw new RangeError(`scale ${scale} is none of ${SCALES.join(', ')}`);
  if (index === undefined) return;
  gpr(index);
  if (index === RSP) throw new RangeError('rsp can not be an index');
}

/**
 * That an instruction has an encoding: what has no room in it would be cut off without a word, and code run that nobody wrote.
 *
 * @throws RangeError
 */
export function checkOperands(one: Instruction): void {
  switch (one.kind) {
    case 'vector':
      vector(one);
      return;
    case 'mov':
    case 'add':
    case 'sub':
    case 'cmp':
    case 'and':
    case 'or':
    case 'xor':
      gpr(one.dst);
      if (isMem(one.src)) memory(one.src);
      else gpr(one.src);
      return;
    case 'store':
      memory(one.mem);
      gpr(one.src);
      return;
    case 'lea':
      gpr(one.dst);
      memory(one.mem);
      return;
    case 'prefetch':
      memory(one.mem);
      return;
    case 'movImmediate':
      gpr(one.dst);
      within('immediate', one.value, -(2 ** 31), 2 ** 32 - 1);
      return;
    case 'testImmediate':
      gpr(one.dst);
      within('immediate', one.value, -(2 ** 31), 2 ** 32 - 1);
      return;
    case 'addImmediate':
    case 'subImmediate':
    case 'cmpImmediate':
    case 'andImmediate':
      gpr(one.dst);
      i32('immediate', one.value);
      return;
    case 'multiplyImmediate':
      gpr(one.dst);
      gpr(one.src);
      i32('immediate', one.value);
      return;
    case 'shiftLeft':
    case 'shiftRight':
      gpr(one.dst);
      within('count of bits', one.count, 0, 63);
      return;
    case 'test':
      gpr(one.a);
      gpr(one.b);
      return;
    case 'popcnt':
    case 'lzcnt':
    case 'tzcnt':
      gpr(one.dst);
      gpr(one.src);
      return;
    case 'set':
    case 'shiftLeftByCl':
      gpr(one.dst);
      return;
    case 'push':
    case 'pop':
      gpr(one.register);
      return;
    case 'kmovw':
      mask(one.mask);
      gpr(one.src);
      return;
    case 'kmovwToGpr':
      gpr(one.dst);
      mask(one.mask);
      return;
    case 'kortestw':
      mask(one.a);
      mask(one.b);
      return;
    case 'vpbroadcastd':
      within('vector register', one.dst, 0, 31);
      gpr(one.src);
      return;
    case 'vmovmskps':
      gpr(one.dst);
      within('vector register', one.src, 0, 15);
      return;
    case 'align':
      if (!Number.isInteger(Math.log2(one.bytes))) throw new RangeError(`${one.bytes} bytes are no alignment`);
      return;
    case 'jump':
    case 'ret':
    case 'vzeroupper':
    case 'cpuid':
    case 'xgetbv':
      return;
  }
}

function vector(one: VectorInstruction): void {
  const form: VectorForm = VECTOR_FORMS[one.name];
  const { name, width, r, v, rm, immediate } = one;
  const isEvex = width === 64;
  const refuse = (why: string): never => {
    throw new RangeError(`${name} of ${width} bytes ${why}`);
  };
  const most = isEvex ? 31 : 15;
  if (form.toMask && isEvex) mask(r);
  else within('vector register', r, 0, most);
  within('vector register', v, 0, most);
  if (isMem(rm)) memory(rm);
  else {
    within('vector register', rm, 0, most);
    if (form.memoryOnly) refuse('has no form of registers');
  }
  if (isEvex ? form.only === 'vex' : form.only === 'evex') refuse('does not exist');
  if (width === 16 && form.isWide) refuse('does not exist');
  if (form.immediate) within('immediate', immediate ?? 0, 0, 255);
  else if (immediate !== undefined) refuse('takes no immediate');
  decorations(one, form, refuse);
}

function decorations(one: VectorInstruction, form: VectorForm, refuse: (why: string) => never): void {
  const { width, rm, zero = false, broadcast = false } = one;
  mask(one.mask ?? 0);
  if (width !== 64 && (one.mask !== undefined || zero || broadcast)) refuse('takes neither mask nor broadcast');
  if (zero && !one.mask) refuse('zeroes lanes by a mask only');
  const isStore = form.shape === 'mr' || form.shape === 'mvr';
  if (zero && ((isStore && isMem(rm)) || form.toMask)) refuse('zeroes lanes of a register only');
  // Of registers, the bit of a broadcast chooses a rounding; of f64, the operand would be eight bytes.
  if (broadcast && (!isMem(rm) || form.shape !== 'rvm' || form.w === 1)) refuse('has no broadcast of an f32');
}
