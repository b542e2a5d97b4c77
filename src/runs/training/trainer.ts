import path from 'node:path';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { Engine } from '../../engine/coordinator/engine.ts';
import type { CodeUse } from '../../engine/coordinator/native.ts';
import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import { Threads } from '../../engine/coordinator/threads.ts';
import { planEngine } from '../../engine/plan/plan.ts';
import type { Team } from '../../engine/team/team.ts';
import { GradloomError } from '../../errors.ts';
import { countCores } from '../../machine/cores.ts';
import type { Network } from '../../model/network.ts';
import { basisOf, reductionOf } from '../checkpoint/basis.ts';
import { Keeper, persist } from '../checkpoint/keeper.ts';
import type { RunFiles } from '../checkpoint/run-files.ts';
import type { RunEvent, RunWarning, Summary } from '../events.ts';
import { encodeModel, modelDigest } from '../files/model-file.ts';
import type { RunFile } from '../files/names.ts';
import { Loop } from '../loop/loop.ts';
import { Restarts } from '../loop/restarts.ts';
import { Tuning } from '../loop/tuning.ts';
import { batchNormNotices } from '../prepare/batch-norms.ts';
import { chooseWorkers, type Prepared, prepare } from '../prepare/prepare.ts';
import { likelyCauseOf } from '../record/causes.ts';
import { LearningRate } from '../record/learning-rate.ts';
import { Recorder } from '../record/recorder.ts';
import { rowWarnings } from '../record/row-warnings.ts';
import { compareMembers } from '../team/facts.ts';
import { Guard } from '../team/guard.ts';
import type { Board } from '../tensorboard/board.ts';
import { codeWarnings, machineWarnings, runStart } from './announce.ts';
import { beginTogether } from './begin-together.ts';
import { errorOf, withKept } from './failure.ts';
import type { Beginning, RunOptions } from './options.ts';

const PROGRESS_MS = 100;

/** One run from its experiment to its summary. */
export class Trainer {
  readonly #experiment: Experiment;
  readonly #options: RunOptions;
  readonly #emit: (event: RunEvent) => void;
  #files: RunFiles | undefined;
  /** Threads of its own that load their modules while the run is prepared; undefined where it shares those of others. */
  readonly #warm: Threads | undefined;
  /** The processes that this one trains with. */
  readonly #team: Team | undefined;

  constructor(experiment: Experiment, options: RunOptions, emit: (event: RunEvent) => void) {
    this.#experiment = experiment;
    this.#options = options;
    this.#emit = emit;
    const { engine } = options;
    this.#team = engine?.team;
    if (engine?.threads === undefined) this.#warm = new Threads(engine?.entry);
  }

  /**
   * @param begin    opens the run's directory, once everything that can be wrong with the experiment has been checked
   * @param workers  in place of `parallel.workers`
   */
  async run(begin: (prepared: Prepared) => Promise<Beginning>, workers = this.#experiment.parallel.workers): Promise<Summary> {
    if (this.#team !== undefined) this.#team.phase = 'begin';
    try {
      this.#warmUp(workers);
      return await this.#run(begin, workers);
    } finally {
      await this.#warm?.close();
    }
  }

  /** What is refused here is refused again when the threads are needed, and told then. */
  #warmUp(workers: Experiment['parallel']['workers']): void {
    const cores = countCores();
    try {
      this.#warm?.warm(Math.min(chooseWorkers(workers, this.#experiment, cores, this.#team), cores.usable));
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
    }
  }

