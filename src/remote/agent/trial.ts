import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseExperiment } from '../../config/load.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { GradloomError, printable } from '../../errors.ts';
import { configHash } from '../../runs/checkpoint/basis.ts';
import { listCheckpoints } from '../../runs/checkpoint/files.ts';
import { initHashes } from '../../runs/prepare/initial.ts';
import type { Crew, Task } from '../../sweep/execute/crew.ts';
import type { Executor, Outcome, TrialWork, WorkReport } from '../../sweep/execute/executor.ts';
import { patiently } from '../patience.ts';
import type { AgentJob } from '../queue/options.ts';
import { copiesFolderOf, type JobResult, type TrialJob } from '../queue/protocol.ts';
import { refusal } from '../queue/standing.ts';
import { RunCopies, restoreRun } from '../store/run-copies.ts';
import type { BlobStore } from '../store/store.ts';

/** Warnings that are kept for the sweep's own machine. */
const MOST_WARNINGS = 100;

export interface AgentJobMeans {
  store: BlobStore;
  crew: Crew;
  /** Trains in folders below `scratch`. */
  executor: Executor;
  scratch: string;
  /** Copies of a run under way are not made more often. */
  saveMs: number;
  patienceMs: number;
  tell: (message: string) => void;
}

/** One part of a run in the hands of an agent: fetched from the store, trained in a folder of its own, copied to the store, told. */
export class AgentTrial {
  readonly state: AgentJob;
  readonly warnings: JobResult['warnings'] = [];
  readonly #job: TrialJob;
  readonly #means: AgentJobMeans;
  readonly #experiment: Experiment;
  readonly #copies: RunCopies;
  /** Of the run, below scratch. */
  readonly #folder: string;
  readonly #stopped = new AbortController();
  #task: Task | undefined;
  /** Ends the wait for the task, where the crew has not begun with it. */
  #giveUp: () => void = () => undefined;
  /** Since when it runs on so many cores, and what was before. */
  #busy: { seconds: number; since: number; cores: number } = { seconds: 0, since: 0, cores: 0 };
  /** Name of the checkpoint that the store has. */
  #saved: string | undefined;

  /** @throws GradloomError E_AGENT if the experiment or its weights are not what the sweep's own machine has */
  constructor(id: string, job: TrialJob, folder: string, means: AgentJobMeans) {
    const { sweep, work } = job;
    this.#job = job;
    this.#means = means;
    this.#folder = folder;
    this.#experiment = experimentOf(job);
    this.#copies = new RunCopies(means.store, copiesFolderOf(job));
    this.state = { job: id, sweep, trial: work.trial, fromStep: 0, step: 0, toStep: 0, workers: 1 };
  }

  /** It is not to go on here: a checkpoint is written, and `train` comes back as paused. */
  stop(): void {
    this.#stopped.abort();
    const task = this.#task;
    if (task !== undefined) this.#means.crew.drop((one) => one === task);
    this.#giveUp();
  }

  get isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Seconds that cores were at it, summed over them. */
  get busySeconds(): number {
    const { seconds, since, cores } = this.#busy;
    return seconds + (cores * (performance.now() - since)) / 1000;
  }

