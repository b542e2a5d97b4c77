import { Worker } from 'node:worker_threads';
import type { Dataset } from '../../data/dataset.ts';
import { prepareCode } from '../../engine/coordinator/native.ts';
import { SharedState } from '../../engine/coordinator/shared-state.ts';
import { type PhaseSeconds, rankClocks } from '../../engine/plan/control.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import type { RankResult, RankSetup, RankTask } from '../../engine/rank/rank.ts';
import { GradloomError } from '../../errors.ts';
import { compileKernels } from '../../kernels/module.ts';
import { refusalError, reserveMemory } from '../../machine/refusal.ts';
import type { InitialState } from '../../model/initializers.ts';
import type { Runner } from './measured.ts';

const ext = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const entryOf = (name: string): URL => new URL(`../../../workers/${name}.${ext}`, import.meta.url);

/**
 * The best program for one thread: the kernels and the step of a worker, run inline, with no pool, no supervisor and no peer. It has a
 * thread of its own only to keep the main thread free. The JavaScript baseline runs in the same way.
 */
export class Sequential implements Runner {
  readonly plan: EnginePlan;
  readonly shared: SharedState;
  readonly #memory: WebAssembly.Memory;
  readonly #thread: Worker;
  /** For errors. */
  readonly #name: string;

  private constructor(setup: RankSetup, shared: SharedState, program: 'sequential' | 'javascript') {
    this.#name = `${program} baseline`;
    this.plan = setup.plan;
    this.#memory = setup.memory;
    this.shared = shared;
    this.#thread = new Worker(entryOf(program), { workerData: setup });
  }

  /**
   * @param plan  for one worker
   * @throws GradloomError E_LIMIT, E_POOL_START, E_ENGINE
   */
  static async start(
    plan: EnginePlan,
    dataset: Dataset,
    initial: InitialState,
    program: 'sequential' | 'javascript' = 'sequential',
  ): Promise<Sequential> {
    const memory = reserveMemory(plan.memory);
    const shared = new SharedState(plan, memory);
    shared.begin(initial, dataset.normalization);
    const module = compileKernels();
    const { native } = program === 'sequential' ? await prepareCode(plan, dataset, memory, module) : {};
    const setup: RankSetup = { plan, dataset, memory, module, ...(native !== undefined && { native }) };
    const sequential = new Sequential(setup, shared, program);
    try {
      await sequential.#run({ kind: 'ready', rank: 0 });
    } catch (cause) {
      const refusal = refusalError(cause);
      if (refusal !== undefined) throw refusal;
      throw new GradloomError({ code: 'E_POOL_START', message: `the ${program} baseline did not start: ${describe(cause)}`, cause });
    }
    return sequential;
  }

  async train(fromStep: number, toStep: number): Promise<{ steps: number; diverged?: { step: number; loss: number } }> {
    // The whole training runs in one pass from step 0, where the rank finds the limit by itself.
    const task = { kind: 'train', rank: 0, fromStep, toStep, plateauFactor: 1, lrFactor: 1, lossLimit: Number.POSITIVE_INFINITY } as const;
    const result = await this.#run(task);
    if (result.status === 'done') return { steps: result.stepsDone };
    if (result.status === 'diverged') return { steps: result.step - fromStep, diverged: { step: result.step, loss: result.loss } };
    const message = result.status === 'failed' ? `${result.kernel ?? 'step'}: ${result.message}` : 'aborted';
    throw new GradloomError({ code: 'E_WORKER', where: this.#name, message });
  }

  phaseSeconds(): PhaseSeconds[] {
    const [compute = 0, wait = 0, reduce = 0] = rankClocks(this.#memory.buffer, 0);
    return [{ compute, wait, reduce }];
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #run(task: RankTask): Promise<RankResult> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#thread.off('message', done).off('error', fail).off('exit', gone);
      };
      const done = (result: RankResult): void => {
        settle();
        resolve(result);
      };
      const fail = (cause: unknown): void => {
        settle();
        reject(new GradloomError({ code: 'E_WORKER_EXIT', where: this.#name, message: describe(cause), cause }));
      };
      const gone = (code: number): void => fail(new Error(`the thread ended with code ${code}`));
      this.#thread.on('message', done).on('error', fail).on('exit', gone);
      this.#thread.postMessage(task);
    });
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
