import os from 'node:os';
import type { Experiment } from '../../config/schema/schema.ts';
import { loadDataset } from '../../data/load.ts';
import { type EnginePlan, planEngine } from '../../engine/plan/plan.ts';
import { countCores } from '../../machine/cores.ts';
import { packageVersion } from '../../machine/version.ts';
import { parameterCount } from '../../model/network.ts';
import { findLauncher, type Host } from '../../remote/mpi/hosts.ts';
import type { RankStep, SpeedupEvent, SpeedupResult, SpeedupRow, SpeedupTable } from '../events.ts';
import { chooseSteps, WARM_SECONDS } from '../measurement/calibrate.ts';
import type { Repetition } from '../measurement/measured.ts';
import { loadAverage } from '../measurement/noise.ts';
import { tabulate } from '../measurement/rows.ts';
import { probe } from '../prediction/probe.ts';
import type { SpeedupSettings } from '../schema.ts';
import { median } from '../statistics.ts';
import { RankGroup } from './group.ts';
import { predictMachines, trafficOf } from './machines.ts';
import { judgeRanks } from './verdict.ts';

export interface RanksOptions {
  /** Numbers of ranks to compare; 1 is always measured. */
  ranks: readonly number[];
  hosts: readonly Host[];
  /** What each rank runs. */
  command: readonly string[];
  signal?: AbortSignal | undefined;
}

const MS = 1000;

/**
 * Measures what more ranks buy: all are started, and do the same work in turn, so that a machine that gets slower hits all alike.
 *
 * @throws GradloomError E_CONFIG_RANGE where ranks cannot share the leaves, E_MPI without a launcher, E_RANK where ranks do not start
 */
export async function measureRanks(
  experiment: Experiment,
  settings: SpeedupSettings,
  { ranks: asked, hosts, command, signal }: RanksOptions,
  emit: (event: SpeedupEvent) => void,
): Promise<SpeedupResult> {
  const startedAt = performance.now();
  const load = loadAverage();
  const dataset = await loadDataset(experiment);
  const ranks = [...new Set([1, ...asked])].toSorted((a, b) => a - b);
  const plans = ranks.map((members) => planEngine(experiment, dataset, 1, 0, { member: 0, members, sharers: 1, patienceMs: Infinity }));
  const [plan] = plans as [EnginePlan];
  const isHere = hosts.every(({ name }) => name === 'localhost');
  const launcher = isHere && ranks.length === 1 ? undefined : findLauncher();
  const cores = countCores();
  const machine: SpeedupResult['machine'] = {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores,
    node: process.version,
    gradloom: packageVersion(),
    load_before: load ?? null,
  };
  const common = { name: experiment.name, dataset: dataset.description, parameters: parameterCount(plan.network), machine };
  const total = ranks.length * settings.repeats;
  emit({ type: 'start', ...common, workers: ranks, repetitions: total });
  const groups: RankGroup[] = [];
  const isStopped = (): boolean => signal?.aborted === true;
  try {
    for (const count of ranks) {
      groups.push(await RankGroup.start({ ranks: count, hosts, launcher: count === 1 && isHere ? undefined : launcher, command }));
    }
    const [one] = groups as [RankGroup];
    const { steps, stepsIn } = await chooseSteps(one, settings.work, plan.batches.totalSteps, isStopped);
    for (const group of groups) if (!isStopped()) await group.repeat(Math.min(steps, stepsIn(WARM_SECONDS)));
    const rows = groups.map((group) => ({ group, repetitions: [] as Repetition[] }));
    await repeat(rows, steps, settings.repeats, plan.batches.batchRows, isStopped, emit);
    const link = groups.length > 1 && !isStopped() ? await groups.at(-1)?.ask({ kind: 'probe' }) : null;
    const resampling = { confidence: settings.confidence, seed: experiment.seed };
    const table = tableOf(rows, steps, plan.batches.batchRows, resampling);
    const least = rows[0] && leastStep(rows[0], steps);
    const machines = settings.predict && least && machinesOf(settings.predict, plan, dataset.splits.train, table, least, link ?? undefined);
    const done = rows.reduce((sum, { repetitions }) => sum + repetitions.length, 0);
    const places = [...new Set(groups.flatMap(({ ready }) => ready.hosts))];
    const result: SpeedupResult = {
      version: 1,
      status: done < total ? 'interrupted' : 'finished',
      ...common,
      settings,
      seconds: (performance.now() - startedAt) / MS,
      tables: table.rows.length > 0 ? [table] : [],
      ranks: { library: groups.at(-1)?.ready.library ?? null, hosts: places, ...(machines && { machines }) },
      verdict: judgeRanks(table, places.length <= 1),
    };
    emit({ type: 'end', result });
    return result;
  } finally {
    await Promise.all(groups.map((group) => group.close()));
  }
}

