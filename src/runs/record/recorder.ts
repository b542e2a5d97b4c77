import type { AverageName } from '../../config/check/evaluated.ts';
import { goalOf } from '../../config/names/metrics.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { SplitName } from '../../data/dataset.ts';
import type { StepRecord } from '../../engine/coordinator/engine.ts';
import type { LayerActivity, TensorChange } from '../../engine/coordinator/shared-state.ts';
import type { BatchPlan } from '../../engine/plan/batches.ts';
import type { PhaseSeconds } from '../../engine/plan/control.ts';
import type { Evaluation } from '../../engine/rank/evaluation.ts';
import type { GradloomError } from '../../errors.ts';
import type { MetricsLine, RunEpoch, RunEvent, RunMetrics, RunProgress, Summary } from '../events.ts';
import type { DigestLine } from '../files/digests.ts';
import type { RunLines } from '../files/run-lines.ts';
import type { LikelyCause } from './causes.ts';
import type { LearningRate } from './learning-rate.ts';
import { LineWriter } from './line-writer.ts';
import { epochValues, evaluationNumbers, finiteOrNull, type MetricsValues, statisticsValues, stepValues } from './metrics-values.ts';
import { type Activity, Pace, shares } from './pace.ts';
import { NO_SUMS, RECORDER_START, type RecorderState } from './recorder-state.ts';
import { Teller } from './teller.ts';
import { Watch } from './watch.ts';

/** Steps that diverged.json shows. */
const RECENT_STEPS = 50;

/**
 * Turns finished steps and evaluations into metrics, events and the summary. What it writes to metrics.jsonl depends on the sequence
 * of steps and evaluations alone, never on when it was told of them.
 */
