import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError } from '../../errors.ts';
import { isLoss } from '../../storage/lock.ts';
import type { RunWarning } from '../events.ts';
import type { Basis } from './basis.ts';
import { encodeCheckpoint } from './checkpoint.ts';
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
  /** Of the best evaluation so far, as long as its checkpoint could not be written. */
  #owed: RunState | undefined;
  /** Another process has taken the run, or its directory is gone: nothing more is written. */
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
   * @throws GradloomError E_BUSY if the write before has found another owner of the run, E_STORAGE if its directory was gone
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
      if (isLoss(error)) {
        this.#lost = error;
        return;
      }
      const { step } = state.loop;
      const what = this.#keptStep === step ? `older checkpoints than that of step ${step} stay` : `no checkpoint of step ${step}`;
      this.#parts.warn('W_STORAGE', `${what}: ${error.where}: ${error.message}; training goes on`);
    }
  }

  async #write(state: RunState): Promise<void> {
    const { files, plan } = this.#parts;
    if (files === undefined) return;
    const { step, bestKept } = state.loop;
    if (this.#owed?.loop.step !== bestKept?.step) this.#owed = undefined;
    if (step === bestKept?.step) this.#owed = state;
    // The lines that it counts must not be lost when it is not. Meanwhile the workers have begun the next segment.
    await files.sync();
    for (const each of new Set([this.#owed ?? state, state])) await this.#writeCheckpoint(files, each);
    this.#owed = undefined;
    this.#keptStep = step;
    await files.checkpoints.prune(plan.experiment.train.checkpoint.keep, bestKept?.step);
  }

  #writeCheckpoint({ checkpoints }: RunFiles, state: RunState): Promise<void> {
    const { step, rollbacks } = state.loop;
    const { plan, basis } = this.#parts;
    return checkpoints.write({ step, rollbacks }, () => encodeCheckpoint(plan, state, basis, checkpoints.generation));
  }
}

/** Tries to save something up to three times. @throws the last GradloomError; at once where another try is of no use */
export async function persist(save: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await save();
      return;
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_STORAGE' || isLoss(error) || tries === TRIES) throw error;
    }
  }
}
