import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset, SplitName } from '../../data/dataset.ts';
import type { Engine, SegmentEnd } from '../../engine/coordinator/engine.ts';
import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import { batchesAt } from '../../engine/plan/batches.ts';
import type { Keeper } from '../checkpoint/keeper.ts';
import type { Landmark, LoopState, RunState } from '../checkpoint/run-state.ts';
import type { RunProgress } from '../events.ts';
import { digestLine } from '../files/state-tensors.ts';
import { Stops } from '../prepare/stops.ts';
import { Decisions } from '../record/decisions.ts';
import { type Divergence, describeEvaluation, describeStep, divergenceError } from '../record/divergence.ts';
import type { LearningRate } from '../record/learning-rate.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Tuning } from './tuning.ts';

const SPLITS = ['train', 'val', 'test'] as const satisfies SplitName[];

export interface LoopParts {
  engine: Engine;
  dataset: Dataset;
  recorder: Recorder;
  rates: LearningRate;
  signal: AbortSignal | undefined;
  /** Step to end at, if it is before the last one. */
  pauseAt: number | undefined;
}

/** Training from one step to the last: segments, the evaluations between them, and what these decide. */
export class Loop {
  readonly #parts: LoopParts;
  readonly #experiment: Experiment;
  readonly #stops: Stops;
  readonly #decisions: Decisions;
  #engine: Engine;
  #step = 0;
  #isOver = false;
  /** Parameters of the best evaluation. */
  #best: Landmark | undefined;
  /** Everything as it was at the latest evaluation, or at the start, where all values were finite. */
  #lastGood: Landmark | undefined;
  #rollbacks = 0;
  /** Steps left out one after the other, up to `#lastSkipped`. */
  #skippedInRow = 0;
  #lastSkipped = -1;
  /** The vectors as they are now, if a copy was made since they last changed. */
  #copy: TrainingState | undefined;
  /** What ended training, if it diverged. */
  divergence: Divergence | undefined;
  /** The step whose parameters are there after a divergence. */
  parametersOf: number | undefined;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#engine = parts.engine;
    this.#experiment = parts.engine.plan.experiment;
    this.#stops = new Stops(parts.engine.plan);
    this.#decisions = new Decisions(this.#experiment, parts.recorder, parts.rates);
    this.#keepLastGood();
  }

  get step(): number {
    return this.#step;
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** The state of affairs; takes in the steps done since the last call. */
  progress(): RunProgress {
    this.#parts.recorder.take(this.#engine.takeSteps());
    if (this.#parts.recorder.lost !== undefined) this.#engine.requestStop();
    return this.#parts.recorder.progress(this.#engine.phaseSeconds());
  }

  /** All that decides what comes after; between two steps only. */
  state(): RunState {
    const { rates, recorder } = this.#parts;
    const loop: LoopState = {
      step: this.#step,
      isOver: this.#isOver,
      firstLoss: this.#engine.firstLoss,
      lrFactor: rates.lrFactor,
      rollbacks: this.#rollbacks,
      skippedInRow: this.#skippedInRow,
      lastSkipped: this.#lastSkipped,
      ...this.#decisions.state,
    };
    return { loop, recorder: recorder.state(), state: this.#snapshot(), best: this.#best, good: this.#lastGood };
  }

  /** Goes on from a state of this run, on the same engine or, where that is broken, on a new one. */
  restore({ loop, recorder, state, best, good }: RunState, engine = this.#engine): void {
    const { rates } = this.#parts;
    this.#engine = engine;
    this.#step = loop.step;
    this.#isOver = loop.isOver;
    engine.firstLoss = loop.firstLoss;
    rates.lrFactor = loop.lrFactor;
    this.#decisions.restore(loop);
    this.#rollbacks = loop.rollbacks;
    this.#skippedInRow = loop.skippedInRow;
    this.#lastSkipped = loop.lastSkipped;
    this.#best = best;
    this.#lastGood = good;
    this.#putBack(state);
    this.#parts.recorder.restore(recorder);
  }

  /** Asks for the end of the segment under way, at the next step. */
  interrupt(): void {
    this.#engine.requestStop();
  }

  /**
   * @returns whether training came to its own end, by its last step or by early stopping
   * @param keeper  gets the states to keep
   * @param tuning  may change the number of workers
   * @throws GradloomError E_DIVERGED, with `divergence` set; E_WORKER...; E_STORAGE if the state at the end cannot be
   *   kept, or the run's directory is gone; E_BUSY if it has another owner
   */
  async run(keeper: Keeper, tuning: Tuning<Engine>): Promise<'finished' | 'interrupted' | 'paused'> {
    const { totalSteps } = this.#engine.plan.batches;
    const { signal, pauseAt = totalSteps, recorder } = this.#parts;
    while (!this.#isOver && this.#step < totalSteps) {
      if (this.#step >= pauseAt) {
        await keeper.keepLast(() => this.state());
        return 'paused';
      }
      const target = Math.min(pauseAt, this.#stops.after(this.#step));
      const end = await this.#trainTo(target, keeper, tuning);
      if (end.diverged !== undefined) {
        this.#survive(
          describeStep(this.#engine, this.#parts.dataset, end.diverged, this.#parts.rates.at(end.diverged.step), recorder.recent),
        );
        // A step that was left out may be the last one before a stop.
        if (this.#step < target) continue;
      }
      const decision = this.#step === target ? await this.#atStop(end.diverged !== undefined) : 'go on';
      recorder.flushEpoch();
      if (recorder.lost !== undefined) throw recorder.lost;
      if (decision === 'back') continue;
      this.#isOver = decision === 'stop' || this.#step === totalSteps;
      if (this.#isOver || (this.#step === target && this.#stops.isDigest(this.#step))) this.#digest();
      if (this.#isOver) break;
      if (signal?.aborted === true) {
        await keeper.keepLast(() => this.state());
        return 'interrupted';
      }
      if (decision === 'keep' || this.#stops.isCheckpoint(this.#step) || keeper.isDue) await keeper.keep(this.state());
      if (tuning.isDue) await this.#tune(tuning);
    }
    this.#isOver = true;
    await keeper.keepLast(() => this.state());
    await this.#end();
    return 'finished';
  }

  /** After the last step: the parameters to end with, and what is known of them. */
  async #end(): Promise<void> {
    if (this.#experiment.train.early_stop?.restore_best === true && this.#best !== undefined && this.#best.step !== this.#step) {
      this.#putBack(this.#best.state);
      this.#parts.recorder.restored(this.#best.step);
    }
    for (const split of SPLITS) {
      const bad = this.#parts.recorder.isEvaluated(split) ? undefined : await this.#evaluate(split);
      if (bad !== undefined) this.#survive(bad, 'stop');
    }
  }

  async #tune(tuning: Tuning<Engine>): Promise<void> {
    const next = await tuning.next(this.#engine);
    if (next !== this.#engine) this.restore(this.state(), next);
  }

  async #trainTo(target: number, keeper: Keeper, tuning: Tuning<Engine>): Promise<SegmentEnd> {
    const { recorder, rates, signal } = this.#parts;
    this.#copy = undefined;
    try {
      const started = performance.now();
      const segment = this.#engine.train(this.#step, target, rates);
      if (signal?.aborted === true || keeper.isDue || tuning.isDue) this.#engine.requestStop();
      const end = await segment;
      tuning.took(end.steps, (performance.now() - started) / 1000);
      this.#step += end.steps;
      return end;
    } finally {
      recorder.take(this.#engine.takeSteps());
    }
  }

  /**
   * What is due at a stop.
   *
   * @param isLeftOut  the last step changed nothing, and what it put out is not finite
   * @returns keep: the best so far; back: training goes on from an earlier step
   */
  async #atStop(isLeftOut: boolean): Promise<'go on' | 'keep' | 'stop' | 'back'> {
    const { shared, plan } = this.#engine;
    const { recorder } = this.#parts;
    const step = this.#step;
    if (!isLeftOut && this.#stops.isShared(step)) {
      const activity = shared.activity(batchesAt(plan.batches, step - 1).at(-1)?.rows ?? 0);
      recorder.inspect(activity);
      if (this.#stops.isStatistics(step)) recorder.statistics(shared.changes(), activity);
    }
    const { on } = this.#experiment.train.eval;
    if (on === 'none' || !this.#stops.isEvaluation(step)) return 'go on';
    const bad = await this.#evaluate(on);
    if (bad !== undefined) {
      // There is no step to leave out: the parameters themselves are bad. Going back is the only way on.
      this.#survive(bad, 'rollback');
      return 'back';
    }
    this.#keepLastGood();
    return this.#decide();
  }

  #decide(): 'go on' | 'keep' | 'stop' {
    const { isImproved, isToKeep, isLast } = this.#decisions.take(this.#step, this.#best?.step);
    if (isImproved) this.#best = { step: this.#step, state: withoutOptimizer(this.#snapshot()) };
    if (isLast) return 'stop';
    return isToKeep ? 'keep' : 'go on';
  }

  /**
   * Evaluates the present parameters and, beside them, the averaged ones.
   *
   * @returns what is wrong, if a loss is not finite
   */
  async #evaluate(split: SplitName): Promise<Divergence | undefined> {
    const { recorder, rates } = this.#parts;
    const { type } = this.#experiment.train.average;
    for (const average of type === 'none' ? [undefined] : [undefined, type]) {
      const result = await this.#engine.evaluate(split, average !== undefined);
      if (result === undefined) return undefined;
      if (!Number.isFinite(result.loss)) return describeEvaluation(split, result.loss, this.#step, rates.at(this.#step), recorder.recent);
      recorder.evaluated(split, result, average);
    }
    return undefined;
  }

  #digest(): void {
    this.#parts.recorder.digest(digestLine(this.#engine.plan, this.#step, this.#snapshot()));
  }

  #snapshot(): TrainingState {
    this.#copy ??= this.#engine.shared.snapshot();
    return this.#copy;
  }

  #putBack(state: TrainingState): void {
    this.#engine.shared.restore(state);
    this.#copy = undefined;
  }

  #keepLastGood(): void {
    const state = this.#snapshot();
    if (!isAllFinite(state)) return;
    this.#lastGood = { step: this.#step, state: this.#experiment.train.on_nonfinite.type === 'rollback' ? state : withoutOptimizer(state) };
  }

  /** Parameters that an overflowing update left are not worth saving: back to the last good ones. */
  #keepFinite(): void {
    this.parametersOf = this.#step;
    if (this.#lastGood === undefined || isAllFinite(this.#engine.shared.snapshot())) return;
    this.#putBack(this.#lastGood.state);
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
    this.#parts.recorder.skip(step);
    this.#step = step + 1;
    return undefined;
  }

  /** @returns why not, if the limit is spent */
  #rollBack(divergence: Divergence, { limit, lr_factor: factor }: { limit: number; lr_factor: number }): string | undefined {
    const { rates, recorder } = this.#parts;
    this.#rollbacks++;
    if (this.#rollbacks > limit || this.#lastGood === undefined) return `, after ${limit} ${limit === 1 ? 'rollback' : 'rollbacks'}`;
    const { step, state } = this.#lastGood;
    rates.lrFactor *= factor;
    this.#warn(
      `${divergenceError(divergence).message} at step ${divergence.step}; back to step ${step} with ${rates.lrFactor} of the learning rate`,
    );
    this.#putBack(state);
    recorder.rollback(divergence.step, step, rates.lrFactor);
    this.#step = step;
    return undefined;
  }

  #warn(message: string): void {
    this.#parts.recorder.tell({ type: 'warning', code: 'W_NONFINITE', message });
  }
}

function withoutOptimizer(state: TrainingState): TrainingState {
  return { ...state, optimizer: [] };
}

function isAllFinite({ parameters, statistics, averages }: TrainingState): boolean {
  return [parameters, statistics, ...averages].every((vector) => vector.every(Number.isFinite));
}
