import { nativeSupport } from '../../../src/kernels/native/support.ts';
import { AVX2, AVX512, type Isa } from '../../../src/native/isa.ts';
import { conventionHere } from '../../../src/native/routine.ts';
import { loadCode } from '../../../src/native/system/executable.ts';
import { addressOf, callable } from '../../../src/native/system/foreign.ts';
import { type Trial, UNTOUCHED } from './trial.ts';

/** Instruction sets whose routines this machine runs, within what GRADLOOM_CPU allows. */
export function nativeIsas(): Isa[] {
  const support = nativeSupport();
  if ('isa' in support) return support.isa === AVX2 ? [AVX2] : [AVX512, AVX2];
  // There it must be, or nothing of this would be tested.
  if (process.platform === 'linux' && process.arch === 'x64' && process.env['CI'] !== undefined) throw new Error(support.reason);
  return [];
}

/** Where an operand stands, and what is there after the call. */
export interface Placed {
  address: number;
  read(): Int32Array;
}

/** Gives each operand a place with its words in it. */
export interface Room {
  place(words: Int32Array, isWritable: boolean): Placed;
}

/** Calls a trial's routine on operands in a room. @returns their words afterwards */
export function runNative({ specialised, before }: Trial, room: Room): Int32Array[] {
  const code = loadCode(specialised.make(conventionHere()).code());
  try {
    const placed = before.map((words, i) => {
      const { use } = specialised.operands[i]!;
      return room.place(words, use === 'written' || use === 'scratch' || use === 'lists');
    });
    callable(code.address, placed.length)(...placed.map(({ address }) => address));
    return placed.map((one) => one.read());
  } finally {
    code.release();
  }
}

const GUARD_WORDS = 32;
const shared = new WebAssembly.Memory({ initial: 512, maximum: 512, shared: true });

/** A memory as a run has one: operands at multiples of four bytes and no more, with words between them that nobody may change. */
export class SharedRoom implements Room {
  readonly #base = addressOf(shared);
  readonly #words = new Int32Array(shared.buffer);
  readonly #guards: [from: number, to: number][] = [];
  #next = 1;

  constructor() {
    this.#guard();
  }

  place(words: Int32Array): Placed {
    const start = this.#next;
    this.#next = start + words.length;
    const view = this.#words.subarray(start, this.#next);
    view.set(words);
    this.#guard();
    return { address: this.#base + start * 4, read: () => view.slice() };
  }

  #guard(): void {
    const from = this.#next;
    // Never by luck a multiple of 16 bytes.
    this.#next = from + GUARD_WORDS + ((from + GUARD_WORDS) % 4 === 0 ? 1 : 0);
    if (this.#next > this.#words.length) throw new RangeError('too large for the shared room');
    this.#words.fill(UNTOUCHED, from, this.#next);
    this.#guards.push([from, this.#next]);
  }

  /** What was written where nothing is; undefined if nothing was. */
  broken(): string | undefined {
    for (const [i, [from, to]] of this.#guards.entries()) {
      const at = this.#words.subarray(from, to).findIndex((word) => word !== UNTOUCHED);
      if (at >= 0) return i === 0 ? 'writes before the first operand' : `writes ${at} words behind operand ${i - 1}`;
    }
    return undefined;
  }
}
