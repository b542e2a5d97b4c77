import type { PlacedRoutine } from '../../../native/store.ts';
import { addressOf } from '../../../native/system/foreign.ts';
import { uniform } from '../../../random/distributions.ts';
import { RandomStream } from '../../../random/stream.ts';
import { bindKernels } from '../../bind.ts';
import type { KernelCall } from '../../call.ts';
import type { Kernels } from '../../kernels.ts';
import { bindRoutine } from '../bind.ts';
import type { Operand, Specialised } from '../specialise/specialised.ts';
import { type Bits, NOT_FINITE, SPECIAL, sameBits } from './bits.ts';
import { fillPixels } from './pixels.ts';

const PAGE_BYTES = 65_536;
const VALUE_BYTES = 4;
/** Values behind each operand that nobody may write to. */
const GUARD = 64;
const GUARD_WORD = 0x7fa0_0bad;
/** Random values that operands are filled with, over and over: a prime number, so that rows of a matrix differ. */
const NOISE = 16_381;
/** Special values of an operand, at most: each is found again in a whole row or column of a product, and others have to stay. */
const MOST_SPECIAL = 24;
/** Shapes of so many values are checked on more than one set of numbers. */
const SMALL = 2 ** 16;

/** What a routine was made for. */
export interface Checked {
  specialised: Specialised;
  call: KernelCall;
}

/**
 * Compares routines with the kernels that they stand for: on random values with many zeros, some of them special. Every bit counts, but for
 * those inside of a NaN.
 */
export class Comparison {
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  readonly #bits: Bits;
  readonly #base: number;
  readonly #stream = new RandomStream(0, 'search', 0);
  #drawn = 0;
  #noise: Float32Array | undefined;

  /**
   * @param all  what will be compared, for the size of the memory
   * @throws RangeError where the memory is not to be had
   */
  constructor(all: readonly Pick<Checked, 'specialised'>[], module: WebAssembly.Module) {
    const pages = Math.ceil(Math.max(...all.map(({ specialised }) => layoutOf(specialised).bytes)) / PAGE_BYTES);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.#kernels = bindKernels(module, this.#memory);
    this.#bits = { words: new Int32Array(this.#memory.buffer), floats: new Float32Array(this.#memory.buffer) };
    this.#base = addressOf(this.#memory);
  }

  agrees(routine: PlacedRoutine, checked: Checked): boolean {
    const values = checked.specialised.operands.reduce((sum, operand) => sum + (operand.use === 'schedule' ? 0 : operand.values), 0);
    // Where zeros are skipped, or outputs that are not there are left out, a product of 0 and infinity is too.
    const { kernel } = checked.call;
    const special = kernel.startsWith('sparse') || kernel === 'conv_input_gradient' ? SPECIAL : [...SPECIAL, ...NOT_FINITE];
    const rounds = values > SMALL ? [special] : [[], SPECIAL, special];
    return rounds.every((some) => this.#agreesOn(routine, checked, some));
  }

  #agreesOn(routine: PlacedRoutine, { specialised, call }: Checked, special: readonly number[]): boolean {
    const { operands } = specialised;
    const { words } = this.#bits;
    const layout = layoutOf(specialised);
    const kernelArgs: number[] = [...call.args];
    for (const [i, operand] of operands.entries()) {
      const at = nth(layout.at, i);
      if (operand.use === 'read') this.#fill(at, operand.values, special);
      if (operand.use === 'pixels') {
        fillPixels(words.subarray(at / VALUE_BYTES, at / VALUE_BYTES + operand.values), operand.window, () => this.#next());
      }
      if (operand.use === 'schedule' || operand.use === 'bounds') words.set(operand.bounds, at / VALUE_BYTES);
      if (operand.use === 'written') kernelArgs[operand.arg] = nth(layout.expectedAt, i);
      else if (operand.use === 'scratch') kernelArgs[operand.arg] = layout.scratchAt;
      else if (operand.use === 'schedule' || operand.values > 0) kernelArgs[operand.arg] = at;
      if (operand.use === 'lists') this.#kernels.list_nonzeros(nth(layout.at, 0), at, operand.rows, operand.columns, layout.scratchAt);
      if (operand.use !== 'schedule') words.fill(GUARD_WORD, at / VALUE_BYTES + operand.values, at / VALUE_BYTES + operand.values + GUARD);
    }
    const run: (...values: number[]) => void = this.#kernels[call.kernel];
    run(...kernelArgs);
    const moved = {
      ...specialised,
      operands: operands.map((operand, i): Operand => (operand.use === 'schedule' ? operand : { ...operand, at: nth(layout.at, i) })),
    };
    bindRoutine(routine, moved, this.#base, this.#memory.buffer.byteLength)();
    return operands.every((operand, i) => {
      if (operand.use === 'schedule') return true;
      const [got, expected] = [nth(layout.at, i) / VALUE_BYTES, nth(layout.expectedAt, i) / VALUE_BYTES];
      const behind = words.subarray(got + operand.values, got + operand.values + GUARD);
      return (
        behind.every((word) => word === GUARD_WORD) &&
        (operand.use !== 'written' || sameBits(this.#bits, got, this.#bits, expected, operand.values))
      );
    });
  }

  #fill(at: number, count: number, special: readonly number[]): void {
    this.#noise ??= Float32Array.from({ length: NOISE }, () => (this.#next() < 0.4 ? 0 : this.#next() - 0.5));
    const target = this.#bits.floats.subarray(at / VALUE_BYTES, at / VALUE_BYTES + count);
    const shift = Math.floor(this.#next() * NOISE);
    target.set(this.#noise.subarray(shift, shift + count));
    for (let done = Math.min(NOISE - shift, count); done < count; done += NOISE) target.set(this.#noise.subarray(0, count - done), done);
    if (special.length === 0) return;
    for (let i = 0; i < Math.min(MOST_SPECIAL, Math.ceil(count / 8)); i++) {
      target[Math.floor(this.#next() * count)] = special[Math.floor(this.#next() * special.length)] ?? 0;
    }
  }

  #next(): number {
    return uniform(this.#stream, this.#drawn++);
  }
}

interface Layout {
  /** Byte offsets of the routine's operands, and of what the kernel writes in their place. */
  at: readonly number[];
  expectedAt: readonly number[];
  scratchAt: number;
  bytes: number;
}

function layoutOf({ operands, kernelScratch }: Specialised): Layout {
  let bytes = PAGE_BYTES;
  const place = (values: number): number => {
    const at = bytes;
    bytes += Math.ceil(((values + GUARD) * VALUE_BYTES) / 64) * 64;
    return at;
  };
  return {
    at: operands.map((operand) => place(operand.use === 'schedule' ? operand.bounds.length : operand.values)),
    expectedAt: operands.map((operand) => (operand.use === 'written' ? place(operand.values) : 0)),
    scratchAt: place(kernelScratch),
    bytes,
  };
}

function nth(values: readonly number[], index: number): number {
  return values[index] as number;
}
