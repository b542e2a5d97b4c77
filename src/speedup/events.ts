import type { Cores } from '../machine/cores.ts';
import type { ScalabilityFit } from './model.ts';
import type { SpeedupSettings } from './schema.ts';
import type { Estimate } from './statistics.ts';

/** What a row runs: the engine with some workers, some ranks of it, or a baseline on one thread. */
export type RowKind = 'workers' | 'ranks' | 'sequential' | 'unsliced' | 'javascript';

/** One row of a table: a program and what it came to. Shares are of the row's workers times its wall time. */
export interface SpeedupRow {
  kind: RowKind;
  /** Ranks, in a row of them. */
  workers: number;
  /** Of ranks: the threads in each, and what a step goes to in the first of them. */
  rank?: RankStep;
  /** Rows of a full batch. */
  batch_size: number;
  /** Wall time of each repetition, in the order of measurement. */
  seconds: number[];
  samples_per_second: Estimate;
  /** Rate over that of one worker; in weak scaling, with as many times the batch. */
  speedup: Estimate;
  /** Rate over that of the sequential program; absent if that was not measured. */
  over_sequential?: Estimate;
  /** Speedup over workers. */
  efficiency: Estimate;
  /** Karp and Flatt's serial share; absent for one worker. */
  karp_flatt?: Estimate;
  /** CPU time of the process for one repetition. */
  cpu_seconds: number;
  /** compute: forward, loss, backward and reading the batch; other: starting and ending a segment. */
  phases: { compute: number; wait: number; reduce: number; other: number };
  /** The part of `wait` that unequal computing explains: how much less than the busiest worker the others computed. */
  imbalance: number;
  /** Until the target: its steps at the row's rate, and its evaluations; absent without one, and where other bits are computed. */
  time_to_seconds?: Estimate;
  /** One evaluation of the split that the experiment evaluates; null without one. */
  evaluation_seconds: number | null;
  /** Change of the rate from the first half of the repetitions to the last. */
  drift: number;
  digest: string;
  /** Whether all repetitions of the row, and of the rows that must agree with it, ended with the same bits; in plain JavaScript, with the same loss but for rounding. */
  same_work: boolean;
  /** More workers than this process may use cores. */
  oversubscribed: boolean;
  /** What the hypervisor or a quota took from it, in words; speedups and what follows from them allow for it. */
  taken: string[];
  /** The share of its wall time that this may have cost. */
  taken_share: number;
  /** What disturbed it by an amount that nobody knows, in words; empty for a clean row. */
  contaminated: string[];
}

/** A step of ranks, in milliseconds. exchange: until the others' values are there; other: barriers, reduction, update. */
export interface RankStep {
  threads: number;
  compute_ms: number;
  exchange_ms: number;
  other_ms: number;
}

/** Where an experiment reaches a value of a metric: the same in every row that computes the same bits. */
export interface ReachedTarget {
  metric: string;
  /** As asked for. */
  value: number;
  /** The first value at or beyond it. */
  reached: number;
  /** Updates done before the evaluation that found it. */
  step: number;
  epochs: number;
  /** Evaluations until then, that one included. */
  evaluations: number;
}

/** Rows measured side by side. */
export interface SpeedupTable {
  mode: 'strong' | 'weak' | 'map' | 'ranks';
  /** Of one worker. */
  batch_size: number;
  /** Parameter updates of one repetition. */
  steps: number;
  /** Whole rounds of repetitions; fewer than asked for after an interruption. */
  repeats: number;
  rows: SpeedupRow[];
  /** In strong scaling, if a target was given. */
  time_to?: ReachedTarget;
  /** The Universal Scalability Law through the rows with two workers and more, up to the usable cores; null with fewer than two of them. */
  model: (ScalabilityFit & { best_workers: number | null; kappa_interval: [number, number] }) | null;
}

/** What keeps more workers from being faster; unclear where the measurement does not tell. */
export type Limit = 'none' | 'cores' | 'batch' | 'imbalance' | 'wait' | 'reduce' | 'compute' | 'other' | 'unclear';

/** What a table shows, and no more than its intervals allow. */
export interface Verdict {
  /** wrong: the rows did not do the same work, so no number means anything. */
  status: 'conclusive' | 'inconclusive' | 'wrong';
  /** The fewest workers that are as fast as the fastest; null unless conclusive. */
  best_workers: number | null;
  limit: Limit;
  /** One or two sentences: what was found, what limits, what to change. */
  text: string;
}

