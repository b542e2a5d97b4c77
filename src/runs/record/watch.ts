import type { StepRecord } from '../../engine/coordinator/engine.ts';
import type { LayerActivity } from '../../engine/coordinator/shared-state.ts';
import type { RunEvent, RunWarning } from '../events.ts';
import type { LikelyCause } from './causes.ts';

/** Above this share of zeros a ReLU layer is called dead. */
const DEAD_SHARE = 0.99;
/** So many steps in a row with the very same loss are called flat. */
const FLAT_STEPS = 100;

/** What has been seen and said so far; plain data, kept in checkpoints. */
export interface WatchState {
  said: string[];
  /** Of the last step; null before the first. */
  loss: number | null;
  sameLoss: number;
}

export const WATCH_START: Readonly<WatchState> = { said: [], loss: null, sameLoss: 0 };

/** Looks for signs that training does nothing, and says each once. */
export class Watch {
  readonly #emit: (event: RunEvent) => void;
  readonly #likelyCause: LikelyCause;
  #state: WatchState;

  /** @param state  is kept up to date */
  constructor(emit: (event: RunEvent) => void, likelyCause: LikelyCause, state: WatchState) {
    this.#emit = emit;
    this.#likelyCause = likelyCause;
    this.#state = state;
  }

  /** Goes on from another state, and keeps that one up to date. */
  restore(state: WatchState): void {
    this.#state = state;
  }

  step({ step, loss, gradientNorm }: StepRecord): void {
    const state = this.#state;
    state.sameLoss = loss === state.loss ? state.sameLoss + 1 : 1;
    state.loss = loss;
    if (state.sameLoss === FLAT_STEPS) this.#say('W_FLAT_LOSS', '', `the loss was ${loss} in each of the last ${FLAT_STEPS} steps`);
    if (gradientNorm === 0) this.#say('W_ZERO_GRADIENT', '', `the gradient of step ${step} is exactly 0: nothing is learned from here on`);
  }

  /** @param lr  of the optimizer, before any schedule */
  activity(layers: readonly LayerActivity[], lr: number): void {
    for (const { layer, activation, zeros } of layers) {
      if (activation !== 'relu' || zeros <= DEAD_SHARE) continue;
      const share = (100 * zeros).toFixed(1);
      this.#say(
        'W_DEAD_RELU',
        String(layer),
        `${share} % of the outputs of layers.${layer} are 0: its ReLUs are dead`,
        () => this.#likelyCause(layer) ?? `lower optimizer.lr, which is ${lr}, or use leaky_relu`,
      );
    }
  }

  /** @param cause  asked only where it is said, because it may look through the data */
  #say(code: RunWarning['code'], key: string, found: string, cause = (): string | undefined => this.#likelyCause()): void {
    if (this.#state.said.includes(code + key)) return;
    this.#state.said.push(code + key);
    const why = cause();
    this.#emit({ type: 'warning', code, message: why === undefined ? found : `${found}; ${why}` });
  }
}
