import type { SplitName } from '../data/dataset.ts';
import type { Evaluation } from '../engine/rank/evaluation.ts';
import type { CodeName } from '../kernels/native/support.ts';

/** One line of metrics.jsonl: what the experiment determines, nothing of time or machine. Non-finite numbers are null. */
export type MetricsLine = { step: number; epoch: number } & Record<string, number | null>;

/** What a run is about to do. */
export interface RunStart {
  type: 'start';
  id: string;
  name: string;
  /** Absolute path of the run directory; undefined when nothing is written. */
  directory: string | undefined;
  dataset: string;
  rows: Record<SplitName, number>;
  parameters: number;
  workers: number;
  /** What computes; why it is not machine code. */
  code: CodeName;
  codeReason: string | undefined;
  /** Processors that this process may use; fewer than workers means oversubscribed. */
  cores: number;
  batchRows: number;
  stepsPerEpoch: number;
  totalSteps: number;
  /** The metric that early stopping, the best checkpoint or the learning rate follows, if one does. */
  watched: string | undefined;
  /** Updates that an earlier part of the run has done. */
  from: number;
}

/** The state of affairs, at most ten times a second. */
export interface RunProgress {
  type: 'progress';
  /** Updates done. */
  step: number;
  totalSteps: number;
  epoch: number;
  stepsPerEpoch: number;
  /** Loss of the last finished step's batch. */
  loss: number | undefined;
  /** Over the last second or so. */
  samplesPerSecond: number;
  /** Shares of the workers' time since the start, summing to 1. */
  phases: { compute: number; wait: number; reduce: number };
  secondsLeft: number | undefined;
  /** The latest evaluation during training. */
  evaluation: (Evaluation & { split: SplitName }) | undefined;
}

/** An epoch, or what was done of it, is over. Loss and accuracy are means over its samples as training saw them. */
export interface RunEpoch {
  type: 'epoch';
  /** Epochs done, from 1. */
  epoch: number;
  step: number;
  trainLoss: number;
  trainAccuracy: number | undefined;
  evaluation: (Evaluation & { split: SplitName }) | undefined;
  seconds: number;
}

/** A line was written to metrics.jsonl. */
export interface RunMetrics {
  type: 'metrics';
  line: MetricsLine;
  /** Of the evaluation that the line tells of, if it is asked for. */
  confusion?: { split: SplitName; matrix: number[][] };
}

/** Something worth knowing that stops nothing. */
export interface RunWarning {
  type: 'warning';
  code:
    | 'W_OVERSUBSCRIBED'
    | 'W_BATCH_NORM'
    | 'W_FEWER_WORKERS'
    | 'W_ONE_ROW'
    | 'W_UNUSED_ROWS'
    | 'W_BATCH_SIZE'
    | 'W_STORAGE'
    | 'W_NONFINITE'
    | 'W_DEAD_RELU'
    | 'W_ZERO_GRADIENT'
    | 'W_FLAT_LOSS'
    | 'W_EARLY_STOP'
    | 'W_CKPT_REJECTED'
    | 'W_TORN_LINE'
    | 'W_WORKER_RESTART'
    | 'W_NATIVE_CODE'
    | 'W_RANK'
    | 'W_REDUCE_FAST';
  message: string;
}

/** Another number of workers goes on with the run, because it is faster; its result stays the same. */
export interface RunWorkers {
  type: 'workers';
  before: number;
  workers: number;
  /** Of a step. */
  speedup: number;
}

/** The last event of a run. */
export interface RunEnd {
  type: 'end';
  summary: Summary;
  /** Of a run that had finished before, so that it has no start now; left out where its files do not tell. */
  stepsPerEpoch?: number;
}

/** What a run does, as it does it: the iteration of a `TrainRun` gives these. */
export type RunEvent = RunStart | RunProgress | RunEpoch | RunMetrics | RunWarning | RunWorkers | RunEnd;

/** How a part of a run has ended; paused: at the step that was asked for, to be resumed. */
export const STATUSES = ['finished', 'interrupted', 'paused', 'diverged', 'failed'] as const;

/** summary.json, and what `train` resolves to. */
export interface Summary {
  id: string;
  name: string;
  status: (typeof STATUSES)[number];
  /** Absolute path of the run directory; null when nothing was written. */
  directory: string | null;
  /** Id of the run that this one goes on from. */
  parent?: string;
  /** Updates done. */
  steps: number;
  /** Whole epochs done. */
  epochs: number;
  /** Wall time from where the threads are started to the end, all parts of the run together. */
  seconds: number;
  /** Rows trained per second of `training_seconds`. */
  samples_per_second: number;
  /** Wall time of the steps, without evaluations and checkpoints. */
  training_seconds: number;
  evaluation_seconds: number;
  /** Of what training waited for: states are written while it goes on. */
  checkpoint_seconds: number;
  /** Until the threads and their code were ready. */
  start_seconds: number;
  workers: number;
  /** Processes that trained it together, by MPI; none where it was one by itself. */
  ranks?: number;
  /** False where its bits depend on how many processes it was, and on their library of MPI: `parallel.reduce: fast`. */
  reproducible?: boolean;
  /** What computed; versions before 0.2 do not tell. */
  code?: CodeName;
  /** sha256 over the final parameters in the file's order and layout. */
  digest: string;
  /** The last value of every metric, by dotted name. */
  last: Record<string, number | null>;
  /** The best value of every evaluated metric: lowest loss and error, highest of the others. */
  best: Record<string, { value: number; step: number }>;
  /** Of each split's last evaluation, if asked for: rows of class i that were taken for class j, at [i][j]. */
  confusion?: Partial<Record<SplitName, number[][]>>;
  /** Shares of the workers' time. */
  phases: { compute: number; wait: number; reduce: number };
  /** Seconds of each worker of this process, in their order; earlier versions do not tell them apart. */
  worker_phases?: { compute: number; wait: number; reduce: number }[];
  error?: { code: string; where?: string; message: string };
}
