import type { ScheduleSpan } from '../config/schema/blocks/parent.ts';
import type { Every } from '../config/schema/parts/parts.ts';
import type { ScheduleConfig } from '../config/schema/schema.ts';
import { GradloomError } from '../errors.ts';
import { cosSin, integerPower, power } from '../random/elementary.ts';

type Schedule<T extends ScheduleConfig['type']> = Extract<ScheduleConfig, { type: T }>;

/** How steps relate to epochs and to the whole training. */
export interface ScheduleTime {
  /** Length of the schedule in steps, warmup included; see `horizonSteps`. */
  horizon: number;
  stepsPerEpoch: number;
  /** Step at which the schedule starts. @default 0 */
  from?: number;
  /** Step whose learning rate stays from then on. @default none */
  until?: number;
}

/** Of inverse_sqrt without warmup; source: get_inverse_sqrt_schedule of Hugging Face transformers. */
const DEFAULT_TIMESCALE = 10_000;

/** Schedules that end at their horizon. */
const BOUNDED: ReadonlySet<ScheduleConfig['type']> = new Set(['polynomial', 'cosine', 'one_cycle', 'wsd']);

/** The schedule's length in steps: its `horizon`, or that of the training. */
export function horizonSteps(schedule: ScheduleConfig, totalSteps: number, stepsPerEpoch: number): number {
  return 'horizon' in schedule && schedule.horizon !== undefined ? stepsIn(schedule.horizon, stepsPerEpoch) : totalSteps;
}

/** Whether the learning rate of a step depends on how long the training is. */
export function scheduleFollowsLength(schedule: ScheduleConfig): boolean {
  return BOUNDED.has(schedule.type) && !('horizon' in schedule && schedule.horizon !== undefined);
}

/**
 * The time of a schedule in a training of so many steps.
 *
 * @param span  of a training that goes on from another
 */
export function scheduleTime(
  schedule: ScheduleConfig,
  training: { totalSteps: number; stepsPerEpoch: number },
  span: ScheduleSpan = { from: 0 },
): ScheduleTime {
  const { totalSteps, stepsPerEpoch } = training;
  const { from, until, horizon = horizonSteps(schedule, totalSteps - from, stepsPerEpoch) } = span;
  return { horizon, stepsPerEpoch, from, ...(until !== undefined && { until }) };
}

/** @throws GradloomError E_CONFIG_RANGE if the warmup leaves no step to a schedule that has an end */
export function checkWarmup(schedule: ScheduleConfig, { horizon, stepsPerEpoch }: ScheduleTime): void {
  const ramp = warmupSteps(schedule, stepsPerEpoch);
  if (!BOUNDED.has(schedule.type) || ramp < horizon) return;
  throw new GradloomError({
    code: 'E_CONFIG_RANGE',
    where: 'schedule.warmup',
    message: `the warmup of ${ramp} steps leaves nothing of the schedule, which has ${horizon} with it`,
    next: 'shorten schedule.warmup, or set schedule.horizon',
  });
}

/**
 * The learning rate of a step, from + - * / sqrt and our own elementary functions: the same bits on every machine.
 *
 * Warmup is torch.optim.lr_scheduler.SequentialLR of LinearLR and the schedule: over its W steps the factor goes linearly from
 * start_factor to 1, then the schedule starts at its own step 0, with horizon - W steps left. After its last step it stays where it is.
 *
 * @param lr             of the tensor, before the schedule
 * @param step           updates done before this one
 * @param plateauFactor  product of the reductions of `plateau` so far; without meaning to the others
 */
export function lrAt(
  schedule: ScheduleConfig,
  lr: number,
  step: number,
  { horizon, stepsPerEpoch, from = 0, until = Number.POSITIVE_INFINITY }: ScheduleTime,
  plateauFactor: number,
): number {
  const ramp = warmupSteps(schedule, stepsPerEpoch);
  const at = Math.min(step, until) - from;
  const value = valueAt(schedule, lr, Math.max(0, at - ramp), { horizon: horizon - ramp, stepsPerEpoch }, plateauFactor);
  if (at >= ramp) return value;
  const start = schedule.warmup?.start_factor ?? 1;
  return value * (start + ((1 - start) * at) / ramp);
}