/** What keeps predicted workers from being faster: more of them than leaves, or leaves that do not divide; too few rows a worker. */
export type PredictedLimit = 'none' | 'leaves' | 'rows' | 'update' | 'barriers' | 'exchange' | 'serial';

/** What the cost model says of a worker count. Intervals hold chance, the unknown growth of barriers, and what the model misses where it can be checked. */
export interface PredictedRow {
  workers: number;
  /** Of them with a leaf to compute: the experiment starts no more workers than it has leaves. */
  ranks: number;
  samples_per_second: Estimate;
  speedup: Estimate;
  efficiency: Estimate;
  /** What a step goes to, in the busiest worker. */
  microseconds: { compute: number; update: number; barriers: number; exchange: number; serial: number };
  barriers_per_step: number;
  limit: PredictedLimit;
  /** The speedup by the law of the measured rates alone. */
  law_speedup: Estimate;
}

/** Worker counts beyond those measured: predictions, never measurements. */
export interface Prediction {
  rows: PredictedRow[];
  /** Of one barrier with nothing before it, by workers, and how the model lets it grow. */
  barrier: { growth: 'logarithmic' | 'linear'; reason: string; measured: { workers: number; microseconds: number }[] };
  /** The Universal Scalability Law through the measured rates; Amdahl's where one count above 1 was measured. */
  law: { name: 'usl' | 'amdahl'; sigma: number; kappa: number };
  /** The model on what was measured: predicted over measured speedup, minus 1. */
  checks: { workers: number; predicted: number; measured: Estimate; error: number }[];
  /** The fewest workers that the model gives nearly the rate of the best, of all up to the most asked for. */
  pays_to: number;
  assumptions: string[];
  text: string;
}

/** What the cost model says of so many machines, each like the first, in a network. */
export interface MachinesRow {
  machines: number;
  compute_ms: number;
  /** By network, in the order of the networks. */
  exchange_ms: number[];
  speedup: number[];
}

/** Machines beyond those at hand: a model, never a measurement. */
export interface MachinesPrediction {
  networks: { gigabits: number; latency_us: number; best_machines: number; best_speedup: number }[];
  rows: MachinesRow[];
  /** Of the exchange among ranks that were measured: what the model says of it with the latency and the bandwidth between them. */
  checks: { ranks: number; predicted_ms: number; measured_ms: number }[];
  /** Between the ranks measured; null where there was one. */
  link: { latency_us: number; gigabytes_per_second: number } | null;
  assumptions: string[];
  text: string;
}

/** What `gradloom speedup` found; its JSON. */
export interface SpeedupResult {
  version: 1;
  status: 'finished' | 'interrupted';
  name: string;
  dataset: string;
  parameters: number;
  machine: {
    cpu: string;
    cores: Cores;
    node: string;
    gradloom: string;
    /** Load average of a minute, before the start; null where there is none. */
    load_before: number | null;
  };
  settings: SpeedupSettings;
  seconds: number;
  tables: SpeedupTable[];
  /** If asked for, unless interrupted before a whole round. */
  prediction?: Prediction;
  /** Of ranks: what they ran on, and what machines would do if asked for. */
  ranks?: { library: string | null; hosts: string[]; machines?: MachinesPrediction };
  verdict: Verdict;
}

/** What will be measured. */
export interface SpeedupStart {
  type: 'start';
  name: string;
  dataset: string;
  parameters: number;
  workers: number[];
  /** Repetitions of all rows together. */
  repetitions: number;
  machine: SpeedupResult['machine'];
}

/** A repetition is done. */
export interface SpeedupProgress {
  type: 'progress';
  mode: SpeedupTable['mode'];
  kind: RowKind;
  workers: number;
  batchSize: number;
  samplesPerSecond: number;
  /** Repetitions done, of all rows. */
  done: number;
  total: number;
  secondsLeft: number;
}

/** While the step that reaches the target is looked for: the metric's latest value. */
export interface SpeedupSearch {
  type: 'search';
  metric: string;
  value: number;
  step: number;
  totalSteps: number;
}

/** Something that makes the numbers say less. */
export interface SpeedupWarning {
  type: 'warning';
  code: 'W_LOAD' | 'W_OVERSUBSCRIBED';
  message: string;
}

/** What a measurement does, as it does it. */
export type SpeedupEvent = SpeedupStart | SpeedupSearch | SpeedupProgress | SpeedupWarning | { type: 'end'; result: SpeedupResult };