  #setBusy(cores: number): void {
    this.#busy = { seconds: this.busySeconds, since: performance.now(), cores };
  }

  /** Updates that were done here. */
  stepsOf(outcome: Outcome): number {
    const { fromStep, step } = this.state;
    return Math.max(0, (outcome.status === 'reached' ? outcome.steps : step) - fromStep);
  }

  get experiment(): Experiment {
    return this.#experiment;
  }

  /** @throws GradloomError of the machine, the store, or the whole sweep */
  async train(): Promise<Outcome> {
    const { tell } = this.#means;
    const damaged = (name: string): void => tell(`the copy ${printable(name)} is damaged, an older one is used`);
    const files = await this.#patiently(() => this.#copies.newest(damaged));
    const directory = this.#directory;
    if (files !== undefined) await restoreRun(files, directory);
    this.state.fromStep = listCheckpoints(directory)[0]?.step ?? 0;
    this.#saved = this.#newest();
    const saving = setInterval(() => void this.#saveUnderway(), this.#means.saveMs);
    try {
      const outcome = await this.#trained();
      clearInterval(saving);
      await this.#saving;
      // Before anybody is told of it: whoever takes the run over finds where it ends.
      await this.#patiently(() => this.#copies.save(directory, true));
      return outcome;
    } finally {
      clearInterval(saving);
    }
  }

  /** Removes what was written here; the store has it. */
  async clear(): Promise<void> {
    await rm(path.join(this.#means.scratch, this.#folder), { recursive: true, force: true });
  }

  get #directory(): string {
    return path.join(this.#means.scratch, this.#folder, 'run');
  }

  /** Waits for the crew, which gives it cores, more of them when others have ended. */
  #trained(): Promise<Outcome> {
    const { crew, executor } = this.#means;
    const work: TrialWork = { ...this.#job.work, directory: path.join(this.#folder, 'run'), experiment: this.#experiment };
    return new Promise((resolve, reject) => {
      let abort = new AbortController();
      let isRunning = false;
      let startedAt = performance.now();
      this.#giveUp = () => {
        if (!isRunning) resolve({ status: 'paused' });
      };
      const task: Task = {
        priority: [work.trial, work.replicate],
        maxWorkers: this.#experiment.numerics.leaves,
        pause: () => abort.abort(),
        secondsLeft: () => secondsLeft(this.state, startedAt),
        run: async (workers) => {
          isRunning = true;
          this.#setBusy(workers);
          abort = new AbortController();
          this.state.workers = workers;
          if (this.isStopped) abort.abort();
          let begun = false;
          try {
            const outcome = await executor.run(work, workers, abort.signal, (report) => {
              if (report.type === 'progress' && !begun) [begun, startedAt] = [true, performance.now()];
              this.#hear(report);
            });
            isRunning = false;
            // Paused by the crew, which has more cores for it by now.
            if (outcome.status === 'paused' && !this.isStopped) return true;
            resolve(outcome);
          } catch (error) {
            reject(error);
          } finally {
            this.#setBusy(0);
          }
          return false;
        },
      };
      this.#task = task;
      if (this.isStopped) this.#giveUp();
      else crew.push(task);
    });
  }

  #hear(report: WorkReport): void {
    if (report.type === 'warning') {
      if (this.warnings.length < MOST_WARNINGS) this.warnings.push({ code: report.code, message: report.message });
      return;
    }
    const { step, toStep, loss } = report;
    Object.assign(this.state, { step, toStep, loss });
  }

  #saving: Promise<unknown> = Promise.resolve();
  #isSaving = false;

  /** Copies the newest checkpoint, while training goes on. What fails here is tried again at the next. */
  async #saveUnderway(): Promise<void> {
    const newest = this.#newest();
    if (newest === undefined || newest === this.#saved || this.#isSaving) return;
    this.#isSaving = true;
    const saving = this.#copies.save(this.#directory, false).then(
      (isSaved) => {
        if (isSaved) this.#saved = newest;
      },
      (error: Error) => this.#means.tell(`a checkpoint could not be copied: ${error.message}`),
    );
    this.#saving = saving;
    await saving;
    this.#isSaving = false;
  }

  #newest(): string | undefined {
    return listCheckpoints(this.#directory)[0]?.path;
  }

  #patiently<T>(action: () => Promise<T>): Promise<T> {
    const { patienceMs, tell } = this.#means;
    return patiently('the store', { ms: patienceMs, tell }, action);
  }
}

/** Validated as a file of the user's own would be. @throws GradloomError E_AGENT */
function experimentOf(job: TrialJob): Experiment {
  let experiment: Experiment;
  try {
    ({ experiment } = parseExperiment(job.config, { file: `${job.sweep}-${job.work.trial}.yaml` }));
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    throw refusal(job, `the experiment is not valid here: ${error.message}`, 'install the same gradloom', error);
  }
  if (configHash(experiment) !== job.configHash)
    throw refusal(job, 'the experiment means something else here', 'install the gradloom of the machine where the sweep was begun');
  checkInit(job, experiment);
  return experiment;
}

function checkInit(job: TrialJob, experiment: Experiment): void {
  const next = 'put the file with the initial weights at the same path on this machine';
  let here: Record<string, string>;
  try {
    here = initHashes(experiment);
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    throw refusal(job, `initial weights are not to be had: ${error.where ?? ''} ${error.message}`, next, error);
  }
  const known = new Set(Object.values(job.init));
  const other = Object.keys(here).find((file) => !known.has(here[file] ?? ''));
  if (other !== undefined) throw refusal(job, `${printable(other)}: the file with the initial weights is another one here`, next);
}

function secondsLeft({ step, toStep, fromStep }: AgentJob, startedAt: number): number | undefined {
  const done = step - fromStep;
  return done <= 0 ? undefined : ((performance.now() - startedAt) / 1000 / done) * (toStep - step);
}
