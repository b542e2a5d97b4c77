import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import { type StepCost, stepCost } from '../../engine/plan/lower/cost.ts';
import { type EnginePlan, planEngine } from '../../engine/plan/plan.ts';
import { initialState } from '../../model/initializers.ts';
import { readRunWeights } from '../../runs/prepare/initial.ts';
import type { PlannedCount, PredictionInput } from '../prediction/predict.ts';
import { probe } from '../prediction/probe.ts';
import type { MeasuredRow, Repetition } from './measured.ts';
import { RowRunner } from './runner.ts';

/** Sizes below the whole batch that one worker's computing is measured at, at most. */
const MAX_SIZES = 6;
/** Of a row's steps that a smaller batch takes. */
const PROBE_STEPS = 0.25;

/** The worker counts that a prediction looks at: the asked and the measured ones, and those from which on the busiest has fewer leaves. */
export function plannedCounts(
  experiment: Experiment,
  dataset: Dataset,
  asked: readonly number[],
  measured: readonly number[],
): PlannedCount[] {
  const { leaves } = experiment.numerics;
  const most = Math.max(...asked);
  const busiest = (workers: number): number => Math.ceil(leaves / workers);
  const steps = Array.from({ length: Math.min(most, leaves) }, (_, i) => i + 1).filter(
    (workers) => workers === 1 || busiest(workers) < busiest(workers - 1),
  );
  const costs = new Map<number, StepCost>();
  return [...new Set([...steps, ...asked, ...measured])]
    .toSorted((a, b) => a - b)
    .map((workers) => {
      const ranks = Math.min(workers, leaves);
      const cost = costs.get(ranks) ?? stepCost(planEngine(experiment, dataset, ranks));
      costs.set(ranks, cost);
      return { workers, ranks, cost };
    });
}

/** Batch sizes from half of the whole down to the fewest rows of a busiest worker: the shares that the counts have of it. */
export function probeSizes(batchRows: number, counts: readonly PlannedCount[]): number[] {
  const fewest = Math.max(1, Math.min(...counts.map(({ cost }) => cost.rows)));
  if (fewest >= batchRows) return [];
  const halvings = Math.min(MAX_SIZES, Math.max(1, Math.round(Math.log2(batchRows / fewest))));
  const sizes = Array.from({ length: halvings }, (_, i) => Math.round(batchRows * (fewest / batchRows) ** ((i + 1) / halvings)));
  return [...new Set(sizes)].filter((rows) => rows < batchRows).toSorted((a, b) => a - b);
}

/** One worker on smaller batches, side by side with the rows of a table: what a share of the batch costs. */
export class ShareProbe {
  readonly #sizes: { rows: number; runner: RowRunner; repetitions: Repetition[] }[];
  /** Of every worker count, in each round. */
  readonly #barriers = new Map<number, number[]>();
  readonly #counts: readonly PlannedCount[];

  private constructor(counts: readonly PlannedCount[], sizes: readonly { rows: number; runner: RowRunner }[]) {
    this.#counts = counts;
    this.#sizes = sizes.map((size) => ({ ...size, repetitions: [] }));
  }

  static async start(
    experiment: Experiment,
    dataset: Dataset,
    batchRows: number,
    counts: readonly PlannedCount[],
    options?: EngineOptions,
  ): Promise<ShareProbe> {
    const sizes: { rows: number; runner: RowRunner }[] = [];
    for (const rows of probeSizes(batchRows, counts)) {
      const share = shareOf(experiment, dataset, batchRows, rows);
      const plan = planEngine(share.experiment, share.dataset, 1);
      const initial = initialState(plan.network, experiment.model, experiment.seed, readRunWeights);
      sizes.push({ rows, runner: await RowRunner.start(plan, share.dataset, initial, 'workers', options) });
    }
    return new ShareProbe(counts, sizes);
  }

