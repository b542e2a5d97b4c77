import { bindKernels } from '../../../src/kernels/bind.ts';
import { compileKernels } from '../../../src/kernels/module.ts';
import { fillPixels } from '../../../src/kernels/native/prepare/pixels.ts';
import type { Operand, Specialised } from '../../../src/kernels/native/specialise/specialised.ts';
import { specialise } from '../../../src/kernels/native/specialise.ts';
import type { Isa } from '../../../src/native/isa.ts';
import { leafSchedule } from '../../../src/native/products/schedule.ts';
import type { Dice } from '../../engine/support/samples.ts';
import { callOf, isFiniteOnly, type Product, skipsZeros } from './products.ts';

/** A quiet NaN with a payload of its own: what nobody has written to. */
export const UNTOUCHED = 0x7fc0dead;
/** Zeros of both signs, what underflows and what overflows: where codes differ, they differ here. */
const FINITE = [-0, 1e-45, -1e-45, 1e-38, -1.1754942e-38, 1.1754944e-38, 1e-20, 1e20, 3.4028235e38, -3.4028235e38];
const SPECIAL = [...FINITE, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

const memory = new WebAssembly.Memory({ initial: 512, maximum: 512, shared: true });
const kernels = bindKernels(compileKernels(), memory);

/** A routine's operands with data, and what the kernel makes of them. */
export interface Trial {
  title: string;
  specialised: Specialised;
  /** Words of each operand, as the routine finds them. */
  before: readonly Int32Array<ArrayBuffer>[];
  /** Words of each operand that is written, as the kernel leaves them. */
  expected: ReadonlyMap<number, Int32Array>;
}

export interface TrialOptions {
  /** How many of the values that may be skipped are zero. */
  zeros?: number;
  /** How many values are special. */
  special?: number;
  /** Of the others. @default 1 */
  scale?: number;
}

/** A product of random values, done by the WebAssembly kernel. */
export function makeTrial(isa: Isa, product: Product, dice: Dice, { zeros = 0.3, special = 0, scale = 1 }: TrialOptions = {}): Trial {
  const title = `${isa.name} ${JSON.stringify(product)}, ${zeros} zeros, ${special} special`;
  const { call, words } = callOf(product);
  const specialised = specialise(isa, call, words);
  if (specialised === undefined) throw new Error(`there is no routine for ${title}`);
  const before = specialised.operands.map((operand, i) => {
    const isSkipped = i === 0 && skipsZeros(product);
    const values = isFiniteOnly(product) || (skipsZeros(product) && !isSkipped) ? FINITE : SPECIAL;
    return contentOf(operand, dice, { zeros: i === 0 ? zeros : Math.min(zeros, 0.1), special, scale, values });
  });
  // What is read at the very end must not be left out.
  const last = new Float32Array(before[0]!.buffer);
  if (skipsZeros(product)) last[last.length - 1] = 0.75;

  let next = 0;
  const place = (length: number): number => {
    const at = next;
    next += Math.ceil((length * 4) / 64) * 64 + 64;
    if (next > memory.buffer.byteLength) throw new RangeError(`too large for the trials' memory: ${title}`);
    return at;
  };
  const view = (at: number, length: number): Int32Array => new Int32Array(memory.buffer, at, length);
  const args: number[] = [...call.args];
  const scratch = place(specialised.kernelScratch);
  const places = specialised.operands.map((operand, i) => {
    const isBounds = operand.use === 'schedule' || operand.use === 'bounds';
    const content = isBounds ? Int32Array.from(operand.bounds) : before[i]!;
    const at = place(content.length);
    view(at, content.length).set(content);
    if (operand.use === 'scratch') args[operand.arg] = scratch;
    else if (content.length > 0) args[operand.arg] = at;
    return at;
  });
  for (const [i, operand] of specialised.operands.entries()) {
    if (operand.use !== 'lists') continue;
    kernels.list_nonzeros(places[0]!, places[i]!, operand.rows, operand.columns, scratch);
    before[i]!.set(view(places[i]!, operand.values));
  }
  const run: (...values: number[]) => void = kernels[call.kernel];
  run(...args);
  const written = specialised.operands.flatMap(({ use }, i) => (use === 'written' ? [i] : []));
  return { title, specialised, before, expected: new Map(written.map((i) => [i, view(places[i]!, before[i]!.length).slice()])) };
}

function contentOf(
  operand: Operand,
  dice: Dice,
  { zeros, special, scale, values }: Required<TrialOptions> & { values: readonly number[] },
): Int32Array<ArrayBuffer> {
  if (operand.use === 'schedule') return Int32Array.from(leafSchedule(operand.bounds));
  if (operand.use === 'bounds') return Int32Array.from(operand.bounds);
  const words = new Int32Array(operand.values).fill(UNTOUCHED);
  if (operand.use === 'pixels') fillPixels(words, operand.window, () => dice.next());
  if (operand.use !== 'read') return words;
  const floats = new Float32Array(words.buffer);
  for (let i = 0; i < floats.length; i++) {
    const drawn = dice.next();
    floats[i] = drawn < zeros ? 0 : drawn < zeros + special ? dice.pick(values) : scale * dice.signed();
  }
  return words;
}

const isNaNWord = (word: number): boolean => (word & 0x7fffffff) > 0x7f800000;

/** Where the routine's operands are not as they must be afterwards; undefined if all is well. */
export function faultOf({ specialised, before, expected }: Trial, after: readonly Int32Array[]): string | undefined {
  for (const [i, { use }] of specialised.operands.entries()) {
    if (use === 'scratch' || use === 'lists') continue;
    const wanted = expected.get(i) ?? before[i]!;
    const got = after[i]!;
    for (let j = 0; j < wanted.length; j++) {
      const isEqual = got[j] === wanted[j] || (use === 'written' && isNaNWord(got[j]!) && isNaNWord(wanted[j]!));
      if (!isEqual) return `${use} operand ${i}[${j}] is ${shown(got[j]!)}, the kernel has ${shown(wanted[j]!)}`;
    }
  }
  return undefined;
}

function shown(word: number): string {
  return `${new Float32Array(Int32Array.of(word).buffer)[0]} (${(word >>> 0).toString(16)})`;
}