/** Rounds A B C, C B A, A B C. */
async function repeat(
  rows: readonly { group: RankGroup; repetitions: Repetition[] }[],
  steps: number,
  repeats: number,
  batchSize: number,
  isStopped: () => boolean,
  emit: (event: SpeedupEvent) => void,
): Promise<void> {
  const startedAt = performance.now();
  const total = rows.length * repeats;
  for (let round = 0, done = 0; round < repeats; round++) {
    for (const { group, repetitions } of round % 2 === 0 ? rows : rows.toReversed()) {
      if (isStopped()) return;
      const repetition = await group.repeat(steps);
      repetitions.push(repetition);
      done++;
      const secondsLeft = ((performance.now() - startedAt) / MS / done) * (total - done);
      const samplesPerSecond = repetition.rows / repetition.seconds;
      emit({ type: 'progress', mode: 'ranks', kind: 'ranks', workers: group.ranks, batchSize, samplesPerSecond, done, total, secondsLeft });
    }
  }
}

/** The table of cores, with ranks in place of workers. */
function tableOf(
  rows: readonly { group: RankGroup; repetitions: Repetition[] }[],
  steps: number,
  batchSize: number,
  resampling: Parameters<typeof tabulate>[2],
): SpeedupTable {
  const measured = rows.map(({ group, repetitions }) => ({ kind: 'workers' as const, workers: group.ranks, batchSize, repetitions }));
  // How many cores the machines have for it is theirs to say.
  const table = tabulate({ mode: 'ranks', batchSize, steps, rows: measured }, Number.POSITIVE_INFINITY, resampling);
  return {
    ...table,
    model: null,
    rows: table.rows.map((row, i): SpeedupRow => {
      const { group, repetitions } = rows[i] as (typeof rows)[number];
      const { threads, oversubscribed } = group.ready;
      const own = (share: number): number => (share * group.ranks) / threads;
      const { compute, wait, reduce } = row.phases;
      const phases = { compute: own(compute), wait: own(wait), reduce: own(reduce) };
      const other = Math.max(0, 1 - phases.compute - phases.wait - phases.reduce);
      return {
        ...row,
        kind: 'ranks',
        rank: stepOf(repetitions.slice(0, table.repeats), steps, threads),
        phases: { ...phases, other },
        imbalance: own(row.imbalance),
        oversubscribed,
      };
    }),
  };
}

function stepOf(repetitions: readonly Repetition[], steps: number, threads: number): RankStep {
  const of = (part: (repetition: Repetition) => number): number => (MS * median(repetitions.map(part))) / steps;
  const compute = of(({ phases }) => Math.max(...phases.map((phase) => phase.compute)));
  const exchange = of(({ exchangeSeconds }) => exchangeSeconds);
  const whole = of(({ seconds }) => seconds);
  return { threads, compute_ms: compute, exchange_ms: exchange, other_ms: Math.max(0, whole - compute - exchange) };
}

/** Of the repetition that other programs disturbed least. */
function leastStep({ group, repetitions }: { group: RankGroup; repetitions: readonly Repetition[] }, steps: number): RankStep | undefined {
  const [first] = repetitions.toSorted((a, b) => a.seconds - b.seconds);
  return first && stepOf([first], steps, group.ready.threads);
}

function machinesOf(
  counts: readonly number[],
  plan: EnginePlan,
  train: Uint32Array,
  { rows }: SpeedupTable,
  one: RankStep,
  link: Parameters<typeof predictMachines>[3],
): ReturnType<typeof predictMachines> {
  return predictMachines(
    counts,
    trafficOf(plan),
    {
      computeSeconds: one.compute_ms / MS,
      otherSeconds: one.other_ms / MS,
      addFloat: probe(plan, train).addFloat,
      rows: plan.batches.batchRows,
    },
    link,
    rows.slice(1).map(({ workers, rank }) => ({ ranks: workers, seconds: (rank?.exchange_ms ?? 0) / MS })),
  );
}