export class Recorder {
  readonly #experiment: Experiment;
  readonly #batches: BatchPlan;
  readonly #hasAccuracy: boolean;
  readonly #lines: LineWriter;
  readonly #teller: Teller;
  readonly #pace: Pace;
  readonly #watch: Watch;
  readonly #rates: LearningRate;
  #state: RecorderState = structuredClone(RECORDER_START);
  #epochStartedAt = performance.now();
  /** A finished epoch that waits for the evaluation at its end. */
  #pendingEpoch: RunEpoch | undefined;

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
    this.#rates = rates;
    this.#lines = new LineWriter(files, emit);
    this.#teller = new Teller(emit, this.#state);
    this.#pace = new Pace(this.#state);
    this.#watch = new Watch(this.#teller.tell, likelyCause, this.#state.watch);
  }

  /** Passes on an event that the experiment determines. */
  get tell(): (event: RunEvent) => void {
    return this.#teller.tell;
  }

  /** A copy of the state, at a step boundary without a pending epoch. */
  state(): RecorderState {
    Object.assign(this.#state, { seconds: this.#pace.seconds, ...this.#lines.lengths });
    return structuredClone(this.#state);
  }

  /** Goes on from a state; the files must be as long as it says, or longer. */
  restore(saved: RecorderState): void {
    const state = structuredClone(saved);
    this.#state = state;
    this.#lines.cutTo(state);
    this.#pendingEpoch = undefined;
    this.#watch.restore(state.watch);
    this.#teller.restore(state);
    this.#pace.restore(state.step, state);
  }

  /** Updates done, or left out. */
  get step(): number {
    return this.#state.step;
  }

  /** Why no line will ever be written any more: the run has another owner, or its directory is gone. */
  get lost(): GradloomError | undefined {
    return this.#lines.lost;
  }

  /** Does work, and counts its time. */
  async timed<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.spend(activity, (performance.now() - started) / 1000);
    }
  }

  spend(activity: Activity, seconds: number): void {
    this.#pace.spend(activity, seconds);
  }

  /** The last steps, the latest last. */
  get recent(): readonly StepRecord[] {
    return this.#state.recent;
  }

  isEvaluated(split: SplitName): boolean {
    return this.#state.evaluatedAt.some(([name, step]) => name === split && step === this.step);
  }

  /** The latest value of a metric by its dotted name. */
  latest(name: string): number | undefined {
    return this.#state.last[name] ?? undefined;
  }

  take(records: readonly StepRecord[]): void {
    for (const record of records) this.#takeStep(record);
  }

  #takeStep(record: StepRecord): void {
    const { step, loss, correct, rows, weight } = record;
    this.flushEpoch();
    const { recent, last, epoch } = this.#state;
    recent.push(record);
    if (recent.length > RECENT_STEPS) recent.shift();
    this.#watch.step(record);
    if (step % this.#experiment.track.log_every.steps === 0)
      this.#write(this.#line(step, stepValues(record, this.#rates.at(step), this.#experiment)));
    last['train.loss'] = finiteOrNull(loss);
    epoch.loss += loss * weight;
    epoch.weight += weight;
    epoch.correct += correct;
    epoch.rows += rows;
    this.#pace.add(rows);
    this.#passStep(step);
  }

  /** A step was left out: its batch counts for nothing. */
  skip(step: number): void {
    this.#write(this.#line(step, { skipped: 1 }));
    this.#passStep(step);
  }

  /** Training starts again after `step` updates, with a lower learning rate. */
  rollback(from: number, step: number, lrFactor: number): void {
    this.flushEpoch();
    this.#write(this.#line(from, { 'rollback.to': step, 'rollback.lr_factor': lrFactor }));
    this.#state.step = step;
    // What the epoch had before is not kept: its means are those of the steps from here on.
    this.#startEpoch();
  }

  /** Training ends with the parameters of an earlier evaluation. */
  restored(step: number): void {
    this.#write(this.#line(this.step, { 'restored.from': step }));
    this.#state.evaluatedAt = [];
  }

  #line(step: number, values: MetricsValues): MetricsLine {
    return { step, epoch: this.#epochOf(step), ...values };
  }

  #epochOf(step: number): number {
    return Math.floor(step / this.#batches.stepsPerEpoch);
  }

  #passStep(step: number): void {
    this.#state.step = step + 1;
    // Where an epoch is a single step, its mean is that step's loss: nothing to add.
    if (this.#batches.stepsPerEpoch > 1 && this.step % this.#batches.stepsPerEpoch === 0) this.#endEpoch(this.#epochOf(step) + 1);
  }

  #endEpoch(epoch: number): void {
    const { loss, weight, correct, rows } = this.#state.epoch;
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
    this.#write({ step: this.step, epoch, ...epochValues(trainLoss, trainAccuracy) });
    this.#startEpoch();
  }

  #startEpoch(): void {
    this.#state.epoch = { ...NO_SUMS };
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
    if (average === undefined) this.#keepEvaluation(split, result);
    const numbers = evaluationNumbers(split, result, average);
    const { confusion: matrix } = average === undefined ? result : {};
    const line = this.#line(this.step, Object.fromEntries(numbers.map(([name, value]) => [name, finiteOrNull(value)])));
    this.#write(line, matrix && { split, matrix });
    for (const [name, value] of numbers) this.#keepBest(name, value);
  }

  #keepEvaluation(split: SplitName, result: Evaluation): void {
    const state = this.#state;
    const known = state.evaluatedAt.find(([name]) => name === split);
    if (known === undefined) state.evaluatedAt.push([split, this.step]);
    else known[1] = this.step;
    state.evaluation = { ...result, split };
    if (this.#pendingEpoch !== undefined) this.#pendingEpoch.evaluation = state.evaluation;
    // A matrix is no point of a curve: the last one goes into the summary.
    if (result.confusion !== undefined) state.confusion = { ...state.confusion, [split]: result.confusion };
  }

  /** What the last step did to each tensor, and what its layers put out. */
  statistics(changes: readonly TensorChange[], activity: readonly LayerActivity[]): void {
    this.#write(this.#line(this.step, statisticsValues(changes, activity)));
  }

  /** Looks at the outputs of the last step for signs of trouble. */
  inspect(activity: readonly LayerActivity[]): void {
    this.#watch.activity(activity, this.#experiment.optimizer.lr);
  }

  #keepBest(name: string, value: number): void {
    const { best, step } = this.#state;
    const before = best[name];
    if (!Number.isFinite(value)) return;
    if (before === undefined || (goalOf(name) === 'minimize' ? value < before.value : value > before.value)) best[name] = { value, step };
  }

  /** The training state's digest. */
  digest(line: DigestLine): void {
    this.#lines.append('digests', line);
  }

  progress(phases: readonly PhaseSeconds[]): RunProgress {
    return {
      type: 'progress',
      step: this.step,
      totalSteps: this.#batches.totalSteps,
      epoch: this.#epochOf(this.step),
      stepsPerEpoch: this.#batches.stepsPerEpoch,
      loss: this.latest('train.loss'),
      samplesPerSecond: this.#pace.rates.lately,
      phases: shares(phases),
      secondsLeft: this.#pace.secondsLeft(this.step, this.#batches.totalSteps),
      evaluation: this.#state.evaluation ?? undefined,
    };
  }

  summarise(phases: readonly PhaseSeconds[]): Omit<Summary, 'id' | 'status' | 'directory' | 'workers' | 'digest'> {
    const { step, last, best, confusion } = this.#state;
    const { spent } = this.#pace;
    return {
      name: this.#experiment.name,
      steps: step,
      epochs: this.#epochOf(step),
      seconds: this.#pace.seconds,
      samples_per_second: this.#pace.rates.whole,
      training_seconds: spent.training,
      evaluation_seconds: spent.evaluation,
      checkpoint_seconds: spent.checkpoint,
      start_seconds: spent.start,
      last,
      best,
      ...(confusion && { confusion }),
      phases: shares(phases),
      worker_phases: phases.map(({ compute, wait, reduce }) => ({ compute, wait, reduce })),
    };
  }

  #write(line: MetricsLine, confusion?: RunMetrics['confusion']): void {
    const { step: _step, epoch: _epoch, ...values } = line;
    Object.assign(this.#state.last, values);
    this.tell({ type: 'metrics', line, ...(confusion && { confusion }) });
    this.#lines.append('metrics', line);
  }
}