/** The learning rate at step `s` of the schedule proper, which has `horizon` steps. */
function valueAt(schedule: ScheduleConfig, lr: number, s: number, { horizon, stepsPerEpoch }: ScheduleTime, plateauFactor: number): number {
  switch (schedule.type) {
    case 'constant':
      return lr;
    case 'step':
      return lr * integerPower(schedule.gamma, Math.floor(s / stepsIn(schedule.every, stepsPerEpoch)));
    case 'multistep':
      return lr * integerPower(schedule.gamma, milestonesPassed(schedule, schedule.unit === 'epochs' ? s / stepsPerEpoch : s));
    case 'exponential':
      return lr * power(schedule.gamma, s / stepsIn(schedule.every, stepsPerEpoch));
    case 'polynomial':
      return s >= horizon ? schedule.min_lr : between(schedule.min_lr, lr, power((horizon - s) / horizon, schedule.power));
    case 'cosine':
      return s >= horizon ? schedule.min_lr : between(schedule.min_lr, lr, halfWave(s / horizon));
    case 'cosine_restarts':
      return restarts(schedule, lr, s, stepsIn(schedule.period, stepsPerEpoch));
    case 'one_cycle':
      return oneCycle(schedule, lr, s, horizon);
    case 'wsd':
      return warmupStableDecay(schedule, lr, s, horizon);
    case 'inverse_sqrt':
      return lr / Math.sqrt(1 + s / timescale(schedule, stepsPerEpoch));
    case 'plateau':
      return reduced(schedule, lr, plateauFactor);
  }
}

function milestonesPassed({ milestones }: Schedule<'multistep'>, time: number): number {
  return milestones.filter((milestone) => milestone <= time).length;
}

/** source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html */
function restarts({ multiply, min_lr }: Schedule<'cosine_restarts'>, lr: number, s: number, period: number): number {
  if (multiply === 1) return between(min_lr, lr, halfWave((s % period) / period));
  let [from, length] = [0, period];
  while (s >= from + length) {
    from += length;
    length *= multiply;
  }
  return between(min_lr, lr, halfWave((s - from) / length));
}

/** source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html with anneal_strategy cos, of two phases */
function oneCycle({ pct_start, div_factor, final_div_factor }: Schedule<'one_cycle'>, lr: number, s: number, horizon: number): number {
  const start = lr / div_factor;
  const end = start / final_div_factor;
  const [peak, last] = [pct_start * horizon - 1, horizon - 1];
  if (s < peak) return between(lr, start, halfWave(s / peak));
  // Without steps to fall in, the peak is the end.
  if (peak >= last) return lr;
  return s >= last ? end : between(end, lr, halfWave((s - peak) / (last - peak)));
}

/**
 * source: Hu et al., "MiniCPM" (2024), https://arxiv.org/abs/2404.06395; the sqrt shape: Hägele et al., "Scaling laws and
 * compute-optimal training beyond fixed training durations" (2024), https://arxiv.org/abs/2405.18392
 */
function warmupStableDecay({ decay, shape, min_lr }: Schedule<'wsd'>, lr: number, s: number, horizon: number): number {
  const length = decay * horizon;
  const time = s - (horizon - length);
  if (time <= 0) return lr;
  if (s >= horizon) return min_lr;
  const progress = time / length;
  if (shape === 'cosine') return between(min_lr, lr, halfWave(progress));
  return between(min_lr, lr, 1 - (shape === 'sqrt' ? Math.sqrt(progress) : progress));
}

/** The time after which the learning rate is lr / sqrt(2). */
function timescale(schedule: Schedule<'inverse_sqrt'>, stepsPerEpoch: number): number {
  if (schedule.timescale !== undefined) return stepsIn(schedule.timescale, stepsPerEpoch);
  return warmupSteps(schedule, stepsPerEpoch) || DEFAULT_TIMESCALE;
}

/** Never raised to a min_lr above the learning rate. */
function reduced({ min_lr }: Schedule<'plateau'>, lr: number, factor: number): number {
  return Math.min(lr, Math.max(min_lr, lr * factor));
}

function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** (1 + cos(pi x)) / 2 for x in [0, 1]; as a square it is never below 0, which a rounded cosine near -1 could bring about. */
function halfWave(x: number): number {
  const [cos] = cosSin((Math.PI / 2) * x);
  return cos * cos;
}

function warmupSteps({ warmup }: ScheduleConfig, stepsPerEpoch: number): number {
  return warmup?.steps ?? (warmup?.epochs ?? 0) * stepsPerEpoch;
}

function stepsIn(length: Every, stepsPerEpoch: number): number {
  return 'steps' in length ? length.steps : length.epochs * stepsPerEpoch;
}
