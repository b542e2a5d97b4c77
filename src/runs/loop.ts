import type { Experiment } from '../config/schema.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { batchesAt } from '../engine/batches.ts';
import type { Engine, SegmentEnd } from '../engine/engine.ts';
import { SEGMENT_STEPS } from '../engine/memory.ts';
import type { TrainingState } from '../engine/shared-state.ts';
import { PLATEAU_START, plateauNext } from '../optim/plateau.ts';
import { type Divergence, describeEvaluation, describeStep, divergenceError } from './divergence.ts';
import { EarlyStop } from './early-stop.ts';
import type { RunEvent } from './events.ts';
import type { LearningRate } from './learning-rate.ts';
import type { Recorder } from './recorder.ts';

/** A point of the run that training can go back to. */
interface Landmark {
  step: number;
  state: TrainingState;
}

const SPLITS = ['train', 'val', 'test'] as const satisfies SplitName[];

/** Training from the first step to the last: segments, the evaluations between them, and what these decide. */
export class Loop {
  readonly #experiment: Experiment;
  readonly #engine: Engine;
  readonly #dataset: Dataset;
  readonly #recorder: Recorder;
  readonly #emit: (event: RunEvent) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #earlyStop: EarlyStop | undefined;
  readonly #rates: LearningRate;
  #plateau = PLATEAU_START;
  #step = 0;
  /** Parameters of the best evaluation. */
  #best: Landmark | undefined;
  /** Everything as it was at the latest evaluation, or at the start, where all values were finite. */
  #lastGood: Landmark | undefined;
  #rollbacks = 0;
  /** Steps left out one after the other, up to `#lastSkipped`. */
  #skippedInRow = 0;
  #lastSkipped = -1;
  /** What ended training, if it diverged. */
  divergence: Divergence | undefined;
  /** The step whose parameters are there after a divergence. */
  parametersOf: number | undefined;

  constructor(
    engine: Engine,
    dataset: Dataset,
    recorder: Recorder,
    rates: LearningRate,
    emit: (event: RunEvent) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#experiment = engine.plan.experiment;
    this.#engine = engine;
    this.#dataset = dataset;
    this.#recorder = recorder;
    this.#rates = rates;
    this.#emit = emit;
    this.#signal = signal;
    const { early_stop: earlyStop } = this.#experiment.train;
    this.#earlyStop = earlyStop && new EarlyStop(earlyStop);
  }

  /**
   * @returns whether training came to its own end, by its last step or by early stopping
   * @throws GradloomError E_DIVERGED, with `divergence` set; E_WORKER...
   */
  async run(): Promise<'finished' | 'interrupted'> {
    const { totalSteps } = this.#engine.plan.batches;
    const { train } = this.#experiment;
    this.#keepLastGood();
    while (this.#step < totalSteps) {
      const target = this.#nextStop();
      const end = await this.#trainTo(target);
      if (end.diverged !== undefined) {
        this.#survive(describeStep(this.#engine, this.#dataset, end.diverged, this.#rates.at(end.diverged.step), this.#recorder.recent));
        // A step that was left out may be the last one before a stop.
        if (this.#step < target) continue;
      }
      if (this.#step === target) {
        const decision = await this.#atStop(end.diverged !== undefined);
        this.#recorder.flushEpoch();
        if (decision === 'stop') break;
        if (decision === 'back') continue;
      } else this.#recorder.flushEpoch();
      if (this.#step < totalSteps && (this.#step < target || this.#signal?.aborted === true)) return 'interrupted';
    }
    if (train.early_stop?.restore_best === true && this.#best !== undefined && this.#best.step !== this.#step) {
      this.#engine.shared.restore(this.#best.state);
      this.#recorder.restored(this.#best.step);
    }
    for (const split of SPLITS) {
      const bad = this.#recorder.isEvaluated(split) ? undefined : await this.#evaluate(split);
      if (bad !== undefined) this.#survive(bad, 'stop');
    }
    return 'finished';
  }

  /** The step after which something is to be done: an evaluation, statistics, the end, or the segment is full. */
  #nextStop(): number {
    const { totalSteps } = this.#engine.plan.batches;
    const due = [this.#evalEvery, this.#statisticsEvery].map((every) => (Math.floor(this.#step / every) + 1) * every);
    return Math.min(totalSteps, this.#step + SEGMENT_STEPS, ...due);
  }

  get #evalEvery(): number {
    const { on, every } = this.#experiment.train.eval;
    return on === 'none' ? Number.POSITIVE_INFINITY : this.#steps(every);
  }

  get #statisticsEvery(): number {
    const { statistics } = this.#experiment.track;
    return statistics === undefined ? Number.POSITIVE_INFINITY : this.#steps(statistics.every);
  }

  #steps(every: { epochs: number } | { steps: number }): number {
    return 'steps' in every ? every.steps : every.epochs * this.#engine.plan.batches.stepsPerEpoch;
  }

