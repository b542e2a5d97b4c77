import { isLowerBetter } from '../config/metric-names.ts';
import type { Experiment } from '../config/schema.ts';
import type { SplitName } from '../data/dataset.ts';
import type { BatchPlan } from '../engine/batches.ts';
import type { PhaseSeconds } from '../engine/control.ts';
import type { StepRecord } from '../engine/engine.ts';
import type { Evaluation } from '../engine/evaluation.ts';
import type { LayerActivity, TensorChange } from '../engine/shared-state.ts';
import { GradloomError } from '../errors.ts';
import type { MetricsLine, RunEpoch, RunEvent, RunProgress, Summary } from './events.ts';
import type { LearningRate } from './learning-rate.ts';
import { type AverageName, lossName, metricName } from './metric-names.ts';
import { finiteOrNull, type MetricsFile } from './metrics.ts';
import { Watch } from './watch.ts';

/** Steps that diverged.json shows. */
const RECENT_STEPS = 50;
/** How far back the displayed rate looks. */
const RATE_WINDOW_MS = 1000;

/**
 * Turns finished steps and evaluations into metrics, events and the summary. What it writes to metrics.jsonl depends on the sequence
 * of steps and evaluations alone, never on when it was told of them.
 */
export class Recorder {
  readonly #experiment: Experiment;
  readonly #batches: BatchPlan;
  readonly #hasAccuracy: boolean;
  readonly #file: MetricsFile | undefined;
  readonly #emit: (event: RunEvent) => void;
  readonly #startedAt = performance.now();
  readonly #last: Record<string, number | null> = {};
  readonly #best: Summary['best'] = {};
  /** Step at which each split was last evaluated. */
  readonly #evaluatedAt = new Map<SplitName, number>();
  #evaluation: RunProgress['evaluation'];
  #confusion: Summary['confusion'];
  #epochLoss = 0;
  #epochWeight = 0;
  #epochCorrect = 0;
  #epochRows = 0;
  #epochStartedAt = this.#startedAt;
  /** A finished epoch that waits for the evaluation at its end. */
  #pendingEpoch: RunEpoch | undefined;
  #samples = 0;
  #rateMarks: { at: number; samples: number }[] = [];
  readonly #recent: StepRecord[] = [];
  readonly #watch: Watch;
  readonly #rates: LearningRate;
  /** Updates done, or left out. */
  step = 0;

  constructor(
    experiment: Experiment,
    batches: BatchPlan,
    hasAccuracy: boolean,
    file: MetricsFile | undefined,
    rates: LearningRate,
    emit: (event: RunEvent) => void,
  ) {
    this.#experiment = experiment;
    this.#batches = batches;
    this.#hasAccuracy = hasAccuracy;
    this.#file = file;
    this.#rates = rates;
    this.#watch = new Watch(emit);
    this.#emit = emit;
  }

  /** The last steps, the latest last. */
  get recent(): readonly StepRecord[] {
    return this.#recent;
  }

  isEvaluated(split: SplitName): boolean {
    return this.#evaluatedAt.get(split) === this.step;
  }

  /** The latest value of a metric by its dotted name. */
  latest(name: string): number | undefined {
    return this.#last[name] ?? undefined;
  }

  take(records: readonly StepRecord[]): void {
    for (const record of records) this.#takeStep(record);
  }