  /** @param steps  of the table's rows */
  async warmUp(steps: number): Promise<void> {
    for (const { runner } of this.#sizes) await runner.repeat(stepsOf(steps));
  }

  /** Once a round. */
  async repeat(steps: number, rows: readonly { workers: number; runner: RowRunner }[]): Promise<void> {
    for (const { runner, repetitions } of this.#sizes) repetitions.push(await runner.repeat(stepsOf(steps)));
    for (const { workers, runner } of rows) {
      const seconds = this.#barriers.get(workers) ?? [];
      seconds.push(await runner.measureBarrier());
      this.#barriers.set(workers, seconds);
    }
  }

  /**
   * What was measured, for the model.
   *
   * @param plan  of one worker on the whole batch
   * @param rows  of the table, with as many repetitions as there are whole rounds
   * @returns undefined before the first whole round
   */
  inputOf(
    plan: EnginePlan,
    dataset: Dataset,
    rows: readonly MeasuredRow[],
    steps: number,
    asked: readonly number[],
  ): PredictionInput | undefined {
    const one = rows.find(({ workers }) => workers === 1);
    const rounds = Math.min(
      ...rows.map(({ repetitions }) => repetitions.length),
      ...[...this.#barriers.values()].map(({ length }) => length),
    );
    const [first] = one?.repetitions ?? [];
    if (one === undefined || first === undefined || this.#barriers.size === 0 || rounds < 1) return undefined;
    const { addFloat, readFloat, order, verdict } = probe(plan, dataset.splits.train);
    const orderSeconds = order / plan.batches.stepsPerEpoch;
    const computed = ({ phases }: Repetition, of: number, orders: number): number => Math.max(0, (phases[0]?.compute ?? 0) / of - orders);
    return {
      asked,
      counts: this.#counts,
      leaves: plan.experiment.numerics.leaves,
      rowsPerStep: first.rows / steps,
      measured: rows.map(({ workers, repetitions }) => ({
        workers,
        seconds: repetitions.slice(0, rounds).map(({ seconds }) => seconds / steps),
      })),
      rounds: one.repetitions.slice(0, rounds).map((repetition, round) => {
        const { compute = 0, wait = 0, reduce = 0 } = repetition.phases[0] ?? {};
        return {
          compute: [
            ...this.#sizes.map(({ rows: size, runner, repetitions }) => {
              const own = repetitions[round];
              const orders = order / runner.runner.plan.batches.stepsPerEpoch;
              return { rows: size, seconds: own === undefined ? Number.NaN : computed(own, stepsOf(steps), orders) };
            }),
            { rows: plan.batches.batchRows, seconds: computed(repetition, steps, orderSeconds) },
          ],
          update: Math.max(0, reduce / steps - verdict),
          barriers: [...this.#barriers]
            .map(([workers, seconds]) => ({ workers, seconds: seconds[round] ?? Number.NaN }))
            .toSorted((a, b) => a.workers - b.workers),
          addFloat,
          readFloat,
          serial: orderSeconds + verdict + Math.max(0, (repetition.seconds - compute - wait - reduce) / steps),
        };
      }),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sizes.map(({ runner }) => runner.close()));
  }
}

function stepsOf(steps: number): number {
  return Math.max(1, Math.ceil(PROBE_STEPS * steps));
}

/** An experiment whose whole batch is what a worker has of the real one, as many leaves in proportion; its rate and length do not matter. */
function shareOf(
  { train, numerics, optimizer, ...rest }: Experiment,
  dataset: Dataset,
  batchRows: number,
  rows: number,
): { experiment: Experiment; dataset: Dataset } {
  const { loss } = rest;
  const needsAll = loss.type === 'softmax_cross_entropy' && loss.class_weights === 'balanced';
  const isWhole = (train.batch_size === 'full' || train.batch_size >= dataset.splits.train.length) && !needsAll;
  const leaves = Math.max(1, Math.round((numerics.leaves * rows) / batchRows));
  const experiment: Experiment = {
    ...rest,
    schedule: { type: 'constant' },
    // A rate that suits the whole batch may not suit a part of it; the products do not mind.
    optimizer: { ...optimizer, lr: 0, groups: [] },
    train: { ...train, batch_size: rows, average: { type: 'none' } },
    numerics: { ...numerics, leaves },
  };
  // Batches that are the same rows every step are read once.
  if (!isWhole) return { experiment, dataset };
  return { experiment, dataset: { ...dataset, splits: { ...dataset.splits, train: dataset.splits.train.subarray(0, rows) } } };
}
