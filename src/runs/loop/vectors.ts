import type { Engine } from '../../engine/coordinator/engine.ts';
import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import type { Landmark, Landmarks } from '../checkpoint/run-state.ts';

/** The vectors of an engine: copied once where several want them, put back, and remembered at the points worth going back to. */
export class Vectors {
  #engine: Engine;
  /** The vectors as they are now, if a copy was made since they last changed. */
  #copy: TrainingState | undefined;
  #landmarks: Landmarks = { best: undefined, good: undefined };

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get landmarks(): Landmarks {
    return this.#landmarks;
  }

  /** Goes on from a state of the run, maybe on another engine. */
  restore(state: TrainingState, landmarks: Landmarks, engine: Engine): void {
    this.#engine = engine;
    this.#landmarks = landmarks;
    this.putBack(state);
  }

  /** A copy that is never written to. */
  snapshot(): TrainingState {
    this.#copy ??= this.#engine.shared.snapshot();
    return this.#copy;
  }

  putBack(state: TrainingState): void {
    this.#engine.shared.restore(state);
    this.#copy = undefined;
  }

  /** The engine is about to change them. */
  forgetCopy(): void {
    this.#copy = undefined;
  }

  /** Those of a step are the best so far. */
  keepBest(step: number): void {
    this.#landmarks = { ...this.#landmarks, best: { step, state: withoutOptimizer(this.snapshot()) } };
  }

  /** Those of a step are good, if they are finite. @param hasOptimizer  a rollback may need all of them */
  keepGood(step: number, hasOptimizer: boolean): void {
    const state = this.snapshot();
    if (isAllFinite(state)) this.#landmarks = { ...this.#landmarks, good: { step, state: hasOptimizer ? state : withoutOptimizer(state) } };
  }

  /** Values that an overflowing update left are not worth saving: puts the last good ones back. @returns where they are of, if it did */
  keepFinite(): Landmark | undefined {
    const { good } = this.#landmarks;
    if (good === undefined || isAllFinite(this.#engine.shared.snapshot())) return undefined;
    this.putBack(good.state);
    return good;
  }
}

function withoutOptimizer(state: TrainingState): TrainingState {
  return { ...state, optimizer: [] };
}

function isAllFinite({ parameters, statistics, averages }: TrainingState): boolean {
  return [parameters, statistics, ...averages].every((vector) => vector.every(Number.isFinite));
}
