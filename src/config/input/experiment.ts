// Made from the schema by scripts/write-input-types.mjs; do not edit it.
import type { DataInput } from './data.ts';
import type { LossInput } from './loss.ts';
import type { ModelInput } from './model.ts';
import type { OptimizerInput } from './optimizer.ts';
import type { ScheduleInput } from './schedule.ts';
import type { EveryInput } from './shared.ts';
import type { TrainInput } from './train.ts';

/** What a program may say in an experiment: the keys of a file, with its shorthands; whatever has a default may be left out. */
export interface ExperimentInput {
  /** of the file format; 1 has the defaults of gradloom 0.2. Default: `2`. */
  version?: 1 | 2 | undefined;
  /** part of the run directory's name: letters, digits, '.', '_' and '-'. Default: `experiment`. */
  name?: string | undefined;
  /** words to find runs by. Default: `[]`. */
  tags?: readonly string[] | undefined;
  /** root of every counter-based random stream. A whole number, at least 0. Default: `0`. */
  seed?: number | undefined;
  /** rows, their split and their order. */
  data: DataInput;
  /** layers and initial weights. */
  model: ModelInput;
  /** what training minimizes. Default: `softmax_cross_entropy`. */
  loss?: LossInput | undefined;
  /**
   * what evaluations report beside the loss; unweighted. Without it: accuracy with a classification loss, nothing with a regression loss.
   */
  metrics?: readonly (
      | 'accuracy'
      | 'macro_precision'
      | 'macro_recall'
      | 'macro_f1'
      | 'micro_precision'
      | 'micro_recall'
      | 'micro_f1'
      | 'confusion'
      | 'mae'
      | 'rmse'
      | 'r2'
      | `top${number}_accuracy`
  )[] | undefined;
  /** how gradients change parameters. Default: `{type: 'adam', lr: 0.01}`. */
  optimizer?: OptimizerInput | undefined;
  /** penalties and limits. */
  regularization?: {
    /**
     * factor of the sum of |w| over weights (not biases and norms); part of the loss as train.penalty. At least 0, at most 1000000. Default:
     * `0`.
     */
    l1?: number | undefined;
    /**
     * factor of half the sum of w^2 over weights (not biases and norms); part of the loss as train.penalty. At least 0, at most 1000000.
     * Default: `0`.
     */
    l2?: number | undefined;
    /** limit of each gradient value. Above 0. */
    clip_value?: number | undefined;
    /** limit of the norm of the whole gradient. Above 0. */
    clip_global_norm?: number | undefined;
    /** limit of the norm of each unit's incoming weights, after the update. Above 0. */
    max_norm?: number | undefined;
    /** normal noise added to the gradient (Neelakantan et al. 2015). */
    noise?: {
      /** variance of the noise at step 0. Above 0. */
      eta: number;
      /** decay: variance eta / (1 + step)^gamma. At least 0. Default: `0.55`. */
      gamma?: number | undefined;
    } | undefined;
  } | undefined;
  /** how the learning rate changes; it is set before each step. Default: `constant`. */
  schedule?: ScheduleInput | undefined;
  /** length, batches and evaluation of the training. */
  train?: TrainInput | undefined;
  /** what gradloom extend writes: a finished run whose training this one continues. */
  parent?: {
    /** directory of the run that this one goes on from; relative to the working directory. */
    run: string;
    /** its last step. A whole number, at least 1. */
    step: number;
    /** gradloom.sha256 of its last checkpoint. */
    sha256: string;
    /** where the schedule stands in its time. */
    schedule?: {
      /** step at which the schedule starts. A whole number, at least 0. Default: `0`. */
      from?: number | undefined;
      /** step whose learning rate stays from then on. A whole number, at least 0. */
      until?: number | undefined;
      /** length of the schedule in steps, in place of that of the training. A whole number, at least 1. */
      horizon?: number | undefined;
    } | undefined;
  } | undefined;
  /** how sums are ordered; can change bits of the result. */
  numerics?: {
    /**
     * slices of the batch whose gradients are summed by a fixed tree; the highest useful worker count. A whole number, at least 1, at most
     * 4096. Default: `16`.
     */
    leaves?: number | undefined;
    /**
     * the arithmetic; wasm: every product is rounded, then every sum, as plain WebAssembly does it, so that the bits are the same on every
     * machine. Default: `wasm`.
     */
    engine?: 'wasm' | undefined;
    /** how often digests.jsonl gets a line: sha256 of parameters, optimizer state and averages, whole and tensor by tensor. */
    digest?: {
      /** {epochs: n} or {steps: n}. Default: `{steps: 500}`. */
      every?: EveryInput | undefined;
    } | undefined;
  } | undefined;
  /** how the work is shared out; never changes a bit of the result. */
  parallel?: {
    /**
     * worker threads; auto: one a usable core (affinity and cgroup quotas count), fewer if the first moments of training show that they are
     * faster. Default: `auto`.
     */
    workers?: number | 'auto' | undefined;
    /**
     * what computes: machine code for this processor (x86-64 with AVX2 or AVX-512), or WebAssembly; the bits are equal. auto: machine code
     * where the system allows it. Default: `auto`.
     */
    code?: 'auto' | 'native' | 'wasm' | undefined;
    /**
     * gradients: each worker sums the gradient of its own rows, and all add these up; factors: each computes its part of the gradient from
     * all workers' rows; auto: per layer, what moves less between cores. Default: `auto`.
     */
    exchange?: 'auto' | 'gradients' | 'factors' | undefined;
    /**
     * how several ranks of MPI sum the gradient: exact: by the tree over leaves, with the bits of one process; fast: by MPI's own all-reduce,
     * whose bits depend on the ranks and on the library. Of no effect without ranks. Default: `exact`.
     */
    reduce?: 'exact' | 'fast' | undefined;
    /**
     * whether the first layer's products skip the zeros of the inputs; auto: where it is faster, found out in the first steps. Default:
     * `auto`.
     */
    skip_zeros?: 'auto' | 'never' | 'always' | undefined;
    /** microseconds to spin at a barrier before sleeping. At least 0, at most 1000000. Default: `50`. */
    spin_us?: number | undefined;
  } | undefined;
  /** what a run records; never changes a bit of the result. */
  track?: {
    /** parent of the run directory; relative to the working directory. Default: `./runs`. */
    dir?: string | undefined;
    /** how often the training loss is logged. Default: `{steps: 50}`. */
    log_every?: {
      /** parameter updates from one line to the next. A whole number, at least 1. */
      steps: number;
    } | undefined;
    /** update/weight ratios and activation statistics per layer, written to metrics.jsonl. */
    statistics?: {
      /** {epochs: n} or {steps: n}. Default: `{epochs: 1}`. */
      every?: EveryInput | undefined;
    } | undefined;
    /**
     * write TensorBoard's event files into the run's directory: every line of metrics.jsonl, histograms of the parameters, confusion
     * matrices. Default: `false`.
     */
    tensorboard?: boolean | undefined;
    /** free text, kept with the run. Default: `''`. */
    notes?: string | undefined;
  } | undefined;
}
