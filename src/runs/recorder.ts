import type { Experiment } from '../config/schema.ts';
import type { SplitName } from '../data/dataset.ts';
import { type BatchPlan, batchAt } from '../engine/batches.ts';
import type { PhaseSeconds } from '../engine/control.ts';
import type { Evaluation, StepRecord } from '../engine/engine.ts';
import { GradloomError } from '../errors.ts';
import type { MetricsLine, RunEpoch, RunEvent, RunProgress, Summary } from './events.ts';
import { finiteOrNull, type MetricsFile } from './metrics.ts';

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
  #epochLoss = 0;
  #epochCorrect = 0;
  #epochRows = 0;
  #epochStartedAt = this.#startedAt;
  /** A finished epoch that waits for the evaluation at its end. */
  #pendingEpoch: RunEpoch | undefined;
  #samples = 0;
  #rateMarks: { at: number; samples: number }[] = [];
  #finished = false;
  /** Updates done. */
  step = 0;

  constructor(
    experiment: Experiment,
    batches: BatchPlan,
    hasAccuracy: boolean,
    file: MetricsFile | undefined,
    emit: (event: RunEvent) => void,
  ) {
    this.#experiment = experiment;
    this.#batches = batches;
    this.#hasAccuracy = hasAccuracy;
    this.#file = file;
    this.#emit = emit;
  }

  get isComplete(): boolean {
    return this.#finished;
  }

  isEvaluated(split: SplitName): boolean {
    return this.#evaluatedAt.get(split) === this.step;
  }

  take(records: readonly StepRecord[]): void {
    for (const record of records) this.#takeStep(record);
  }

  #takeStep({ step, loss, correct, rows }: StepRecord): void {
    this.flushEpoch();
    const { epoch } = batchAt(this.#batches, step);
    if (step % this.#experiment.track.log_every.steps === 0) this.#write({ step, epoch, 'train.loss': finiteOrNull(loss) });
    this.#last['train.loss'] = finiteOrNull(loss);
    this.#epochLoss += loss * rows;
    this.#epochCorrect += correct;
    this.#epochRows += rows;
    this.#samples += rows;
    this.step = step + 1;
    // Where an epoch is a single step, its mean is that step's loss: nothing to add.
    if (this.#batches.stepsPerEpoch > 1 && this.step % this.#batches.stepsPerEpoch === 0) this.#endEpoch(epoch + 1);
  }

  #endEpoch(epoch: number): void {
    const trainLoss = this.#epochLoss / this.#epochRows;
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
    this.#epochLoss = 0;
    this.#epochCorrect = 0;
    this.#epochRows = 0;
    this.#epochStartedAt = now;
  }

  /** Tells of a finished epoch; its evaluation, if one was due, is in by now. */
  flushEpoch(): void {
    if (this.#pendingEpoch === undefined) return;
    this.#emit(this.#pendingEpoch);
    this.#pendingEpoch = undefined;
  }

  evaluated(split: SplitName, result: Evaluation | undefined): void {
    this.#evaluatedAt.set(split, this.step);
    if (result === undefined) return;
    this.#evaluation = { ...result, split };
    if (this.#pendingEpoch !== undefined) this.#pendingEpoch.evaluation = this.#evaluation;
    // train.loss is the loss of a batch; the whole set's has a name of its own.
    const lossName = split === 'train' ? 'train.eval_loss' : `${split}.loss`;
    const accuracy = this.#hasAccuracy ? result.accuracy : undefined;
    const epoch = Math.floor(this.step / this.#batches.stepsPerEpoch);
    this.#write({ step: this.step, epoch, [lossName]: finiteOrNull(result.loss), ...optional(`${split}.accuracy`, accuracy) });
    this.#keepBest(lossName, result.loss, (value, best) => value < best);
    if (accuracy !== undefined) this.#keepBest(`${split}.accuracy`, accuracy, (value, best) => value > best);
  }

  #keepBest(name: string, value: number, isBetter: (value: number, best: number) => boolean): void {
    const best = this.#best[name];
    if (best === undefined || isBetter(value, best.value)) this.#best[name] = { value, step: this.step };
  }

  finish(): void {
    this.#finished = true;
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
      epoch: Math.floor(this.step / this.#batches.stepsPerEpoch),
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
      epochs: Math.floor(this.step / this.#batches.stepsPerEpoch),
      seconds,
      samples_per_second: seconds > 0 ? this.#samples / seconds : 0,
      last: this.#last,
      best: this.#best,
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
