import type { Kernels } from '../kernels/kernels.ts';
import { listWords } from '../kernels/kernels.ts';
import type { KernelCall } from '../model/layers/layer.ts';
import { f32Bytes } from '../model/parameters.ts';
import { planChunks } from './chunks.ts';
import { RECORD } from './memory.ts';
import type { EnginePlan } from './plan.ts';
import type { ProgramKey, RankProgram } from './program.ts';

/** The first layer's products, of which each may skip the zeros of the inputs. */
type Product = 'forward' | 'gradient';
const PRODUCTS: readonly Product[] = ['forward', 'gradient'];

/** Kernels with and without zeros. */
interface Pair {
  dense: KernelCall;
  skipping: KernelCall;
}

/** A place in a program, of which one of the pair is the call. */
interface Slot extends Pair {
  product: Product;
  calls: KernelCall[];
  index: number;
}

interface Adopted {
  slots: readonly Slot[];
  forward: Slot | undefined;
  /** Rows of x that the rank computes, as list_nonzeros takes them. */
  list: readonly [x: number, lists: number, rows: number, inputs: number, scratch: number];
  isFullBatch: boolean;
}

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
 * Chooses, for one rank, whether the first layer's products skip the zeros of the network's inputs. Every rank chooses by itself and by the
 * clock, because the bits do not depend on it:
 * - the kernels have equal bits for finite weights and deltas (kernels/sparse.ts);
 * - with a weight that is not finite the dense kernel computes. Every rank finds that out from the same numbers: from all weights at the
 *   start of a task, then from what the ranks record of the weights they update;
 * - with a delta that is not finite the bias gradient, the sum of the deltas, is not finite either, so the step is left before its update
 *   whatever the weight gradient is.
 */
export class ZeroSkipper {
  readonly #plan: EnginePlan;
  readonly #rank: number;
  readonly #kernels: Kernels;
  readonly #records: Float64Array;
  /** Chunks of the first layer's weight, by number. */
  readonly #chunks: readonly number[];
  readonly #adopted = new Map<RankProgram, Adopted>();
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
  /** Whether all weights of the first layer are finite; undefined until somebody looks. */
  #isFinite: boolean | undefined;

  constructor(plan: EnginePlan, rank: number, memory: WebAssembly.Memory, kernels: Kernels) {
    const { records, lists } = plan.memory;
    this.#plan = plan;
    this.#rank = rank;
    this.#kernels = kernels;
    this.#records = new Float64Array(memory.buffer, records.at, records.bytes / Float64Array.BYTES_PER_ELEMENT);
    this.#chunks =
      lists.bytes === 0
        ? []
        : planChunks(plan.network, plan.experiment.numerics.engine).flatMap(({ index, tensor }) => (isWeight(tensor) ? [index] : []));
    const always = plan.experiment.parallel.skip_zeros === 'always';
    this.#chosen = { forward: always, gradient: always };
  }

  /** True while calls are to be run by `time`. */
  get isTrying(): boolean {
    return this.#trying !== undefined;
  }

  /** Finds a program's products with the network's inputs. */
  adopt(program: RankProgram, kind: ProgramKey['kind']): void {
    const { lists, x, scratch } = this.#plan.memory;
    const { inputs } = this.#plan.network;
    const { from, to } = program.rows;
    if (lists.bytes === 0) return;
    const listAt = lists.at + from * listWords(inputs) * Int32Array.BYTES_PER_ELEMENT;
    const slots = [...program.phases, program.slice].flatMap((calls) =>
      calls.flatMap((dense, index): Slot[] => {
        const [input = 0] = dense.args;
        const product = input >= x.at && input < x.at + x.bytes ? productOf(dense) : undefined;
        if (product === undefined) return [];
        return [{ product, calls, index, dense, skipping: skippingCall(dense, listAt) }];
      }),
    );
    for (const { product, dense, skipping } of slots) this.#productOf.set(dense, product).set(skipping, product);
    this.#adopted.set(program, {
      slots,
      forward: slots.find(({ product }) => product === 'forward'),
      list: [x.at + f32Bytes(from * inputs), listAt, to - from, inputs, scratch[this.#rank]?.at ?? 0],
      isFullBatch: kind === 'full',
    });
  }

  /** The coordinator may have changed the weights. */
  forgetWeights(): void {
    this.#isFinite = undefined;
  }

  /** After an update: what all ranks recorded of the weights. */
  seeUpdate(): void {
    this.#isFinite = this.#chunks.every((index) => Number.isFinite(this.#records[index * RECORD.size + RECORD.largestWeight]));
  }

  /**
   * Puts the chosen kernels into a program whose rows are in x.
   *
   * @param isNew  the rows are not those of the last call
   */
  begin(program: RankProgram, isNew: boolean): void {
    this.#endTrial();
    if (isNew) this.#listed = false;
    const adopted = this.#adopted.get(program);
    if (adopted === undefined) return;
    this.#beginTrial(adopted);
    const forward = this.#skips('forward') && this.#hasFiniteWeights(adopted);
    for (const slot of adopted.slots) {
      const skips = slot.product === 'forward' ? forward : this.#skips('gradient');
      slot.calls[slot.index] = skips ? slot.skipping : slot.dense;
    }
    if (!forward || this.#listed) return;
    const started = performance.now();
    this.#kernels.list_nonzeros(...adopted.list);
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

  #hasFiniteWeights({ forward }: Adopted): boolean {
    if (this.#isFinite === undefined && forward !== undefined) {
      const [, weights = 0, , , , outputs = 0, inputs = 0] = forward.dense.args;
      this.#isFinite = Number.isFinite(this.#kernels.largest(weights, inputs * outputs));
    }
    return this.#isFinite === true;
  }

  #beginTrial({ isFullBatch }: Adopted): void {
    if (!isFullBatch || this.#plan.experiment.parallel.skip_zeros !== 'auto') return;
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

function isWeight({ layer, role }: { layer: number; role: string }): boolean {
  return layer === 0 && role === 'weight';
}

function productOf({ kernel }: KernelCall): Product | undefined {
  if (kernel === 'dense_forward') return 'forward';
  return kernel === 'dense_weight_gradient' ? 'gradient' : undefined;
}

/** The same call with a kernel that skips zeros; the forward product takes the lists behind x. */
function skippingCall({ kernel, args }: KernelCall, lists: number): KernelCall {
  if (kernel === 'dense_weight_gradient') return { kernel: 'sparse_weight_gradient', args };
  const [x = 0, ...others] = args;
  return { kernel: 'sparse_forward', args: [x, lists, ...others] };
}