  async #trainTo(target: number): Promise<SegmentEnd> {
    try {
      const end = await this.#engine.train(this.#step, target, this.#rates);
      this.#step += end.steps;
      return end;
    } finally {
      this.#recorder.take(this.#engine.takeSteps());
    }
  }

  /** @param isLeftOut  the last step changed nothing, and what it put out is not finite */
  async #atStop(isLeftOut: boolean): Promise<'go on' | 'stop' | 'back'> {
    const { shared, plan } = this.#engine;
    if (!isLeftOut) {
      const activity = shared.activity(batchesAt(plan.batches, this.#step - 1).at(-1)?.rows ?? 0);
      this.#recorder.inspect(activity);
      if (this.#step % this.#statisticsEvery === 0) this.#recorder.statistics(shared.changes(), activity);
    }
    const { on } = this.#experiment.train.eval;
    const isDue = this.#step % this.#evalEvery === 0 || this.#step === plan.batches.totalSteps;
    if (on === 'none' || !isDue) return 'go on';
    const bad = await this.#evaluate(on);
    if (bad !== undefined) {
      // There is no step to leave out: the parameters themselves are bad. Going back is the only way on.
      this.#survive(bad, 'rollback');
      return 'back';
    }
    this.#keepLastGood();
    return this.#decide();
  }

  /** What an evaluation means for the learning rate and for the end of training. */
  #decide(): 'go on' | 'stop' {
    const { schedule } = this.#experiment;
    if (schedule.type === 'plateau') {
      this.#plateau = plateauNext(schedule, this.#plateau, this.#evaluatedMetric(schedule.metric));
      this.#rates.plateauFactor = this.#plateau.factor;
    }
    const earlyStop = this.#earlyStop;
    if (earlyStop === undefined) return 'go on';
    const { metric, patience } = earlyStop.config;
    const outcome = earlyStop.take(this.#evaluatedMetric(metric));
    if (outcome === 'improved') this.#best = { step: this.#step, state: this.#engine.shared.snapshot() };
    if (outcome !== 'stop') return 'go on';
    const message = `stopped early: ${metric} has not improved in ${patience} ${patience === 1 ? 'evaluation' : 'evaluations'}; best at step ${this.#best?.step}`;
    this.#emit({ type: 'warning', code: 'W_EARLY_STOP', message });
    return 'stop';
  }

  /** `checkWatchedMetrics` has seen to it that the metric is evaluated; NaN if it was not finite. */
  #evaluatedMetric(name: string): number {
    return this.#recorder.latest(name) ?? Number.NaN;
  }

  /**
   * Evaluates the present parameters and, beside them, the averaged ones.
   *
   * @returns what is wrong, if a loss is not finite
   */
  async #evaluate(split: SplitName): Promise<Divergence | undefined> {
    const { type } = this.#experiment.train.average;
    for (const average of type === 'none' ? [undefined] : [undefined, type]) {
      const result = await this.#engine.evaluate(split, average !== undefined);
      if (result === undefined) return undefined;
      if (!Number.isFinite(result.loss)) {
        return describeEvaluation(split, result.loss, this.#step, this.#rates.at(this.#step), this.#recorder.recent);
      }
      this.#recorder.evaluated(split, result, average);
    }
    return undefined;
  }

  #keepLastGood(): void {
    const state = this.#engine.shared.snapshot();
    if (isAllFinite(state)) this.#lastGood = { step: this.#step, state };
  }

  /** Parameters that an overflowing update left are not worth saving: back to the last good ones. */
  #keepFinite(): void {
    this.parametersOf = this.#step;
    if (this.#lastGood === undefined || isAllFinite(this.#engine.shared.snapshot())) return;
    this.#engine.shared.restore(this.#lastGood.state);
    this.parametersOf = this.#lastGood.step;
  }

  /**
   * Does what the experiment says about a divergence; throws where that is to stop.
   *
   * @param only  the one policy that can help here; others stop
   */
  #survive(divergence: Divergence, only?: 'rollback' | 'stop'): void {
    const policy = this.#experiment.train.on_nonfinite;
    let spent: string | undefined = '';
    if (policy.type === 'skip' && only === undefined) spent = this.#leaveOut(divergence, policy.limit);
    if (policy.type === 'rollback' && only !== 'stop') spent = this.#rollBack(divergence, policy);
    if (spent === undefined) return;
    this.divergence = divergence;
    this.#keepFinite();
    throw divergenceError(divergence, spent);
  }

  /** @returns why not, if the limit is spent */
  #leaveOut(divergence: Divergence, limit: number): string | undefined {
    const { step } = divergence;
    this.#skippedInRow = step === this.#lastSkipped + 1 ? this.#skippedInRow + 1 : 1;
    this.#lastSkipped = step;
    if (this.#skippedInRow > limit) return `, after ${limit} skipped ${limit === 1 ? 'step' : 'steps in a row'}`;
    this.#warn(`step ${step} left out: ${divergenceError(divergence).message}`);
    this.#recorder.skip(step);
    this.#step = step + 1;
    return undefined;
  }

  /** @returns why not, if the limit is spent */
  #rollBack(divergence: Divergence, { limit, lr_factor: factor }: { limit: number; lr_factor: number }): string | undefined {
    this.#rollbacks++;
    if (this.#rollbacks > limit || this.#lastGood === undefined) return `, after ${limit} ${limit === 1 ? 'rollback' : 'rollbacks'}`;
    const { step, state } = this.#lastGood;
    this.#rates.lrFactor *= factor;
    this.#warn(
      `${divergenceError(divergence).message} at step ${divergence.step}; back to step ${step} with ${this.#rates.lrFactor} of the learning rate`,
    );
    this.#engine.shared.restore(state);
    this.#recorder.rollback(divergence.step, step, this.#rates.lrFactor);
    this.#step = step;
    return undefined;
  }

  #warn(message: string): void {
    this.#emit({ type: 'warning', code: 'W_NONFINITE', message });
  }
}

function isAllFinite({ parameters, statistics, averages }: TrainingState): boolean {
  return [parameters, statistics, ...averages].every((vector) => vector.every(Number.isFinite));
}
