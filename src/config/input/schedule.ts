// Made from the schema by scripts/write-input-types.mjs; do not edit it.
import type { EveryInput } from './shared.ts';

/** how the learning rate changes; it is set before each step. */
export type ScheduleInput =
  | 'constant'
  | 'polynomial'
  | 'cosine'
  | 'one_cycle'
  | 'wsd'
  | 'inverse_sqrt'
  | 'plateau'
  | ConstantSchedule
  | StepSchedule
  | MultistepSchedule
  | ExponentialSchedule
  | PolynomialSchedule
  | CosineSchedule
  | CosineRestartsSchedule
  | OneCycleSchedule
  | WsdSchedule
  | InverseSqrtSchedule
  | PlateauSchedule;

/** lr throughout. */
export interface ConstantSchedule {
  type?: 'constant' | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
}

/** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
export type WarmupInput = {
  /**
   * the first step has this share of the learning rate with which the schedule starts. At least 0, at most 1. Default:
   * `0.3333333333333333`.
   */
  start_factor?: number | undefined;
} & ({
  /** length in epochs; or steps. A whole number, at least 1. */
  epochs?: number | undefined;
  steps?: undefined;
} | {
  /** length in parameter updates; or epochs. A whole number, at least 1. */
  steps?: number | undefined;
  epochs?: undefined;
});

/** lr * gamma^n after n times `every`. */
export interface StepSchedule {
  type: 'step';
  /** how often the learning rate changes. */
  every: EveryInput;
  /** the learning rate is multiplied by this each time. Above 0, at most 10. Default: `0.1`. */
  gamma?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
}

/** lr * gamma^n after n milestones. */
export interface MultistepSchedule {
  type: 'multistep';
  /** when the learning rate changes, in the unit of `unit`; increasing. */
  milestones: readonly number[];
  /** what milestones count. Default: `epochs`. */
  unit?: 'epochs' | 'steps' | undefined;
  /** the learning rate is multiplied by this at each milestone. Above 0, at most 10. Default: `0.1`. */
  gamma?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
}

/** lr * gamma^(time / every). */
export interface ExponentialSchedule {
  type: 'exponential';
  /** the learning rate is multiplied by this over each `every`, a little at every step. Above 0, at most 10. */
  gamma: number;
  /** the time in which gamma acts once. Default: `{epochs: 1}`. */
  every?: EveryInput | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
}

/** from lr to min_lr as (1 - time)^power. */
export interface PolynomialSchedule {
  type: 'polynomial';
  /** 1 is a straight line, 2 a parabola. Above 0, at most 100. Default: `1`. */
  power?: number | undefined;
  /** the learning rate at the end. At least 0. Default: `0`. */
  min_lr?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
  /** length of the schedule, warmup included; by default that of the training. A run that stops earlier is a prefix of the full one. */
  horizon?: EveryInput | undefined;
}

/** from lr to min_lr along half a cosine wave. */
export interface CosineSchedule {
  type: 'cosine';
  /** the learning rate at the end. At least 0. Default: `0`. */
  min_lr?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
  /** length of the schedule, warmup included; by default that of the training. A run that stops earlier is a prefix of the full one. */
  horizon?: EveryInput | undefined;
}

/** cosine waves, each from lr to min_lr (Loshchilov and Hutter 2017). */
export interface CosineRestartsSchedule {
  type: 'cosine_restarts';
  /** length of the first wave. */
  period: EveryInput;
  /** each wave is this many times as long as the one before. A whole number, at least 1, at most 1000. Default: `1`. */
  multiply?: number | undefined;
  /** the learning rate at the end. At least 0. Default: `0`. */
  min_lr?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
}

/** up to lr and down again, both along half a cosine wave (Smith and Topin 2017). */
export interface OneCycleSchedule {
  type: 'one_cycle';
  /** share of the steps in which the learning rate rises to lr. At least 0, at most 1. Default: `0.3`. */
  pct_start?: number | undefined;
  /** it starts at lr / div_factor. At least 1. Default: `25`. */
  div_factor?: number | undefined;
  /** it ends at its start / final_div_factor. At least 1. Default: `10000`. */
  final_div_factor?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
  /** length of the schedule, warmup included; by default that of the training. A run that stops earlier is a prefix of the full one. */
  horizon?: EveryInput | undefined;
}

/** warmup, stable, decay: lr, then down to min_lr (Hu et al. 2024; Hägele et al. 2024). */
export interface WsdSchedule {
  type: 'wsd';
  /** share of the steps, at the end, in which the learning rate falls. Above 0, at most 1. Default: `0.2`. */
  decay?: number | undefined;
  /** how it falls; sqrt: as 1 - sqrt(time). Default: `sqrt`. */
  shape?: 'linear' | 'cosine' | 'sqrt' | undefined;
  /** the learning rate at the end. At least 0. Default: `0`. */
  min_lr?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
  /** length of the schedule, warmup included; by default that of the training. A run that stops earlier is a prefix of the full one. */
  horizon?: EveryInput | undefined;
}

/** lr / sqrt(1 + time / timescale). */
export interface InverseSqrtSchedule {
  type: 'inverse_sqrt';
  /** time in which the learning rate falls to lr / sqrt(2); by default as long as warmup, without one 10,000 steps. */
  timescale?: EveryInput | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
}

/** reduced when a metric stops improving. */
export interface PlateauSchedule {
  type: 'plateau';
  /** the metric that is watched at each evaluation. Default: `val.loss`. */
  metric?: string | undefined;
  /** what is better. Without it: minimize losses and errors, maximize the rest. */
  goal?: 'minimize' | 'maximize' | undefined;
  /** the learning rate is multiplied by this when the metric stalls. Above 0, below 1. Default: `0.1`. */
  factor?: number | undefined;
  /** evaluations without improvement that are tolerated. A whole number, at least 0, at most 1000000. Default: `10`. */
  patience?: number | undefined;
  /** an improvement by a smaller share of the best value does not count. At least 0, at most 1. Default: `0.0001`. */
  threshold?: number | undefined;
  /** evaluations after a reduction that are not counted. A whole number, at least 0, at most 1000000. Default: `0`. */
  cooldown?: number | undefined;
  /** the learning rate is not reduced below this. At least 0. Default: `0`. */
  min_lr?: number | undefined;
  /** the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it. */
  warmup?: WarmupInput | undefined;
}
