import { uniform } from '../../../random/distributions.ts';
import { RandomStream } from '../../../random/stream.ts';
import { bindKernels } from '../../bind.ts';
import type { Kernels } from '../../kernels.ts';
import { listWords } from '../../sizes.ts';
import { type FindRun, type OverlaidName, overlaid } from '../overlay.ts';
import { NativeSite } from '../site.ts';
import { type Bits, NOT_FINITE, SPECIAL, sameBits } from './bits.ts';

const PAGE_BYTES = 65_536;
const F32 = Float32Array.BYTES_PER_ELEMENT;
/** Words around each array that nobody may write to. */
const GUARD = 32;
/** So many floats that a routine is called at all; with every tail of a vector, and more than one turn. */
const COUNTS = [...Array.from({ length: 17 }, (_, i) => 448 + i), 1999];
/** Columns of a listed row, at most. */
const COLUMNS = 40;
/** Of list_nonzeros. */
const SCRATCH_WORDS = 64;

interface Side extends Bits {
  memory: WebAssembly.Memory;
  kernels: Kernels;
}

/** Four arrays of n floats, and four f32 numbers. */
type Four = readonly [number, number, number, number];
type Call<K extends keyof Kernels> = (at: Four, n: number, s: Four) => Parameters<Kernels[K]>;

/** Arguments of every kernel that routines may do: the arrays are at `at`, each of n values, and some of them are written to. */
export const CALLS: { [K in OverlaidName]: Call<K> } = {
  add: ([a, b], n) => [a, b, n],
  multiply: ([a, b], n) => [a, b, n],
  relu_forward: ([z, y], n) => [z, y, n],
  relu_backward: ([y, d], n) => [y, d, n],
  leaky_relu_forward: ([z, y], n, [s]) => [z, y, n, Math.abs(s)],
  leaky_relu_backward: ([y, d], n, [s]) => [y, d, n, Math.abs(s)],
  lerp: ([a, b], n, [s]) => [a, b, n, s],
  sgd_step: ([p, g], n, [s]) => [p, g, n, s],
  add_scaled: ([a, b], n, [s]) => [a, b, s, n],
  scale: ([a], n, [s]) => [a, s, n],
  clip_value: ([g], n, [s]) => [g, n, Math.abs(s)],
  scale_max: ([g], n, [s]) => [g, n, s],
  largest: ([a], n) => [a, n],
  sum_squares: ([g], n) => [g, n],
  sgd_momentum_step: ([p, g, b], n, [lr, mu, rest]) => [p, g, b, n, lr, mu, rest, n % 2],
  adam_moments: ([g, m, v], n, s) => [g, m, v, n, ...s],
  adam_step: ([p, m, v], n, [lr, correction, eps]) => [p, m, v, n, lr, correction, eps],
  u8_to_f32: ([src, dst], n, [s]) => [src, dst, n, n % 3 === 0 ? 256 : s],
  list_nonzeros: ([x, lists, scratch], n) => [x, lists, Math.floor(n / COLUMNS) - 1, COLUMNS - (n % 17), scratch],
};

/** Two memories with the same values, for a kernel and for the routines that do it. */
export class ElementwiseTrial {
  readonly #expected: Side;
  readonly #got: Side;
  readonly #pools: readonly Float32Array[];
  readonly #counts: readonly number[];

  /** @param findAt  the routines, to be called where a site says */
  constructor(module: WebAssembly.Module, findAt: (site: NativeSite, memory: WebAssembly.Memory) => FindRun, counts = COUNTS) {
    this.#counts = counts;
    const size = GUARD + 4 * (Math.max(...counts) + GUARD);
    const side = (): Side => {
      const pages = Math.ceil((size * F32) / PAGE_BYTES);
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      const floats = new Float32Array(memory.buffer, 0, size);
      return { memory, floats, words: new Int32Array(memory.buffer, 0, size), kernels: bindKernels(module, memory) };
    };
    this.#expected = side();
    const got = side();
    const site = new NativeSite(got.memory);
    this.#got = { ...got, kernels: overlaid(got.kernels, findAt(site, got.memory), site) };
    const stream = new RandomStream(0, 'search', 1);
    let drawn = 0;
    const next = (): number => uniform(stream, drawn++);
    this.#pools = [[], SPECIAL, [...SPECIAL, ...NOT_FINITE]].map((special) =>
      Float32Array.from({ length: size }, () => value(next, special)),
    );
  }

  /**
   * Whether a kernel leaves every bit as its routines do, but for those inside of a NaN, on random and on special values: the same memory
   * behind both, and the same result.
   */
  agrees(name: OverlaidName): boolean {
    return this.#pools.every((pool) => this.#counts.every((n) => this.#agreesOn(name, pool, n)));
  }

  #agreesOn<K extends OverlaidName>(name: K, pool: Float32Array, n: number): boolean {
    const used = GUARD + 4 * (n + GUARD);
    const at = [0, 1, 2, 3].map((array) => (GUARD + array * (n + GUARD)) * F32) as unknown as Four;
    const scalars = [1, 2, 3, 4].map((index) => pool[pool.length - index]) as unknown as Four;
    const args = CALLS[name](at, n, scalars);
    const results = [this.#expected, this.#got].map(({ floats, kernels, words }) => {
      floats.set(pool.subarray(0, used));
      const run = kernels[name] as (...values: readonly number[]) => number | undefined;
      const result = run(...args);
      if (name === 'list_nonzeros') forgetUncounted(words, args);
      return result;
    });
    return Object.is(results[0], results[1]) && sameBits(this.#expected, 0, this.#got, 0, used);
  }
}

/** Behind the columns of a list, and in the kernel's scratch, may be anything. */
function forgetUncounted(words: Int32Array, [, lists = 0, rows = 0, columns = 0, scratch = 0]: readonly number[]): void {
  words.fill(0, scratch / F32, scratch / F32 + SCRATCH_WORDS);
  for (let row = 0; row < rows; row++) {
    const at = lists / F32 + row * listWords(columns);
    words.fill(0, at + 1 + (words[at] as number), at + listWords(columns));
  }
}

function value(next: () => number, special: readonly number[]): number {
  const dice = next();
  if (dice < 0.3) return 0;
  if (dice < 0.5 && special.length > 0) return special[Math.floor(next() * special.length)] ?? 0;
  return next() - 0.5;
}
