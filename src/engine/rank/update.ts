import type { Kernels } from '../../kernels/kernels.ts';
import { f32Bytes } from '../../model/parameters.ts';
import { tensorRates } from '../../optim/groups.ts';
import { optimizerType } from '../../optim/index.ts';
import type { TensorRule, UpdateChunk, UpdateContext } from '../../optim/rule.ts';
import { lrAt, type ScheduleTime, scheduleTime } from '../../optim/schedule.ts';
import { power } from '../../random/elementary.ts';
import type { Chunk } from '../plan/chunks.ts';
import { isByFactors } from '../plan/exchange.ts';
import { type Addition, reduction } from '../plan/leaves.ts';
import type { EnginePlan } from '../plan/plan.ts';
import { ChunkRecords, RECORD, type Verdict, verdictOf } from '../plan/records.ts';
import { gradientAt, rankChunks, type UnitColumns, unitColumns } from '../plan/slices.ts';

/** A chunk of this rank's slice, ready for kernels, with what its tensor's group says. */
interface OwnChunk extends Chunk, UpdateChunk {
  /** Addresses in the slabs whose sum is its gradient; none where there are no slabs. */
  additions: Addition[];
  isPenalized: boolean;
  /** Its values must be finite for products that skip zeros. */
  isWatched: boolean;
  /** Of the step at hand; chunks with equal rates share one. */
  context: UpdateContext;
}

/** What a step sets beside the experiment. */
export interface StepRates {
  step: number;
  /** Product of the schedule's reductions so far; only `plateau` has any. */
  plateauFactor: number;
  /** Of the schedule's learning rate, after rollbacks. */
  lrFactor: number;
}

/** PyTorch's clip_grad_norm_ adds it to the norm. */
const CLIP_EPS = 1e-6;

/** average and apply: one rank's work on its slice of the parameters. */
export class Updater {
  readonly #plan: EnginePlan;
  readonly #kernels: Kernels;
  readonly #chunks: readonly OwnChunk[];
  /** Leaves are summed by `addLeaves`. */
  readonly #isInTeam: boolean;
  readonly #records: ChunkRecords;
  readonly #scratch: number;
  readonly #noiseStream: number;
  readonly #time: ScheduleTime;
  /** What the chunks share, with the learning rate before the schedule. */
  readonly #rates: { lr: number; context: UpdateContext }[] = [];
  /** Of all ranks, for rules that need norms of whole tensors. */
  readonly #allChunks: readonly Chunk[];
  /** The units whose norms this rank limits: ranges of columns of matrices. */
  readonly #units: readonly UnitColumns[];

