import type { Experiment } from '../../config/schema/schema.ts';
import { type Dataset, SPLITS, type SplitName } from '../../data/dataset.ts';
import type { Engine, SegmentEnd } from '../../engine/coordinator/engine.ts';
import type { CodeUse } from '../../engine/coordinator/native.ts';
import { batchesAt } from '../../engine/plan/batches.ts';
import { PLATEAU_START } from '../../optim/plateau.ts';
import type { Keeper } from '../checkpoint/keeper.ts';
import type { LoopState, RunState } from '../checkpoint/run-state.ts';
import type { RunProgress } from '../events.ts';
import { digestLine } from '../files/digests.ts';
import { Stops } from '../prepare/stops.ts';
import { Decisions } from '../record/decisions.ts';
import { type Divergence, describeEvaluation, describeStep } from '../record/divergence.ts';
import { EARLY_STOP_START } from '../record/early-stop.ts';
import type { LearningRate } from '../record/learning-rate.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Guard } from '../team/guard.ts';
import { Survival } from './survival.ts';
import type { Tuning } from './tuning.ts';
import { Vectors } from './vectors.ts';

export interface LoopParts {
  engine: Engine;
  dataset: Dataset;
  recorder: Recorder;
  rates: LearningRate;
  signal: AbortSignal | undefined;
  /** Told of machine code that came after the first steps. */
  onCode: (code: CodeUse) => void;
  /** Step to end at, if it is before the last one. */
  pauseAt: number | undefined;
  /** Of a run of several processes. */
  guard?: Guard | undefined;
}

/** Training from one step to the last: segments, the evaluations between them, and what these decide. */
export class Loop {
  readonly #parts: LoopParts;
  readonly #experiment: Experiment;
  readonly #stops: Stops;
  readonly #decisions: Decisions;
  readonly #vectors: Vectors;
  readonly #survival: Survival;
  #engine: Engine;
  #state: LoopState;