  #takeStep(record: StepRecord): void {
    const { step, loss, correct, rows, weight } = record;
    this.flushEpoch();
    this.#recent.push(record);
    if (this.#recent.length > RECENT_STEPS) this.#recent.shift();
    this.#watch.step(record);
    if (step % this.#experiment.track.log_every.steps === 0) this.#logStep(record);
    this.#last['train.loss'] = finiteOrNull(loss);
    this.#epochLoss += loss * weight;
    this.#epochWeight += weight;
    this.#epochCorrect += correct;
    this.#epochRows += rows;
    this.#samples += rows;
    this.#passStep(step);
  }

  /** A step was left out: its batch counts for nothing. */
  skip(step: number): void {
    this.#write({ step, epoch: this.#epochOf(step), skipped: 1 });
    this.#passStep(step);
  }

  /** Training starts again after `step` updates, with a lower learning rate. */
  rollback(from: number, step: number, lrFactor: number): void {
    this.flushEpoch();
    this.#write({ step: from, epoch: this.#epochOf(from), 'rollback.to': step, 'rollback.lr_factor': lrFactor });
    this.step = step;
    // What the epoch had before is not kept: its means are those of the steps from here on.
    this.#startEpoch();
  }

  /** Training ends with the parameters of an earlier evaluation. */
  restored(step: number): void {
    this.#write({ step: this.step, epoch: this.#epochOf(this.step), 'restored.from': step });
    this.#evaluatedAt.clear();
  }

  #logStep({ step, loss, gradientNorm, penalty }: StepRecord): void {
    const { l1, l2 } = this.#experiment.regularization;
    this.#write({
      step,
      epoch: this.#epochOf(step),
      'train.loss': finiteOrNull(loss),
      ...(l1 > 0 || l2 > 0 ? { 'train.penalty': finiteOrNull(penalty) } : {}),
      lr: this.#rates.at(step),
      ...(gradientNorm === undefined ? {} : { grad_norm: finiteOrNull(gradientNorm) }),
    });
  }

  #epochOf(step: number): number {
    return Math.floor(step / this.#batches.stepsPerEpoch);
  }

  #passStep(step: number): void {
    this.step = step + 1;
    // Where an epoch is a single step, its mean is that step's loss: nothing to add.
    if (this.#batches.stepsPerEpoch > 1 && this.step % this.#batches.stepsPerEpoch === 0) this.#endEpoch(this.#epochOf(step) + 1);
  }

  #endEpoch(epoch: number): void {
    const trainLoss = this.#epochWeight === 0 ? 0 : this.#epochLoss / this.#epochWeight;
    const trainAccuracy = this.#hasAccuracy ? this.#epochCorrect / this.#epochRows : undefined;
    const now = performance.now();
    this.#pendingEpoch = {
      type: 'epoch',
      epoch,
      step: this.step,
      trainLoss,
      trainAccuracy,
      evaluation: undefined,
      seconds: (now - this.#epochStartedAt) / 1000,
    };
    this.#write({
      step: this.step,
      epoch,
      'train.epoch_loss': finiteOrNull(trainLoss),
      ...optional('train.epoch_accuracy', trainAccuracy),
    });
    this.#startEpoch();
  }

  #startEpoch(): void {
    this.#epochLoss = 0;
    this.#epochWeight = 0;
    this.#epochCorrect = 0;
    this.#epochRows = 0;
    this.#epochStartedAt = performance.now();
  }

  /** Tells of a finished epoch; its evaluation, if one was due, is in by now. */
  flushEpoch(): void {
    if (this.#pendingEpoch === undefined) return;
    this.#emit(this.#pendingEpoch);
    this.#pendingEpoch = undefined;
  }

  /**
   * An evaluation of the present parameters.
   *
   * @param average  name of the averaged parameters that were evaluated instead of the raw ones
   */
  evaluated(split: SplitName, result: Evaluation, average?: AverageName): void {
    const loss = lossName(split, average);
    const values = Object.entries(result.metrics).map(([name, value]): [string, number] => [metricName(split, name, average), value]);
    if (average === undefined) {
      this.#evaluatedAt.set(split, this.step);
      this.#evaluation = { ...result, split };
      if (this.#pendingEpoch !== undefined) this.#pendingEpoch.evaluation = this.#evaluation;
      // A matrix is no point of a curve: the last one goes into the summary.
      if (result.confusion !== undefined) this.#confusion = { ...this.#confusion, [split]: result.confusion };
    }
    const numbers = Object.fromEntries(values.map(([name, value]) => [name, finiteOrNull(value)]));
    this.#write({ step: this.step, epoch: this.#epochOf(this.step), [loss]: finiteOrNull(result.loss), ...numbers });
    this.#keepBest(loss, result.loss, true);
    for (const [i, [name, value]] of values.entries()) this.#keepBest(name, value, isLowerBetter(Object.keys(result.metrics)[i] ?? name));
  }

  /** What the last step did to each tensor, and what its layers put out. */
  statistics(changes: readonly TensorChange[], activity: readonly LayerActivity[]): void {
    const line: MetricsLine = { step: this.step, epoch: this.#epochOf(this.step) };
    for (const { tensor, weightNorm, updateNorm } of changes) {
      line[`${tensor.name}.norm`] = finiteOrNull(weightNorm);
      line[`${tensor.name}.update_ratio`] = finiteOrNull(updateNorm / weightNorm);
    }
    for (const { layer, mean, std, zeros, largest } of activity) {
      const name = `layers.${layer}.activation`;
      Object.assign(line, { [`${name}.mean`]: mean, [`${name}.std`]: std, [`${name}.zeros`]: zeros, [`${name}.largest`]: largest });
    }
    this.#write(line);
  }

  /** Looks at the outputs of the last step for signs of trouble. */
  inspect(activity: readonly LayerActivity[]): void {
    this.#watch.activity(activity, this.#experiment.model.layers);
  }

  #keepBest(name: string, value: number, lowerIsBetter: boolean): void {
    const best = this.#best[name];
    if (!Number.isFinite(value)) return;
    if (best === undefined || (lowerIsBetter ? value < best.value : value > best.value)) this.#best[name] = { value, step: this.step };
  }

  progress(phases: readonly PhaseSeconds[]): RunProgress {
    const now = performance.now();
    const marks = this.#rateMarks;
    marks.push({ at: now, samples: this.#samples });
    while (marks.length > 2 && now - (marks[1]?.at ?? now) > RATE_WINDOW_MS) marks.shift();
    const oldest = marks[0] ?? { at: now, samples: 0 };
    const samplesPerSecond = now > oldest.at ? ((this.#samples - oldest.samples) * 1000) / (now - oldest.at) : 0;
    const left = this.#batches.totalSteps - this.step;
    const elapsed = (now - this.#startedAt) / 1000;
    return {
      type: 'progress',
      step: this.step,
      totalSteps: this.#batches.totalSteps,
      epoch: this.#epochOf(this.step),
      stepsPerEpoch: this.#batches.stepsPerEpoch,
      loss: this.#last['train.loss'] ?? undefined,
      samplesPerSecond,
      phases: shares(phases),
      secondsLeft: this.step === 0 ? undefined : (elapsed / this.step) * left,
      evaluation: this.#evaluation,
    };
  }

  summarise(phases: readonly PhaseSeconds[]): Omit<Summary, 'id' | 'status' | 'directory' | 'workers' | 'digest'> {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return {
      name: this.#experiment.name,
      steps: this.step,
      epochs: this.#epochOf(this.step),
      seconds,
      samples_per_second: seconds > 0 ? this.#samples / seconds : 0,
      last: this.#last,
      best: this.#best,
      ...(this.#confusion && { confusion: this.#confusion }),
      phases: shares(phases),
    };
  }

  #write(line: MetricsLine): void {
    const { step: _step, epoch: _epoch, ...values } = line;
    Object.assign(this.#last, values);
    this.#emit({ type: 'metrics', line });
    try {
      this.#file?.append(line);
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      this.#emit({ type: 'warning', code: 'W_STORAGE', message: `${error.message}; training goes on without writing metrics` });
    }
  }
}

function optional(name: string, value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { [name]: value };
}

/** Shares of all workers' time together; zeros before the first step. */
function shares(phases: readonly PhaseSeconds[]): Summary['phases'] {
  const sum = { compute: 0, wait: 0, reduce: 0 };
  for (const { compute, wait, reduce } of phases) {
    sum.compute += compute;
    sum.wait += wait;
    sum.reduce += reduce;
  }
  const total = sum.compute + sum.wait + sum.reduce;
  return total === 0 ? sum : { compute: sum.compute / total, wait: sum.wait / total, reduce: sum.reduce / total };
}
