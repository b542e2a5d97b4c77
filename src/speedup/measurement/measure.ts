import os from 'node:os';
import type { Experiment } from '../../config/schema/schema.ts';
import { checkTargets } from '../../data/check.ts';
import type { Dataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';
import type { EngineOptions } from '../../engine/coordinator/engine.ts';
import { planEngine } from '../../engine/plan/plan.ts';
import { type Cores, countCores } from '../../machine/cores.ts';
import { packageVersion } from '../../machine/version.ts';
import { initialState } from '../../model/initializers.ts';
import { buildNetwork, parameterCount } from '../../model/network.ts';
import { readRunWeights } from '../../runs/prepare/initial.ts';
import type { SpeedupEvent, SpeedupResult, SpeedupTable } from '../events.ts';
import { type PlannedCount, type PredictionInput, predict } from '../prediction/predict.ts';
import type { SpeedupSettings } from '../schema.ts';
import { judge } from '../verdict.ts';
import { chooseSteps, WARM_SECONDS } from './calibrate.ts';
import { checkComparison, chooseCounts, groupsOf, type RowSpec, type TableSpec } from './groups.ts';
import type { MeasuredTable, Repetition } from './measured.ts';
import { loadAverage } from './noise.ts';
import { plannedCounts, ShareProbe } from './predicted.ts';
import { tabulate } from './rows.ts';
import { RowRunner, rowsOf } from './runner.ts';
import { findTarget } from './target.ts';

/** Load before the start that is worth a word. */
const BUSY_LOAD = 0.5;

export interface MeasureOptions {
  /** Aborting it ends after the repetition at hand; the result tells of the whole rounds until then. */
  signal?: AbortSignal | undefined;
  /** For tests: how the engine starts its threads. */
  engine?: EngineOptions | undefined;
}

interface Progress {
  done: number;
  total: number;
  startedAt: number;
}

/** One comparison from its experiment to its result. */
export class Measurement {
  readonly #experiment: Experiment;
  readonly #settings: SpeedupSettings;
  readonly #options: MeasureOptions;
  readonly #emit: (event: SpeedupEvent) => void;
  readonly #cores: Cores = countCores();

  constructor(experiment: Experiment, settings: SpeedupSettings, options: MeasureOptions, emit: (event: SpeedupEvent) => void) {
    this.#experiment = experiment;
    this.#settings = settings;
    this.#options = options;
    this.#emit = emit;
  }

  async run(): Promise<SpeedupResult> {
    const startedAt = performance.now();
    const load = loadAverage();
    const experiment = this.#experiment;
    const settings = this.#settings;
    const workers = chooseCounts(experiment, settings.workers, this.#cores);
    const dataset = await loadDataset(experiment);
    const network = buildNetwork(experiment, dataset.sampleShape);
    checkTargets(dataset, network.outputs, experiment.loss.type);
    checkComparison(experiment, settings, workers, dataset, this.#cores);
    const planned =
      settings.predict &&
      plannedCounts(
        experiment,
        dataset,
        settings.predict,
        workers.filter((count) => count <= this.#cores.usable),
      );
    const groups = groupsOf(dataset.splits.train.length, experiment, settings, workers);
    const total = groups.reduce((sum, { rows }) => sum + rows.length * settings.repeats, 0);
    const machine: SpeedupResult['machine'] = {
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: this.#cores,
      node: process.version,
      gradloom: packageVersion(),
      load_before: load ?? null,
    };
    const parameters = parameterCount(network);
    const common = { name: experiment.name, dataset: dataset.description, parameters, machine };
    this.#emit({ type: 'start', ...common, workers, repetitions: total });
    this.#warn(load, Math.max(...workers));
    const target = await this.#target(dataset, workers);
    const progress: Progress = { done: 0, total, startedAt };
    const tables: SpeedupTable[] = [];
    const resampling = { confidence: settings.confidence, seed: experiment.seed };
    let input: PredictionInput | undefined;
    for (const group of groups) {
      if (this.#stopped) break;
      const measured = await this.#measure(group, dataset, progress, group.mode === 'strong' ? planned : undefined);
      if (measured === undefined) continue;
      input ??= measured.input;
      tables.push(tabulate(group.mode === 'strong' ? { ...measured, target } : measured, this.#cores.usable, resampling));
    }
    const judged = tables.find(({ mode }) => mode !== 'map') ?? tables[0];
    const result: SpeedupResult = {
      version: 1,
      status: progress.done < total ? 'interrupted' : 'finished',
      ...common,
      settings,
      seconds: (performance.now() - startedAt) / 1000,
      tables: tables.filter(({ rows }) => rows.length > 0),
      ...(input && { prediction: predict(input, resampling) }),
      verdict: judge(judged, { usableCores: this.#cores.usable, leaves: experiment.numerics.leaves }),
    };
    this.#emit({ type: 'end', result });
    return result;
  }

  /** Before anything is measured, so that a value out of reach costs no more than the training. */
  async #target(dataset: Dataset, workers: readonly number[]): Promise<MeasuredTable['target']> {
    const { time_to: target } = this.#settings;
    if (target === undefined || this.#stopped) return undefined;
    const plan = planEngine(this.#experiment, dataset, 1);
    const most = Math.max(...workers.filter((count) => count <= this.#cores.usable));
    const reached = await findTarget(plan, target, most, { ...this.#options, dataset }, this.#emit);
    return reached && { reached, trainedRows: rowsOf(plan, reached.step) };
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /** @returns undefined when stopped before the work was known */
  async #measure(
    group: TableSpec,
    dataset: Dataset,
    progress: Progress,
    planned: readonly PlannedCount[] | undefined,
  ): Promise<(MeasuredTable & { input?: PredictionInput | undefined }) | undefined> {
    const runners: RowRunner[] = [];
    let probe: ShareProbe | undefined;
    try {
      for (const spec of group.rows) runners.push(await this.#start(spec, dataset));
      if (planned !== undefined) probe = await ShareProbe.start(this.#experiment, dataset, group.batchSize, planned, this.#options.engine);
      const steps = await this.#warmUp(group, runners);
      if (steps === undefined) return undefined;
      await probe?.warmUp(steps);
      const rows = group.rows.map((spec) => ({ ...spec, repetitions: [] as Repetition[] }));
      await this.#repeat(group, runners, rows, steps, progress, probe);
      const withCores = rows.filter((row) => this.#hasCores(row));
      const one = runners[rows.findIndex((row) => row.workers === 1 && this.#hasCores(row))];
      const input = one && probe?.inputOf(one.runner.plan, dataset, withCores, steps, this.#settings.predict ?? []);
      return { mode: group.mode, batchSize: group.batchSize, steps, rows, input };
    } finally {
      await Promise.all([...runners.map((runner) => runner.close()), probe?.close()]);
    }
  }

  async #start({ kind, workers, batchSize }: RowSpec, dataset: Dataset): Promise<RowRunner> {
    const { train, numerics, ...rest } = this.#experiment;
    const isWhole = train.batch_size === 'full' && batchSize === dataset.splits.train.length;
    const experiment: Experiment = {
      ...rest,
      train: { ...train, batch_size: isWhole ? 'full' : batchSize },
      numerics: kind === 'unsliced' ? { ...numerics, leaves: 1 } : numerics,
    };
    const plan = planEngine(experiment, dataset, workers);
    const initial = initialState(plan.network, experiment.model, experiment.seed, readRunWeights);
    return RowRunner.start(plan, dataset, initial, kind, this.#options.engine);
  }

  /** Finds how many steps are the given work for one worker, and lets every row run for a moment. */
  async #warmUp({ rows }: TableSpec, runners: readonly RowRunner[]): Promise<number | undefined> {
    const { work } = this.#settings;
    const one = runners[rows.findIndex(({ kind, workers }) => kind === 'workers' && workers === 1)];
    if (one === undefined) throw new RangeError('one worker is always measured');
    const chosen = await chooseSteps(one, work, one.runner.plan.batches.totalSteps, () => this.#stopped);
    for (const runner of runners) {
      if (this.#stopped) return undefined;
      await runner.repeat(Math.min(chosen.steps, chosen.stepsIn(WARM_SECONDS)));
    }
    return chosen.steps;
  }

  /** Rounds A B C, C B A, A B C: a machine that slowly gets slower or faster hits all rows alike. */
  async #repeat(
    { mode }: TableSpec,
    runners: readonly RowRunner[],
    rows: readonly (RowSpec & { repetitions: Repetition[] })[],
    steps: number,
    progress: Progress,
    probe: ShareProbe | undefined,
  ): Promise<void> {
    const withCores = rows.flatMap((row, i) => {
      const runner = runners[i];
      return runner !== undefined && this.#hasCores(row) ? [{ workers: row.workers, runner }] : [];
    });
    const startedAt = performance.now();
    const before = progress.done;
    for (let round = 0; round < this.#settings.repeats; round++) {
      const order = rows.map((_, i) => (round % 2 === 0 ? i : rows.length - 1 - i));
      for (const i of order) {
        if (this.#stopped) return;
        const [row, runner] = [rows[i], runners[i]];
        if (row === undefined || runner === undefined) continue;
        const repetition = await runner.repeat(steps);
        row.repetitions.push(repetition);
        progress.done++;
        const { kind, workers, batchSize } = row;
        const each = (performance.now() - startedAt) / 1000 / (progress.done - before);
        this.#emit({
          type: 'progress',
          mode,
          kind,
          workers,
          batchSize,
          samplesPerSecond: repetition.rows / repetition.seconds,
          done: progress.done,
          total: progress.total,
          secondsLeft: each * (progress.total - progress.done),
        });
      }
      if (!this.#stopped) await probe?.repeat(steps, withCores);
    }
  }

  /** Whether a row is of workers that have a core each. */
  #hasCores({ kind, workers }: RowSpec): boolean {
    return kind === 'workers' && workers <= this.#cores.usable;
  }

  #warn(load: number | undefined, most: number): void {
    const { usable } = this.#cores;
    if (load !== undefined && load > BUSY_LOAD && load + most > usable) {
      const message = `the load average is ${load.toFixed(1)} before the start: other programs take cores, and the numbers may say more of them`;
      this.#emit({ type: 'warning', code: 'W_LOAD', message });
    }
    if (most > usable) {
      const message = `${most} workers on ${usable} usable cores: rows beyond ${usable} show too few cores, not the program`;
      this.#emit({ type: 'warning', code: 'W_OVERSUBSCRIBED', message });
    }
  }
}
