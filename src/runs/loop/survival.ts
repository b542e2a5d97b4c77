import type { Experiment } from '../../config/schema/schema.ts';
import type { LoopState } from '../checkpoint/run-state.ts';
import { type Divergence, divergenceError } from '../record/divergence.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Vectors } from './vectors.ts';

/** What becomes of a training that diverges: `train.on_nonfinite`. */
export class Survival {
  readonly #policy: Experiment['train']['on_nonfinite'];
  readonly #vectors: Vectors;
  readonly #recorder: Recorder;
  /** What ended training, if it diverged. */
  divergence: Divergence | undefined;
  /** The step whose parameters are there after a divergence. */
  parametersOf: number | undefined;

  constructor({ train }: Experiment, vectors: Vectors, recorder: Recorder) {
    this.#policy = train.on_nonfinite;
    this.#vectors = vectors;
    this.#recorder = recorder;
  }

  /**
   * Does what the experiment says about a divergence.
   *
   * @param state  of the loop: is changed to what training goes on from
   * @param only   the one policy that can help here; others stop
   * @throws GradloomError E_DIVERGED where that is to stop
   */
  survive(state: LoopState, divergence: Divergence, only?: 'rollback' | 'stop'): void {
    let spent: string | undefined = '';
    if (this.#policy.type === 'skip' && only === undefined) spent = this.#leaveOut(state, divergence, this.#policy.limit);
    if (this.#policy.type === 'rollback' && only !== 'stop') spent = this.#rollBack(state, divergence, this.#policy);
    if (spent === undefined) return;
    this.divergence = divergence;
    this.parametersOf = this.#vectors.keepFinite()?.step ?? state.step;
    throw divergenceError(divergence, spent);
  }

  /** @returns why not, if the limit is spent */
  #leaveOut(state: LoopState, divergence: Divergence, limit: number): string | undefined {
    const { step } = divergence;
    state.skippedInRow = step === state.lastSkipped + 1 ? state.skippedInRow + 1 : 1;
    state.lastSkipped = step;
    if (state.skippedInRow > limit) return `, after ${limit} skipped ${limit === 1 ? 'step' : 'steps in a row'}`;
    this.#warn(`step ${step} left out: ${divergenceError(divergence).message}`);
    this.#recorder.skip(step);
    state.step = step + 1;
    return undefined;
  }

  /** @returns why not, if the limit is spent */
  #rollBack(
    state: LoopState,
    divergence: Divergence,
    { limit, lr_factor: factor }: { limit: number; lr_factor: number },
  ): string | undefined {
    const { good } = this.#vectors.landmarks;
    state.rollbacks++;
    if (state.rollbacks > limit || good === undefined) return `, after ${limit} ${limit === 1 ? 'rollback' : 'rollbacks'}`;
    state.lrFactor *= factor;
    this.#warn(
      `${divergenceError(divergence).message} at step ${divergence.step}; back to step ${good.step} with ${state.lrFactor} of the learning rate`,
    );
    this.#vectors.putBack(good.state);
    this.#recorder.rollback(divergence.step, good.step, state.lrFactor);
    state.step = good.step;
    return undefined;
  }

  #warn(message: string): void {
    this.#recorder.tell({ type: 'warning', code: 'W_NONFINITE', message });
  }
}
