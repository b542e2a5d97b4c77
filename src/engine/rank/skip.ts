import type { KernelCall } from '../../kernels/call.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { f32Bytes } from '../../model/parameters.ts';
import type { RankProgram, SkippableSlot } from '../plan/lower/program.ts';
import type { EnginePlan } from '../plan/plan.ts';
import { ChunkRecords, RECORD } from '../plan/records.ts';

/** The products of the network's inputs, of which each may skip their zeros. */
type Product = SkippableSlot['product'];
const PRODUCTS: readonly Product[] = ['forward', 'gradient'];

/** Counts of full batches after which both kernels are tried again, in turns: the first calls run code that is not yet optimised. */
const TRIALS: readonly number[] = [0, 64, 512, 4096];
const TRIAL_BATCHES = 8;

/** Fastest seconds of each kernel in a trial. */
type Times = Record<Product, { dense: number; skipping: number }>;

const untried = (): Times => ({
  forward: { dense: Number.POSITIVE_INFINITY, skipping: Number.POSITIVE_INFINITY },
  gradient: { dense: Number.POSITIVE_INFINITY, skipping: Number.POSITIVE_INFINITY },
});

/**
 * Chooses, for one rank, whether the products of the network's inputs skip their zeros. Every rank chooses by itself and by the clock,
 * because the bits do not depend on it:
 * - the kernels have equal bits for finite weights and deltas (kernels/products/sparse.ts);
 * - with a weight that is not finite the dense kernel computes. Every rank finds that out from the same numbers: from all weights at the
 *   start of a task, then from what the ranks record of the weights they update;
 * - with a delta that is not finite the bias gradient, the sum of the deltas, is not finite either, so the step is left before its update
 *   whatever the weight gradient is.
 */
export class ZeroSkipper {
  readonly #mode: 'auto' | 'always' | 'never';
  readonly #kernels: Kernels;
  readonly #records: ChunkRecords;
  /** Chunks of the weights that multiply the network's inputs, by number. */
  readonly #chunks: readonly number[];
  /** The same weights: address and values. */
  readonly #weights: readonly { at: number; count: number }[];
  readonly #productOf = new Map<KernelCall, Product>();
  readonly #chosen: Record<Product, boolean>;
  /** Full training batches so far. */
  #batches = 0;
  #times = untried();
  /** Milliseconds of the batch at hand; the lists count as part of the forward product. */
  readonly #spent: Record<Product, number> = { forward: 0, gradient: 0 };
  /** What the batch at hand uses, while kernels are tried. */
  #trying: 'dense' | 'skipping' | undefined;
  #listed = false;
  /** Whether all those weights are finite; undefined until somebody looks. */
  #isFinite: boolean | undefined;

  constructor(plan: EnginePlan, memory: WebAssembly.Memory, kernels: Kernels) {
    const { memory: regions, experiment, network, chunks } = plan;
    const watched = new Set(plan.watched);
    this.#mode = experiment.parallel.skip_zeros;
    this.#kernels = kernels;
    this.#records = new ChunkRecords(regions.records, memory.buffer);
    this.#chunks = chunks.flatMap(({ index, tensor }) => (watched.has(tensor.name) ? [index] : []));
    this.#weights = network.parameters
      .filter(({ name }) => watched.has(name))
      .map(({ offset, size }) => ({ at: regions.parameters.at + f32Bytes(offset), count: size }));
    this.#chosen = { forward: this.#mode === 'always', gradient: this.#mode === 'always' };
  }

  /** True while calls are to be run by `time`. */
  get isTrying(): boolean {
    return this.#trying !== undefined;
  }

  /** Learns a program's calls, which it will be asked to time. */
  adopt({ skippable }: RankProgram): void {
    for (const { product, dense, skipping } of skippable) this.#productOf.set(dense, product).set(skipping, product);
  }

  /** The coordinator may have changed the weights. */
  forgetWeights(): void {
    this.#isFinite = undefined;
  }

  /** After an update: what all ranks recorded of the weights. */
  seeUpdate(): void {
    this.#isFinite = this.#chunks.every((index) => Number.isFinite(this.#records.read(index, RECORD.largestWeight)));
  }

  /**
   * Puts the chosen kernels into a program whose rows are in x.
   *
   * @param isNew       the rows are not those of the last call
   * @param isTraining  on a full batch of training, the only ones that are timed
   */
  begin({ skippable, listing }: RankProgram, isNew: boolean, isTraining: boolean): void {
    this.#endTrial();
    if (isNew) this.#listed = false;
    if (listing.length === 0) return;
    if (isTraining && this.#mode === 'auto') this.#beginTrial();
    const forward = this.#skips('forward') && this.#hasFiniteWeights();
    for (const slot of skippable) {
      const skips = slot.product === 'forward' ? forward : this.#skips('gradient');
      slot.calls[slot.index] = skips ? slot.skipping : slot.dense;
    }
    if (!forward || this.#listed) return;
    const started = performance.now();
    for (const { kernel, args } of listing) {
      const run: (...values: number[]) => void = this.#kernels[kernel];
      run(...args);
    }
    this.#spent.forward += performance.now() - started;
    this.#listed = true;
  }

  /** Runs a call in a batch in which kernels are tried. */
  time(call: KernelCall, run: (...args: number[]) => void): void {
    const started = performance.now();
    run(...call.args);
    const product = this.#productOf.get(call);
    if (product !== undefined) this.#spent[product] += performance.now() - started;
  }

  #skips(product: Product): boolean {
    return this.#trying === undefined ? this.#chosen[product] : this.#trying === 'skipping';
  }

  #hasFiniteWeights(): boolean {
    this.#isFinite ??= this.#weights.every(({ at, count }) => Number.isFinite(this.#kernels.largest(at, count)));
    return this.#isFinite;
  }

  #beginTrial(): void {
    const batch = this.#batches++;
    const start = TRIALS.findLast((first) => first <= batch) ?? 0;
    if (batch >= start + TRIAL_BATCHES) return;
    if (batch === start) this.#times = untried();
    this.#trying = batch % 2 === 0 ? 'dense' : 'skipping';
  }

  #endTrial(): void {
    const kernel = this.#trying;
    if (kernel !== undefined) {
      for (const product of PRODUCTS) {
        const times = this.#times[product];
        times[kernel] = Math.min(times[kernel], this.#spent[product]);
        this.#chosen[product] = times.skipping < times.dense;
      }
    }
    this.#trying = undefined;
    this.#spent.forward = 0;
    this.#spent.gradient = 0;
  }
}
