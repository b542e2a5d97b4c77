import { firstFold } from '../../config/folds.ts';
import { located } from '../../config/locate.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { GradloomError } from '../../errors.ts';
import { countCores } from '../../machine/cores.ts';
import { flopsPerRow } from '../../model/network.ts';
import { checkBatchNorms } from '../../runs/prepare/batch-norms.ts';
import { type Prepared, prepare } from '../../runs/prepare/prepare.ts';
import { checkEvaluated } from '../../runs/prepare/watched.ts';
import { train } from '../../runs/training/train.ts';
import { trialExperiment, trialKey } from '../file/experiment.ts';
import type { LoadedSweep } from '../file/load.ts';
import { trialCount } from '../file/trial-count.ts';
import { makeSampler } from '../samplers/index.ts';
import { type Budget, budgetOf } from '../schedulers/budget.ts';
import { replicatesOf } from '../schema.ts';
import type { Assignment } from '../trial.ts';

/** A trial as it would be run. */
export interface PlannedTrial {
  number: number;
  assignment: Assignment;
  origin: string;
  /** Number of an earlier trial with the same experiment: it will not be run again. */
  duplicateOf?: number;
}

/** What a sweep would do on this machine. */
export interface SweepPlan {
  /** Trials in all; undefined where only a budget of time ends the sweep. */
  trials: number | undefined;
  /** Those whose values are known before the first result. */
  known: PlannedTrial[];
  /** The same experiment as an earlier one of the known trials. */
  duplicates: number;
  /** Undefined without a number of trials. */
  budget: Budget | undefined;
  /** Trials of different lengths: then the budget is that of the base experiment's length, and the time of their mean. */
  hasVariedLength: boolean;
  probe: {
    /** Of the base experiment with one worker. */
    samplesPerSecond: number;
    secondsPerEpoch: number;
    /** Arithmetic of a trial's epoch over that of the base's, on average. */
    relativeCost: number;
  };
  cores: number;
  /** Undefined without a number of trials. */
  seconds: number | undefined;
  memory: {
    /** Bytes of the data set, which all trials share. */
    dataset: number;
    /** Bytes of the largest trial looked at, besides. */
    trial: number;
    sideBySide: number;
    total: number;
  };
}

/** How long a plan may take. */
export interface PlanOptions {
  /** How long the base experiment is trained to learn its speed. @default 1000 */
  probeMs?: number;
}

/** Beyond this, a plan lists no more of a random search or a grid. */
const MAX_KNOWN = 10_000;
/** Trials looked at for cost and memory. */
const SAMPLE = 32;

/**
 * What a sweep would do: its trials as far as they are known, its budget, and its time from a short probe of real steps. Nothing is written.
 *
 * @throws GradloomError as the first trial would: E_DATA_..., E_MEMORY, E_CONFIG_...
 */
export async function planSweep(loaded: LoadedSweep, { probeMs = 1000 }: PlanOptions = {}): Promise<SweepPlan> {
  const { settings, experiment: base } = loaded;
  const known = knownTrials(loaded);
  const trials = trialCount(loaded);
  const usable = countCores().usable;
  const cores = settings.execution.cores === 'max' ? usable : Math.min(usable, settings.execution.cores);
  const own = firstFold(base.experiment);
  const { dataset, plan } = await prepareBase({ ...base, experiment: own });
  checkEvaluated(plan, dataset, 'metric.name', settings.metric.name);
  const samplesPerSecond = await probe(own, dataset, probeMs);
  const looked = sampleOf(loaded, known).map((assignment) => trialExperiment(loaded, assignment).experiment);
  const costs: Cost[] = [];
  for (const experiment of looked) costs.push(await costOf(experiment, dataset));
  const ownCost = await costOf(own, dataset);
  const relativeCost = mean(costs.map((cost) => cost.flopsPerRow)) / ownCost.flopsPerRow;
  const secondsPerEpoch = dataset.splits.train.length / samplesPerSecond;
  const early = settings.early_terminate;
  const resource = early.type === 'none' ? (base.experiment.train.epochs === undefined ? 'steps' : 'epochs') : early.resource;
  const lengths = looked.map(({ train: { epochs, steps } }) => (resource === 'epochs' ? epochs : steps) ?? 0);
  const hasVariedLength = new Set(lengths).size > 1;
  const length = (early.type === 'none' ? undefined : early.max) ?? Math.round(mean(lengths));
  const budget = trials === undefined ? undefined : budgetOf(early, trials - countDuplicates(known), length, resource);
  const epochs = budget && (resource === 'epochs' ? budget.total : budget.total / plan.batches.stepsPerEpoch);
  const sideBySide = settings.execution.trials === 'auto' ? cores : settings.execution.trials;
  const trial = Math.max(...costs.map(({ bytes }) => bytes));
  return {
    trials,
    known,
    duplicates: countDuplicates(known),
    budget,
    hasVariedLength,
    probe: { samplesPerSecond, secondsPerEpoch, relativeCost },
    cores,
    seconds: epochs === undefined ? undefined : (epochs * replicatesOf(settings) * secondsPerEpoch * relativeCost) / cores,
    memory: { dataset: ownCost.dataset, trial, sideBySide, total: ownCost.dataset + sideBySide * trial },
  };
}

