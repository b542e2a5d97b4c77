import type { EnginePlan } from '../engine/plan.ts';
import { GradloomError } from '../errors.ts';
import type { Basis } from './basis.ts';
import { encodeCheckpoint } from './checkpoint.ts';
import type { RunWarning } from './events.ts';
import type { RunFiles } from './run-files.ts';
import type { RunState } from './run-state.ts';

/** How often what must be saved at the end is tried. */
const TRIES = 3;

export interface KeeperParts {
  plan: EnginePlan;
  basis: Basis;
  /** undefined: nothing is written, and the newest state is held in memory only. */
  files: RunFiles | undefined;
  warn: (code: RunWarning['code'], message: string) => void;
}

/** Keeps states that the run can go on from: the newest in memory, and all of them as checkpoints, written while training goes on. */
export class Keeper {
  readonly #parts: KeeperParts;
  #newest: RunState;
  /** Step of the newest checkpoint that is durable. */
  #keptStep: number | undefined;
  #writing: Promise<void> | undefined;
  /** Another process has taken the run: nothing more is written. */
  #lost: GradloomError | undefined;
  #isTimeUp = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param begin      where training starts
   * @param keptStep   of the checkpoint that `begin` was read from
   */
  constructor(parts: KeeperParts, begin: RunState, keptStep?: number) {
    this.#parts = parts;
    this.#newest = begin;
    this.#keptStep = keptStep;
  }

  /** The newest state that was kept. */
  get newest(): RunState {
    return this.#newest;
  }

  /** Step of the newest checkpoint that survives a power loss. */
  get keptStep(): number | undefined {
    return this.#keptStep;
  }

  /** Starts the clock of `every: {seconds}`. @param onDue  asks for a step boundary */
  start(onDue: () => void): void {
    const { every } = this.#parts.plan.experiment.train.checkpoint;
    if (!('seconds' in every)) return;
    this.#timer = setInterval(() => {
      this.#isTimeUp = true;
      onDue();
    }, every.seconds * 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The time for the next one has come. */
  get isDue(): boolean {
    return this.#isTimeUp;
  }

  /**
   * Takes a state, whose vectors are not written to any more. Returns as soon as the checkpoint before it is written: a disk that is
   * slower than the interval slows training down, and no checkpoint is left out.
   *
   * @throws GradloomError E_BUSY if the write before has found another owner of the run
   */
  async keep(state: RunState): Promise<void> {
    this.#newest = state;
    this.#isTimeUp = false;
    await this.settle();
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#parts.files === undefined) return;
    this.#writing = this.#writeOrWarn(state).finally(() => {
      this.#writing = undefined;
    });
  }

  /** Returns when nothing is being written. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /**
   * Keeps the state at the end of training or at an interruption.
   *
   * @throws GradloomError E_STORAGE if three tries fail, E_BUSY if the run has another owner by now
   */
  async keepLast(state: () => RunState): Promise<void> {
    this.stop();
    await this.settle();
    const last = state();
    this.#newest = last;
    await persist(() => this.#write(last));
  }

  async #writeOrWarn(state: RunState): Promise<void> {
    try {
      await this.#write(state);
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      if (error.code === 'E_BUSY') this.#lost = error;
      this.#parts.warn('W_STORAGE', `no checkpoint of step ${state.loop.step}: ${error.where}: ${error.message}; training goes on`);
    }
  }

  async #write(state: RunState): Promise<void> {
    const { files, plan, basis } = this.#parts;
    if (files === undefined) return;
    const { step, rollbacks, bestKept } = state.loop;
    // The lines that it counts must not be lost when it is not. Meanwhile the workers have begun the next segment.
    await files.sync();
    if (!files.checkpoints.has({ step, rollbacks })) {
      await files.checkpoints.write({ step, rollbacks }, encodeCheckpoint(plan, state, basis, files.checkpoints.generation));
    }
    this.#keptStep = step;
    await files.checkpoints.prune(plan.experiment.train.checkpoint.keep, bestKept?.step);
  }
}

/** Tries to save something up to three times. @throws the last GradloomError; E_BUSY at once */
export async function persist(save: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await save();
      return;
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_STORAGE' || tries === TRIES) throw error;
    }
  }
}
