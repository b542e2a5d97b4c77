import { type AverageName, lossName, metricName } from '../../config/check/evaluated.ts';
import { goalOf } from '../../config/names/metrics.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { SplitName } from '../../data/dataset.ts';
import type { StepRecord } from '../../engine/coordinator/engine.ts';
import type { LayerActivity, TensorChange } from '../../engine/coordinator/shared-state.ts';
import type { BatchPlan } from '../../engine/plan/batches.ts';
import type { PhaseSeconds } from '../../engine/plan/control.ts';
import type { Evaluation } from '../../engine/rank/evaluation.ts';
import type { GradloomError } from '../../errors.ts';
import type { LineFile } from '../../storage/lines.ts';
import { isLoss } from '../../storage/loss.ts';
import type { MetricsLine, RunEpoch, RunEvent, RunProgress, Summary } from '../events.ts';
import { finiteOrNull } from '../files/metrics.ts';
import type { DigestLine } from '../files/state-tensors.ts';
import type { LikelyCause } from './causes.ts';
import type { LearningRate } from './learning-rate.ts';
import { Pace, shares } from './pace.ts';
import { type EpochSums, NO_SUMS, type RecorderState } from './recorder-state.ts';
import { Teller } from './teller.ts';
import { Watch } from './watch.ts';

/** Steps that diverged.json shows. */
const RECENT_STEPS = 50;

/** The files that a recorder writes. */
export interface RunLines {
  metrics: LineFile;
  digests: LineFile;
}

/**
 * Turns finished steps and evaluations into metrics, events and the summary. What it writes to metrics.jsonl depends on the sequence
 * of steps and evaluations alone, never on when it was told of them.
 */
export class Recorder {
  readonly #experiment: Experiment;
  readonly #batches: BatchPlan;
  readonly #hasAccuracy: boolean;
  readonly #files: RunLines | undefined;
  readonly #emit: (event: RunEvent) => void;
  readonly #teller: Teller;
  readonly #pace = new Pace();
  #last: Record<string, number | null> = {};
  #best: Summary['best'] = {};
  /** Step at which each split was last evaluated. */
  #evaluatedAt = new Map<SplitName, number>();
  #evaluation: RunProgress['evaluation'];
  #confusion: Summary['confusion'];
  #epoch: EpochSums = { ...NO_SUMS };
  #epochStartedAt = performance.now();
  /** A finished epoch that waits for the evaluation at its end. */
  #pendingEpoch: RunEpoch | undefined;
  #recent: StepRecord[] = [];
  readonly #watch: Watch;
  readonly #rates: LearningRate;
  #lost: GradloomError | undefined;
  /** Updates done, or left out. */
  step = 0;

  constructor(
    experiment: Experiment,
    batches: BatchPlan,
    hasAccuracy: boolean,
    files: RunLines | undefined,
    rates: LearningRate,
    emit: (event: RunEvent) => void,
    likelyCause: LikelyCause,
  ) {
    this.#experiment = experiment;
    this.#batches = batches;
    this.#hasAccuracy = hasAccuracy;
    this.#files = files;
    this.#rates = rates;
    this.#emit = emit;
    this.#teller = new Teller(emit);
    this.#watch = new Watch(this.#teller.tell, likelyCause);
  }

  /** Passes on an event that the experiment determines. */
  get tell(): (event: RunEvent) => void {
    return this.#teller.tell;
  }