/** The trials that no result can change: all of a grid and of a random search, of the others those that the file queues. */
function knownTrials(loaded: LoadedSweep): PlannedTrial[] {
  const { settings, space } = loaded;
  const { method, seed } = settings;
  const sampler = makeSampler(method, space, seed);
  const learns = method === 'tpe' || method === 'cmaes';
  const count = Math.min(learns ? space.enqueued.length : (sampler.total ?? MAX_KNOWN), settings.run_cap ?? MAX_KNOWN, MAX_KNOWN);
  const numberOf = new Map<string, number>();
  const known: PlannedTrial[] = [];
  for (let number = 0; number < count; number++) {
    const assignment = sampler.suggest(number, []);
    if (assignment === undefined) break;
    const key = trialKey(loaded, assignment);
    const duplicateOf = numberOf.get(key);
    if (duplicateOf === undefined) numberOf.set(key, number);
    const origin = number < space.enqueued.length ? 'enqueue' : method;
    known.push({ number, assignment, origin, ...(duplicateOf !== undefined && { duplicateOf }) });
  }
  return known;
}

function countDuplicates(known: readonly PlannedTrial[]): number {
  return known.filter(({ duplicateOf }) => duplicateOf !== undefined).length;
}

/** What trials may cost: of the known ones, or drawn at random. */
function sampleOf({ settings, space }: LoadedSweep, known: readonly PlannedTrial[]): Assignment[] {
  const stride = Math.max(1, Math.ceil(known.length / SAMPLE));
  const chosen = known.filter((_, i) => i % stride === 0).map(({ assignment }) => assignment);
  const random = makeSampler('random', space, settings.seed);
  const drawn = Array.from({ length: SAMPLE - chosen.length }, (_, i) => random.suggest(chosen.length + i, []));
  return [...chosen, ...(settings.method === 'grid' ? [] : drawn.filter((assignment) => assignment !== undefined))];
}

interface Cost {
  flopsPerRow: number;
  /** Of the shared memory. */
  bytes: number;
  dataset: number;
}

async function costOf(experiment: Experiment, dataset: Dataset): Promise<Cost> {
  const { plan } = await prepare(oneWorker(experiment), dataset);
  checkBatchNorms(plan);
  const { forward, backward } = flopsPerRow(plan.network);
  const { features, target, splits } = dataset;
  const arrays = [features, target.kind === 'class' ? target.labels : target.values, splits.train, splits.val, splits.test];
  return {
    flopsPerRow: forward + backward,
    bytes: plan.memory.bytes,
    dataset: arrays.reduce((bytes, { byteLength }) => bytes + byteLength, 0),
  };
}

async function prepareBase(base: LoadedSweep['experiment']): Promise<Prepared> {
  try {
    return await prepare(oneWorker(base.experiment));
  } catch (error) {
    throw located(error, base);
  }
}

function oneWorker(experiment: Experiment): Experiment {
  return { ...experiment, parallel: { ...experiment.parallel, workers: 1 } };
}

/** Samples per second of a worker on a core of its own, evaluations included where an epoch is short. */
async function probe(experiment: Experiment, dataset: Dataset, probeMs: number): Promise<number> {
  const abort = new AbortController();
  const run = train({ experiment: oneWorker(experiment) }, { dry: true, dataset, signal: abort.signal });
  let startedAt: number | undefined;
  let rate = 0;
  for await (const event of run) {
    if (event.type !== 'progress') continue;
    rate = event.samplesPerSecond;
    startedAt ??= performance.now();
    if (performance.now() - startedAt > probeMs) abort.abort();
  }
  try {
    const summary = await run.result;
    return summary.status === 'finished' || rate === 0 ? summary.samples_per_second : rate;
  } catch (error) {
    // A base that diverges is what a sweep may be about.
    if (error instanceof GradloomError && error.code === 'E_DIVERGED' && rate > 0) return rate;
    throw error;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