  async #run(begin: (prepared: Prepared) => Promise<Beginning>, workers: Experiment['parallel']['workers']): Promise<Summary> {
    const team = this.#team;
    const prepared = await prepare(this.#experiment, this.#options.dataset, workers, this.#options.data, team);
    if (team !== undefined) await compareMembers(team, this.#experiment, prepared);
    for (const warning of machineWarnings(prepared, team)) this.#emit(warning);
    for (const message of batchNormNotices(prepared.plan)) this.#emit({ type: 'warning', code: 'W_BATCH_NORM', message });
    const beginning = await (team === undefined ? begin(prepared) : beginTogether(team, () => begin(prepared)));
    this.#files = beginning.files;
    if (beginning.state === undefined)
      for (const warning of rowWarnings(this.#experiment, prepared.dataset, prepared.plan.batches)) this.#emit(warning);
    try {
      await this.#write('preprocess', `${JSON.stringify(prepared.dataset.preprocess, null, 2)}\n`);
      return await this.#runFrom(prepared, beginning, workers === 'auto');
    } finally {
      this.#files?.close();
    }
  }

  /** @param mayTune  the number of workers is free */
  async #runFrom(prepared: Prepared, beginning: Beginning, mayTune: boolean): Promise<Summary> {
    const experiment = this.#experiment;
    const { dataset, plan } = prepared;
    const rates = new LearningRate(plan);
    const hasAccuracy = plan.metrics.names.includes('accuracy');
    const likelyCause = likelyCauseOf(experiment, dataset);
    let board: Board | undefined;
    const emit = (event: RunEvent): void => {
      board?.take(event);
      this.#emit(event);
    };
    const recorder = new Recorder(experiment, plan.batches, hasAccuracy, this.#files?.lines, rates, emit, likelyCause);
    const { id, directory } = this.#identity(plan.workers);
    this.#emit(runStart(experiment, prepared, { id, directory, from: beginning.state?.loop.step ?? 0 }));
    const started = performance.now();
    const engine = await this.#start(prepared, beginning, recorder);
    const guard = this.#team && (await Guard.open(this.#team));
    const onCode = (code: CodeUse): void => {
      for (const warning of codeWarnings(code)) this.#emit(warning);
    };
    onCode(engine.code);
    board = await this.#board(beginning);
    const { signal, pauseAt } = this.#options;
    const loop = new Loop({ engine, dataset, recorder, rates, signal, pauseAt, onCode, guard });
    board?.watch({ tensors: plan.network.parameters, vector: () => loop.engine.shared.parameters() });
    if (beginning.state !== undefined) loop.restore(beginning.state);
    recorder.spend('start', (performance.now() - started) / 1000);
    const warn = (code: RunWarning['code'], message: string): void => this.#emit({ type: 'warning', code, message });
    const keeper = new Keeper({ plan, basis: basisOf(experiment, dataset), files: this.#files, warn }, loop.state(), beginning.keptStep);
    const stop = (): void => loop.interrupt();
    signal?.addEventListener('abort', stop);
    keeper.start(stop);
    const start = (workers: number): Promise<Engine> =>
      Engine.start(planEngine(experiment, dataset, workers), dataset, beginning.initial, this.#options.engine);
    const tuning = new Tuning<Engine>({ start: mayTune ? start : undefined, tell: this.#emit });
    // Waits for other members tell nothing of the workers.
    if (guard === undefined) tuning.start(stop);
    const ticker = setInterval(() => this.#emit(loop.progress()), PROGRESS_MS);
    let isSuccess = false;
    try {
      const summary = await this.#trainOn(dataset, loop, recorder, keeper, tuning);
      isSuccess = true;
      return summary;
    } finally {
      clearInterval(ticker);
      keeper.stop();
      await tuning.close();
      signal?.removeEventListener('abort', stop);
      await keeper.settle();
      await loop.engine.close();
      await board?.close(isSuccess);
    }
  }

  /** Events for TensorBoard, where they are asked for; what they need is loaded only then. */
  async #board({ state }: Beginning): Promise<Board | undefined> {
    if (!this.#experiment.track.tensorboard || this.#files === undefined) return undefined;
    const { Board: Opened } = await import('../tensorboard/board.ts');
    return Opened.open({
      experiment: this.#experiment,
      files: this.#files,
      step: state?.loop.step ?? 0,
      hyperparameters: this.#options.hyperparameters,
      warn: (message) => this.#emit({ type: 'warning', code: 'W_STORAGE', message }),
    });
  }

  /** A run whose threads do not start has a summary that says so. */
  async #start({ plan, dataset, code }: Prepared, { initial }: Beginning, recorder: Recorder): Promise<Engine> {
    const { engine } = this.#options;
    // Runs that share threads mostly find that another one has had their code made.
    const codeLater = engine?.threads === undefined && this.#experiment.parallel.code === 'auto';
    try {
      return await Engine.start(plan, dataset, initial, { ...engine, warm: this.#warm, codeLater });
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      const summary = {
        ...recorder.summarise([]),
        ...this.#identity(plan.workers),
        code: code.name,
        status: 'failed' as const,
        digest: '',
      };
      await this.#writeSummary({ ...summary, error: errorOf(error) });
      throw withKept(error, this.#files, { step: recorder.step, parametersOf: undefined, checkpointOf: undefined });
    }
  }

  async #trainOn(dataset: Dataset, loop: Loop, recorder: Recorder, keeper: Keeper, tuning: Tuning<Engine>): Promise<Summary> {
    let failure: GradloomError | undefined;
    let status: Summary['status'] = 'failed';
    try {
      status = await this.#trainThrough(dataset, loop, keeper, tuning);
      if (this.#team !== undefined) this.#team.phase = 'over';
      await persist(async () => this.#files?.sync());
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      failure = error;
      status = failure.code === 'E_DIVERGED' ? 'diverged' : 'failed';
      // All members see a loss that is not finite.
      if (this.#team !== undefined && status === 'diverged') this.#team.phase = 'over';
      await keeper.settle();
      await this.#tryTo(() => this.#files?.sync());
    }
    // Ranks that failed in the middle of an update leave parameters that belong to no step.
    const { plan, shared } = loop.engine;
    const state = status === 'failed' ? undefined : shared.snapshot();
    const summary: Summary = {
      ...recorder.summarise(loop.engine.phaseSeconds()),
      ...this.#identity(plan.workers),
      code: loop.engine.code.name,
      status,
      digest: state === undefined ? '' : modelDigest(plan.network, state),
    };
    if (failure !== undefined) summary.error = errorOf(failure);
    let parametersOf: number | undefined;
    try {
      if (loop.divergence !== undefined) await this.#write('divergence', `${JSON.stringify(loop.divergence, null, 2)}\n`);
      if (state !== undefined) await this.#writeModels(plan.network, state, dataset.preprocess);
      ({ parametersOf } = loop);
      await this.#writeSummary(summary);
    } catch (error) {
      // What went wrong first is told; a full disk takes no summary either.
      if (!(error instanceof GradloomError)) throw error;
      failure ??= error;
    }
    if (failure !== undefined) throw withKept(failure, this.#files, { step: recorder.step, parametersOf, checkpointOf: keeper.keptStep });
    this.#emit({ type: 'end', summary });
    return summary;
  }

  /** Trains to the end. After a fault of a worker new threads repeat the steps since the newest state that was kept. */
  async #trainThrough(dataset: Dataset, loop: Loop, keeper: Keeper, tuning: Tuning<Engine>): Promise<Summary['status']> {
    const restarts = new Restarts();
    for (;;) {
      try {
        return await loop.run(keeper, tuning);
      } catch (error) {
        // The other members cannot go back.
        if (this.#team !== undefined || !(error instanceof GradloomError) || !restarts.allow(error, loop.reached)) throw error;
        await keeper.settle();
        const { newest } = keeper;
        const place = error.where === undefined ? '' : `${error.where}: `;
        const message = `${place}${error.message}; new threads repeat the steps from ${newest.loop.step} on`;
        this.#emit({ type: 'warning', code: 'W_WORKER_RESTART', message });
        await tuning.close();
        const { plan } = loop.engine;
        await loop.engine.close();
        loop.restore(newest, await Engine.start(plan, dataset, newest.state, this.#options.engine));
      }
    }
  }

  #identity(workers: number): Pick<Summary, 'id' | 'directory' | 'workers' | 'ranks' | 'reproducible' | 'parent'> {
    const directory = this.#files?.directory;
    const { parent } = this.#experiment;
    return {
      id: directory?.id ?? this.#experiment.name,
      directory: directory?.path ?? null,
      workers,
      ...(this.#team && { ranks: this.#team.members }),
      ...(reductionOf(this.#experiment).reduce && { reproducible: false }),
      ...(parent && { parent: path.basename(parent.run) }),
    };
  }

  #writeSummary(summary: Summary): Promise<void> {
    return this.#write('summary', `${JSON.stringify(summary, null, 2)}\n`);
  }

  async #writeModels(network: Network, state: TrainingState, preprocess: Preprocess): Promise<void> {
    const encode = (vectors: TrainingState): Uint8Array => encodeModel(network, vectors, this.#experiment, preprocess);
    await this.#write('model', encode(state));
    const [parameters] = state.averages;
    const { type } = this.#experiment.train.average;
    if (parameters !== undefined && type !== 'none') await this.#write(type, encode({ ...state, parameters }));
  }

  async #write(file: RunFile, content: string | Uint8Array): Promise<void> {
    await persist(async () => this.#files?.write(file, content));
  }

  /** Saves what can be saved after a failure, which is what is told. */
  async #tryTo(save: () => Promise<void> | undefined): Promise<void> {
    try {
      await persist(async () => save());
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
    }
  }
}