  constructor(parts: LoopParts) {
    const { engine, recorder, rates } = parts;
    this.#parts = parts;
    this.#engine = engine;
    this.#experiment = engine.plan.experiment;
    this.#stops = new Stops(engine.plan);
    this.#decisions = new Decisions(this.#experiment, recorder);
    this.#vectors = new Vectors(engine);
    this.#survival = new Survival(this.#experiment, this.#vectors, recorder);
    this.#state = loopStart(this.#experiment);
    rates.follow(this.#state);
    this.#keepGood();
  }

  get step(): number {
    return this.#state.step;
  }

  /** Updates done, those of a segment that was broken off among them. */
  get reached(): number {
    return this.#parts.recorder.step;
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** What ended training, if it diverged. */
  get divergence(): Divergence | undefined {
    return this.#survival.divergence;
  }

  /** The step whose parameters are there after a divergence. */
  get parametersOf(): number | undefined {
    return this.#survival.parametersOf;
  }

  /** The state of affairs; takes in the steps done since the last call. */
  progress(): RunProgress {
    this.#parts.recorder.take(this.#engine.takeSteps());
    if (this.#parts.recorder.lost !== undefined) this.#engine.requestStop();
    return this.#parts.recorder.progress(this.#engine.phaseSeconds());
  }

  /** All that decides what comes after; between two steps only. */
  state(): RunState {
    this.#state.firstLoss = this.#engine.firstLoss;
    const recorder = this.#parts.recorder.state();
    return { loop: structuredClone(this.#state), recorder, state: this.#vectors.snapshot(), ...this.#vectors.landmarks };
  }

  /** Goes on from a state of this run, on the same engine or, where that is broken, on a new one. */
  restore({ loop, recorder, state, ...landmarks }: RunState, engine = this.#engine): void {
    this.#engine = engine;
    this.#state = structuredClone(loop);
    this.#parts.rates.follow(this.#state);
    engine.firstLoss = loop.firstLoss;
    this.#vectors.restore(state, landmarks, engine);
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
    while (!this.#state.isOver && this.step < totalSteps) {
      if (this.#engine.isCodeDue) await this.#takeCode();
      if (this.step >= pauseAt) {
        await recorder.timed('checkpoint', () => keeper.keepLast(() => this.state()));
        return 'paused';
      }
      const target = Math.min(pauseAt, this.#stops.after(this.step));
      const end = await this.#trainTo(target, keeper, tuning);
      const isTeamAsked = await this.#meetTeam();
      if (end.diverged !== undefined) {
        this.#survival.survive(
          this.#state,
          describeStep(this.#engine, this.#parts.dataset, end.diverged, this.#parts.rates.at(end.diverged.step), recorder.recent),
        );
        // A step that was left out may be the last one before a stop.
        if (this.step < target) continue;
      }
      const decision = this.step === target ? await this.#atStop(end.diverged !== undefined) : 'go on';
      recorder.flushEpoch();
      if (recorder.lost !== undefined) throw recorder.lost;
      if (decision === 'back') continue;
      this.#state.isOver = decision === 'stop' || this.step === totalSteps;
      if (this.#state.isOver || (this.step === target && this.#stops.isDigest(this.step))) this.#digest();
      if (this.#state.isOver) break;
      if (isTeamAsked ?? signal?.aborted === true) {
        await recorder.timed('checkpoint', () => keeper.keepLast(() => this.state()));
        return 'interrupted';
      }
      if (decision === 'keep' || this.#stops.isCheckpoint(this.step) || keeper.isDue)
        await recorder.timed('checkpoint', () => keeper.keep(this.state()));
      if (tuning.isDue) await this.#tune(tuning);
    }
    this.#state.isOver = true;
    await recorder.timed('checkpoint', () => keeper.keepLast(() => this.state()));
    await this.#end();
    return 'finished';
  }

  /** After the last step: the parameters to end with, and what is known of them. */
  async #end(): Promise<void> {
    const { best } = this.#vectors.landmarks;
    if (this.#experiment.train.early_stop?.restore_best === true && best !== undefined && best.step !== this.step) {
      this.#vectors.putBack(best.state);
      this.#parts.recorder.restored(best.step);
    }
    for (const split of SPLITS) {
      const bad = this.#parts.recorder.isEvaluated(split) ? undefined : await this.#evaluate(split);
      if (bad !== undefined) this.#survival.survive(this.#state, bad, 'stop');
    }
  }

  /** @returns whether one of the processes of the run was asked to end; undefined where it is one by itself */
  async #meetTeam(): Promise<boolean | undefined> {
    const { guard, signal } = this.#parts;
    return guard?.meet(this.#engine.plan, this.step, signal?.aborted === true, () => this.#vectors.snapshot());
  }

  async #takeCode(): Promise<void> {
    const engine = this.#engine;
    await this.#parts.recorder.timed('start', () => engine.takeCode());
    this.#parts.onCode(engine.code);
  }

  async #tune(tuning: Tuning<Engine>): Promise<void> {
    const next = await tuning.next(this.#engine);
    if (next !== this.#engine) this.restore(this.state(), next);
  }

  async #trainTo(target: number, keeper: Keeper, tuning: Tuning<Engine>): Promise<SegmentEnd> {
    const { recorder, rates, signal } = this.#parts;
    this.#vectors.forgetCopy();
    try {
      const started = performance.now();
      const segment = recorder.timed('training', () => this.#engine.train(this.step, target, rates));
      const engine = this.#engine;
      if (signal?.aborted === true || keeper.isDue || tuning.isDue || engine.isCodeDue) engine.requestStop();
      const end = await segment;
      // Before it has its machine code, it is not the engine that there will be.
      if (engine.hasItsCode) tuning.took(end.steps, (performance.now() - started) / 1000);
      this.#state.step += end.steps;
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
    const step = this.step;
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
      this.#survival.survive(this.#state, bad, 'rollback');
      return 'back';
    }
    this.#keepGood();
    return this.#decide();
  }

  #decide(): 'go on' | 'keep' | 'stop' {
    const { isImproved, isToKeep, isLast } = this.#decisions.take(this.#state, this.step, this.#vectors.landmarks.best?.step);
    if (isImproved) this.#vectors.keepBest(this.step);
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
      const result = await recorder.timed('evaluation', () => this.#engine.evaluate(split, average !== undefined));
      if (result === undefined) return undefined;
      if (!Number.isFinite(result.loss)) return describeEvaluation(split, result.loss, this.step, rates.at(this.step), recorder.recent);
      recorder.evaluated(split, result, average);
    }
    return undefined;
  }

  #digest(): void {
    this.#parts.recorder.digest(digestLine(this.#engine.plan, this.step, this.#vectors.snapshot()));
  }

  #keepGood(): void {
    this.#vectors.keepGood(this.step, this.#experiment.train.on_nonfinite.type === 'rollback');
  }
}

/** Before the first step. */
function loopStart({ train }: Experiment): LoopState {
  return {
    step: 0,
    isOver: false,
    firstLoss: undefined,
    lrFactor: 1,
    rollbacks: 0,
    skippedInRow: 0,
    lastSkipped: -1,
    plateau: PLATEAU_START,
    earlyStop: train.early_stop && EARLY_STOP_START,
    bestKept: undefined,
  };
}
