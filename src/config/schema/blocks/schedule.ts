import * as z from 'zod';
import { every, goal, object, positiveInteger, withGoal } from '../parts/parts.ts';

/** Rules and defaults are PyTorch's (torch.optim.lr_scheduler) where it has the schedule; src/optim/schedule.ts names each source. */

const warmup = object({
  steps: positiveInteger.optional().describe('length in parameter updates; or epochs'),
  epochs: positiveInteger.optional().describe('length in epochs; or steps'),
  start_factor: z
    .number()
    .min(0)
    .max(1)
    .default(1 / 3)
    .describe('the first step has this share of the learning rate with which the schedule starts'),
}).meta({ exclusive: ['epochs', 'steps'] });

const common = {
  warmup: warmup
    .optional()
    .describe("the learning rate rises linearly first; the schedule's own steps and epochs count from the end of it"),
};

const bounded = {
  ...common,
  horizon: every
    .optional()
    .describe(
      'length of the schedule, warmup included; by default that of the training. A run that stops earlier is a prefix of the full one',
    ),
};

const rate = z.number().min(0).max(1e30);
const minLr = rate.default(0).describe('the learning rate at the end');
const gamma = z.number().positive().max(10);

export const schedule = z.discriminatedUnion('type', [
  object({ type: z.literal('constant'), ...common }).describe('lr throughout'),
  object({
    type: z.literal('step'),
    every: every.describe('how often the learning rate changes'),
    gamma: gamma.default(0.1).describe('the learning rate is multiplied by this each time'),
    ...common,
  }).describe('lr * gamma^n after n times `every`'),
  object({
    type: z.literal('multistep'),
    milestones: z.array(positiveInteger).min(1).max(1000).describe('when the learning rate changes, in the unit of `unit`; increasing'),
    unit: z.enum(['epochs', 'steps']).default('epochs').describe('what milestones count'),
    gamma: gamma.default(0.1).describe('the learning rate is multiplied by this at each milestone'),
    ...common,
  }).describe('lr * gamma^n after n milestones'),
  object({
    type: z.literal('exponential'),
    gamma: gamma.describe('the learning rate is multiplied by this over each `every`, a little at every step'),
    every: every.prefault({ epochs: 1 }).describe('the time in which gamma acts once'),
    ...common,
  }).describe('lr * gamma^(time / every)'),
  object({
    type: z.literal('polynomial'),
    power: z.number().positive().max(100).default(1).describe('1 is a straight line, 2 a parabola'),
    min_lr: minLr,
    ...bounded,
  }).describe('from lr to min_lr as (1 - time)^power'),
  object({ type: z.literal('cosine'), min_lr: minLr, ...bounded }).describe('from lr to min_lr along half a cosine wave'),
  object({
    type: z.literal('cosine_restarts'),
    period: every.describe('length of the first wave'),
    multiply: z.int().min(1).max(1000).default(1).describe('each wave is this many times as long as the one before'),
    min_lr: minLr,
    ...common,
  }).describe('cosine waves, each from lr to min_lr (Loshchilov and Hutter 2017)'),
  object({
    type: z.literal('one_cycle'),
    pct_start: z.number().min(0).max(1).default(0.3).describe('share of the steps in which the learning rate rises to lr'),
    div_factor: z.number().min(1).max(1e30).default(25).describe('it starts at lr / div_factor'),
    final_div_factor: z.number().min(1).max(1e30).default(1e4).describe('it ends at its start / final_div_factor'),
    ...bounded,
  }).describe('up to lr and down again, both along half a cosine wave (Smith and Topin 2017)'),
  object({
    type: z.literal('wsd'),
    decay: z.number().positive().max(1).default(0.2).describe('share of the steps, at the end, in which the learning rate falls'),
    shape: z.enum(['linear', 'cosine', 'sqrt']).default('sqrt').describe('how it falls; sqrt: as 1 - sqrt(time)'),
    min_lr: minLr,
    ...bounded,
  }).describe('warmup, stable, decay: lr, then down to min_lr (Hu et al. 2024; Hägele et al. 2024)'),
  object({
    type: z.literal('inverse_sqrt'),
    timescale: every
      .optional()
      .describe('time in which the learning rate falls to lr / sqrt(2); by default as long as warmup, without one 10,000 steps'),
    ...common,
  }).describe('lr / sqrt(1 + time / timescale)'),
  object({
    type: z.literal('plateau'),
    metric: z.string().min(1).max(200).default('val.loss').describe('the metric that is watched at each evaluation'),
    goal,
    factor: z.number().positive().lt(1).default(0.1).describe('the learning rate is multiplied by this when the metric stalls'),
    patience: z.int().min(0).max(1_000_000).default(10).describe('evaluations without improvement that are tolerated'),
    threshold: z.number().min(0).max(1).default(1e-4).describe('an improvement by a smaller share of the best value does not count'),
    cooldown: z.int().min(0).max(1_000_000).default(0).describe('evaluations after a reduction that are not counted'),
    min_lr: rate.default(0).describe('the learning rate is not reduced below this'),
    ...common,
  })
    .transform(({ type, ...watched }) => ({ type, ...withGoal(watched) }))
    .describe('reduced when a metric stops improving'),
]);
