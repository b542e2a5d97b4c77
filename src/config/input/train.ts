// Made from the schema by scripts/write-input-types.mjs; do not edit it.
import type { EveryInput } from './shared.ts';

/** when a loss or gradient is NaN or infinite; seen before it reaches the parameters. */
export type OnNonfiniteInput = 'stop' | 'skip' | 'rollback' | StopOnNonfinite | SkipOnNonfinite | RollbackOnNonfinite;

/** end the run, parameters as they were before the step. */
export interface StopOnNonfinite {
  type?: 'stop' | undefined;
}

/** leave out the update of such a step. */
export interface SkipOnNonfinite {
  type: 'skip';
  /** steps in a row that may be skipped. A whole number, at least 1. Default: `3`. */
  limit?: number | undefined;
}

/** back to the last evaluation, with a lower learning rate. */
export interface RollbackOnNonfinite {
  type: 'rollback';
  /** factor of the learning rate after each rollback. Above 0, at most 1. Default: `0.5`. */
  lr_factor?: number | undefined;
  /** rollbacks in a run. A whole number, at least 1. Default: `3`. */
  limit?: number | undefined;
}

/** averaged parameters, evaluated and saved beside the raw ones. */
export type AverageInput = 'none' | 'ema' | 'swa' | NoneAverage | EmaAverage | SwaAverage;

export interface NoneAverage {
  type?: 'none' | undefined;
}

/** exponential moving average of the parameters. */
export interface EmaAverage {
  type: 'ema';
  /** share of the old average that each step keeps. At least 0, at most 1. Default: `0.999`. */
  decay?: number | undefined;
}

/** stochastic weight averaging (Izmailov et al. 2018): the mean of the parameters at regular points. */
export interface SwaAverage {
  type: 'swa';
  /** share of the training before averaging starts. At least 0, at most 1. Default: `0.75`. */
  start?: number | undefined;
  /** {epochs: n} or {steps: n}. Default: `{epochs: 1}`. */
  every?: EveryInput | undefined;
}

/** length, batches and evaluation of the training. */
export type TrainInput = {
  /**
   * global batch, of all workers together; full = the whole training set. With accumulate, each of the batches of an update. Default: `64`.
   */
  batch_size?: number | 'full' | undefined;
  /**
   * batches per update: gradients of so many batches are averaged as if they were one; batch_norm sees each batch by itself. A whole
   * number, at least 1, at most 65536. Default: `1`.
   */
  accumulate?: number | undefined;
  /** evaluation during training. */
  eval?: {
    /** {epochs: n} or {steps: n}. Default: `{epochs: 1}`. */
    every?: EveryInput | undefined;
    /** the part of the data that is evaluated during training. Default: `val`. */
    on?: 'val' | 'test' | 'train' | 'none' | undefined;
    /**
     * rows evaluated at once; of pictures fewer, where their tensors would take more than 64 MiB. A whole number, at least 1, at most
     * 16777216. Default: `2048`.
     */
    batch_size?: number | undefined;
  } | undefined;
  /** stops when a metric no longer improves. */
  early_stop?: {
    /** evaluated metric, for example val.loss or val.accuracy. Default: `val.loss`. */
    metric?: string | undefined;
    /** what is better. Without it: minimize losses and errors, maximize the rest. */
    goal?: 'minimize' | 'maximize' | undefined;
    /** evaluations without improvement before training stops. A whole number, at least 1. Default: `5`. */
    patience?: number | undefined;
    /** smallest change that counts as an improvement. At least 0. Default: `0`. */
    min_delta?: number | undefined;
    /** end with the parameters of the best evaluation. Default: `true`. */
    restore_best?: boolean | undefined;
  } | undefined;
  /** files in checkpoints/ that gradloom resume goes on from; never changes the result. */
  checkpoint?: {
    /** {epochs: n}, {steps: n} or {seconds: n}; beside these one at the end and one at an interruption. Default: `{seconds: 30}`. */
    every?: {
      /** number of epochs. A whole number, at least 1. */
      epochs: number;
      steps?: undefined;
      seconds?: undefined;
    } | {
      /** number of parameter updates. A whole number, at least 1. */
      steps: number;
      epochs?: undefined;
      seconds?: undefined;
    } | {
      /** seconds of training; never changes the result. Above 0, at most 1000000. */
      seconds: number;
      epochs?: undefined;
      steps?: undefined;
    } | undefined;
    /** how many of the newest stay. A whole number, at least 1. Default: `3`. */
    keep?: number | undefined;
    /** also write and keep the one of the best evaluation. */
    best?: {
      /** evaluated metric, for example val.loss or val.accuracy. Default: `val.loss`. */
      metric?: string | undefined;
      /** what is better. Without it: minimize losses and errors, maximize the rest. */
      goal?: 'minimize' | 'maximize' | undefined;
    } | undefined;
  } | undefined;
  /** when a loss or gradient is NaN or infinite; seen before it reaches the parameters. Default: `stop`. */
  on_nonfinite?: OnNonfiniteInput | undefined;
  /**
   * a loss above so many times 1 + the first one counts as diverged, like one that is not finite; 0: never. At least 0. Default: `10000`.
   */
  max_loss_ratio?: number | undefined;
  /** averaged parameters, evaluated and saved beside the raw ones. Default: `none`. */
  average?: AverageInput | undefined;
} & ({
  /** length of the training; or steps. Without both: 10 epochs. A whole number, at least 1, at most 1000000000. */
  epochs?: number | undefined;
  steps?: undefined;
} | {
  /** length of the training in parameter updates. A whole number, at least 1, at most 1000000000000. */
  steps?: number | undefined;
  epochs?: undefined;
});