  constructor(plan: EnginePlan, rank: number, memory: WebAssembly.Memory, kernels: Kernels, noiseStream: number) {
    const { memory: regions, network, experiment, workers } = plan;
    this.#plan = plan;
    this.#isInTeam = plan.team.members > 1;
    this.#kernels = kernels;
    const watched = new Set(plan.watched);
    const additions = reduction(regions.nodes, experiment.numerics.leaves);
    this.#chunks = rankChunks(plan, rank).map((chunk) => {
      const offset = f32Bytes(chunk.offset);
      const inSlab = (slab: number): number => gradientAt(regions, slab, chunk.tensor) + f32Bytes(chunk.offset - chunk.tensor.offset);
      return {
        ...chunk,
        parameters: regions.parameters.at + offset,
        gradient: inSlab(0),
        additions: isByFactors(chunk.tensor, plan.exchange)
          ? []
          : additions.map(({ into, from }) => ({ into: inSlab(into), from: inSlab(from) })),
        state: regions.optimizerState.map((region) => region.at + offset),
        isPenalized: chunk.tensor.init === 'weight',
        isWatched: watched.has(chunk.tensor.name),
        context: this.#contextOf(tensorRates(experiment.optimizer, chunk.tensor.name, chunk.tensor.role)),
      };
    });
    this.#allChunks = plan.chunks;
    this.#time = scheduleTime(experiment.schedule, plan.batches, experiment.parent?.schedule);
    this.#records = new ChunkRecords(regions.records, memory.buffer);
    this.#scratch = regions.scratch[rank]?.at ?? 0;
    this.#noiseStream = noiseStream;
    this.#units = network.parameters
      .filter(({ init }) => init === 'weight')
      .flatMap((tensor) => unitColumns(tensor, regions.parameters.at, rank, workers));
  }

  /** In a team: the sum over the leaves of this process, which the members then sum up. */
  addLeaves(): void {
    for (const chunk of this.#chunks) this.#addSlabs(chunk);
  }

  /**
   * Adds batch `index` of a step to those before it, by the pairwise tree over the step's batches: the bits of one batch whose leaves
   * are all of theirs in order, where the leaves of one batch are a power of two.
   */
  accumulate(index: number, isLast: boolean): void {
    for (const chunk of this.#chunks) {
      if (!this.#isInTeam) this.#addSlabs(chunk);
      const at = (level: number): number => (this.#plan.memory.accumulators[level]?.at ?? 0) + f32Bytes(chunk.offset);
      let level = 0;
      for (; (index >>> level) & 1; level++) this.#kernels.add(chunk.gradient, at(level), chunk.count);
      if (!isLast) this.#kernels.copy(at(level), chunk.gradient, chunk.count);
      else for (level++; index >>> level > 0; level++) if ((index >>> level) & 1) this.#kernels.add(chunk.gradient, at(level), chunk.count);
    }
  }

  /**
   * The averaged gradient of the slice: sum over leaves times `scale`, penalties, clip by value. Leaves a record per chunk.
   *
   * @param accumulated  the sum over leaves is done
   */
  reduce(scale: number, accumulated: boolean, wantsNorm: boolean): void {
    const { l1, l2, clip_value: limit } = this.#plan.experiment.regularization;
    const kernels = this.#kernels;
    for (const chunk of this.#chunks) {
      if (!accumulated && !this.#isInTeam) this.#addSlabs(chunk);
      const { index, gradient, parameters, count } = chunk;
      this.#records.write(index, RECORD.largest, kernels.scale_max(gradient, count, scale));
      const penalized = chunk.isPenalized && (l1 > 0 || l2 > 0);
      this.#records.write(index, RECORD.penalty, penalized ? kernels.penalize(gradient, parameters, count, l1, l2) : 0);
      if (limit !== undefined) kernels.clip_value(gradient, count, limit);
      this.#records.write(index, RECORD.squares, wantsNorm ? kernels.sum_squares(gradient, count) : Number.NaN);
    }
  }

  /** What the records of all chunks come to: every rank finds the same. */
  verdict(): Verdict {
    return verdictOf(this.#records);
  }

  /**
   * The update of the slice.
   *
   * @param collect  also record the squares of weights and of their change
   * @param meet     returns when all ranks have come so far: some rules need norms of whole tensors
   */
  apply(rates: StepRates, { gradientSquares }: Verdict, collect: boolean, meet: () => void): void {
    const { optimizer: config, regularization } = this.#plan.experiment;
    const optimizer = optimizerType(config);
    const limit = regularization.clip_global_norm;
    const clip = limit === undefined ? 1 : limit / (Math.sqrt(gradientSquares) + CLIP_EPS);
    const std = this.#noiseStd(rates.step);
    this.#setRates(rates);
    for (const chunk of this.#chunks) {
      const { gradient, parameters, count } = chunk;
      if (clip < 1) this.#kernels.scale(gradient, clip, count);
      if (std > 0) this.#kernels.add_noise(gradient, count, std, chunk.offset, this.#noiseStream, this.#scratch);
      if ('prepare' in optimizer) {
        const squares = optimizer.prepare(this.#kernels, config, chunk, chunk.context);
        this.#records.write(chunk.index, RECORD.parameterSquares, squares.parameterSquares);
        this.#records.write(chunk.index, RECORD.directionSquares, squares.directionSquares);
        continue;
      }
      if (collect) this.#kernels.copy(this.#scratch, parameters, count);
      optimizer.apply(this.#kernels, config, chunk, chunk.context);
      this.#recordUpdated(chunk, collect);
    }
    if (!('prepare' in optimizer)) return;
    meet();
    const ratios = this.#trustRatios(optimizer);
    for (const chunk of this.#chunks) {
      if (collect) this.#kernels.copy(this.#scratch, chunk.parameters, chunk.count);
      optimizer.finish(this.#kernels, config, chunk, chunk.context, ratios.get(chunk.tensor.name) as number);
      this.#recordUpdated(chunk, collect);
    }
  }

  #contextOf({ lr, weightDecay }: { lr: number; weightDecay: number }): UpdateContext {
    const known = this.#rates.find((rate) => rate.lr === lr && rate.context.weightDecay === weightDecay);
    if (known !== undefined) return known.context;
    const context = { lr, weightDecay, step: 0 };
    this.#rates.push({ lr, context });
    return context;
  }

  /** Once for each pair of rates that the optimizer's groups have. */
  #setRates({ step, plateauFactor, lrFactor }: StepRates): void {
    const { schedule } = this.#plan.experiment;
    for (const { lr, context } of this.#rates) {
      context.lr = lrAt(schedule, lr, step, this.#time, plateauFactor) * lrFactor;
      context.step = step;
    }
  }

  /** From the squares of all chunks, added up tensor by tensor in the order of the chunks. */
  #trustRatios(optimizer: Pick<TensorRule<never>, 'trustRatio'>): Map<string, number> {
    const sums = new Map<string, { parameterSquares: number; directionSquares: number }>();
    for (const { index, tensor } of this.#allChunks) {
      const sum = sums.get(tensor.name) ?? { parameterSquares: 0, directionSquares: 0 };
      sum.parameterSquares += this.#records.read(index, RECORD.parameterSquares);
      sum.directionSquares += this.#records.read(index, RECORD.directionSquares);
      sums.set(tensor.name, sum);
    }
    return new Map([...sums].map(([name, sum]) => [name, optimizer.trustRatio(sum)]));
  }

  /** While the chunk is in the first-level cache. */
  #recordUpdated(chunk: OwnChunk, collect: boolean): void {
    const { index, parameters, count, isWatched } = chunk;
    if (isWatched) this.#records.write(index, RECORD.largestWeight, this.#kernels.largest(parameters, count));
    if (collect) this.#recordChange(chunk);
  }

  #recordChange({ index, parameters, count }: OwnChunk): void {
    const kernels = this.#kernels;
    this.#records.write(index, RECORD.weightSquares, kernels.sum_squares(this.#scratch, count));
    // before - 1 * after
    kernels.sgd_step(this.#scratch, parameters, count, 1);
    this.#records.write(index, RECORD.updateSquares, kernels.sum_squares(this.#scratch, count));
  }

  /** source: Neelakantan et al., "Adding gradient noise improves learning for very deep networks" (2015): variance eta / (1 + t)^gamma. */
  #noiseStd(step: number): number {
    const { noise } = this.#plan.experiment.regularization;
    return noise === undefined ? 0 : Math.sqrt(noise.eta / power(1 + step, noise.gamma));
  }

  /** Limits the norm of every unit's incoming weights; touches columns that other ranks updated. */
  limitNorms(): void {
    const { max_norm: limit } = this.#plan.experiment.regularization;
    if (limit === undefined) return;
    for (const { at, inputs, units, from, to } of this.#units) this.#kernels.max_norm(at, inputs, units, from, to, limit);
  }

  /** average += weight * (parameters - average), on the slice. */
  average(weight: number): void {
    const [region] = this.#plan.memory.averages;
    if (region === undefined) return;
    for (const { offset, parameters, count } of this.#chunks) this.#kernels.lerp(region.at + f32Bytes(offset), parameters, count, weight);
  }

  #addSlabs({ additions, count }: OwnChunk): void {
    for (const { into, from } of additions) this.#kernels.add(into, from, count);
  }
}