  /** A copy of the state, at a step boundary without a pending epoch. */
  state(): RecorderState {
    return structuredClone({
      step: this.step,
      last: this.#last,
      best: this.#best,
      evaluatedAt: [...this.#evaluatedAt],
      evaluation: this.#evaluation ?? null,
      confusion: this.#confusion ?? null,
      epoch: this.#epoch,
      recent: this.#recent,
      watch: this.#watch.state(),
      events: this.#teller.count,
      seconds: this.#pace.seconds,
      samples: this.#pace.samples,
      metricsBytes: this.#files?.metrics.length ?? 0,
      digestsBytes: this.#files?.digests.length ?? 0,
    });
  }

  /** Goes on from a state; the files must be as long as it says, or longer. */
  restore(saved: RecorderState): void {
    const state = structuredClone(saved);
    this.#report(this.#files?.metrics.cut(state.metricsBytes));
    this.#report(this.#files?.digests.cut(state.digestsBytes));
    this.step = state.step;
    this.#last = state.last;
    this.#best = state.best;
    this.#evaluatedAt = new Map(state.evaluatedAt);
    this.#evaluation = state.evaluation ?? undefined;
    this.#confusion = state.confusion ?? undefined;
    this.#epoch = state.epoch;
    this.#pendingEpoch = undefined;
    this.#recent = state.recent;
    this.#watch.restore(state.watch);
    this.#teller.rewind(state.events);
    this.#pace.resume(state.step, state.seconds, state.samples);
  }

  /** Why no line will ever be written any more: the run has another owner, or its directory is gone. */
  get lost(): GradloomError | undefined {
    return this.#lost;
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
    this.#epoch.loss += loss * weight;
    this.#epoch.weight += weight;
    this.#epoch.correct += correct;
    this.#epoch.rows += rows;
    this.#pace.add(rows);
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
    const { loss, weight, correct, rows } = this.#epoch;
    const trainLoss = weight === 0 ? 0 : loss / weight;
    const trainAccuracy = this.#hasAccuracy ? correct / rows : undefined;
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
    this.#epoch = { ...NO_SUMS };
    this.#epochStartedAt = performance.now();
  }

  /** Tells of a finished epoch; its evaluation, if one was due, is in by now. */
  flushEpoch(): void {
    if (this.#pendingEpoch === undefined) return;
    this.tell(this.#pendingEpoch);
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
    for (const [name, value] of [[loss, result.loss] as const, ...values]) this.#keepBest(name, value);
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
    this.#watch.activity(activity, this.#experiment.optimizer.lr);
  }

  #keepBest(name: string, value: number): void {
    const best = this.#best[name];
    if (!Number.isFinite(value)) return;
    if (best === undefined || (goalOf(name) === 'minimize' ? value < best.value : value > best.value))
      this.#best[name] = { value, step: this.step };
  }

  /** The training state's digest. */
  digest(line: DigestLine): void {
    this.#append('digests', line);
  }

  progress(phases: readonly PhaseSeconds[]): RunProgress {
    return {
      type: 'progress',
      step: this.step,
      totalSteps: this.#batches.totalSteps,
      epoch: this.#epochOf(this.step),
      stepsPerEpoch: this.#batches.stepsPerEpoch,
      loss: this.#last['train.loss'] ?? undefined,
      samplesPerSecond: this.#pace.rates.lately,
      phases: shares(phases),
      secondsLeft: this.#pace.secondsLeft(this.step, this.#batches.totalSteps),
      evaluation: this.#evaluation,
    };
  }

  summarise(phases: readonly PhaseSeconds[]): Omit<Summary, 'id' | 'status' | 'directory' | 'workers' | 'digest'> {
    return {
      name: this.#experiment.name,
      steps: this.step,
      epochs: this.#epochOf(this.step),
      seconds: this.#pace.seconds,
      samples_per_second: this.#pace.rates.whole,
      last: this.#last,
      best: this.#best,
      ...(this.#confusion && { confusion: this.#confusion }),
      phases: shares(phases),
    };
  }

  #write(line: MetricsLine): void {
    const { step: _step, epoch: _epoch, ...values } = line;
    Object.assign(this.#last, values);
    this.tell({ type: 'metrics', line });
    this.#append('metrics', line);
  }

  #append(file: keyof RunLines, line: object): void {
    this.#report(this.#files?.[file].append(line));
  }

  #report(failure: GradloomError | undefined): void {
    if (failure === undefined) return;
    if (isLoss(failure)) {
      this.#lost ??= failure;
      return;
    }
    const message = `${failure.where}: ${failure.message}; training goes on and keeps the lines in memory`;
    this.#emit({ type: 'warning', code: 'W_STORAGE', message });
  }
}

function optional(name: string, value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { [name]: value };
}
