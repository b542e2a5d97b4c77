import * as z from 'zod';
import { object } from '../parts/parts.ts';

/** Names and defaults are PyTorch's (torch.optim), for lion and lamb those of the papers' own code. */

const rate = z.number().positive().max(1e30);
const decay = z.number().min(0).max(1e30);
/** A share of the old average that each step keeps; with 1 nothing new would ever enter. */
const share = z.number().min(0).lt(1);

const lr = (value: number) => rate.default(value).describe('learning rate');

/** Not below 1e-30: an eps that is 0 in f32 makes 0 / 0 of a parameter whose gradient was always 0. */
const eps = (value: number) => z.number().min(1e-30).max(1).default(value).describe('added to the denominator, against division by 0');

const betas = (first: number, second: number, text: string) => z.array(share).length(2).default([first, second]).describe(text);

const MOMENTS = 'how much of the running means of the gradient and of its square each step keeps';

const group = object({
  match: z.string().min(1).max(200).describe('name of a tensor, such as layers.0.bias; * stands for any text'),
  lr: rate.optional().describe('learning rate of the matching tensors; the schedule applies to it'),
  weight_decay: decay.optional().describe('weight decay of the matching tensors, whatever weight_decay_on says'),
});

/** What every optimizer has, beside its learning rate and its own keys. */
const common = (weightDecay: number, text: string) => ({
  weight_decay: decay.default(weightDecay).describe(text),
  weight_decay_on: z
    .enum(['all', 'weights'])
    .default('all')
    .describe('all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms'),
  groups: z.array(group).max(1000).default([]).describe('tensors with their own learning rate or weight decay; later groups win'),
});

const COUPLED = 'weight decay: this times the parameter is added to its gradient';
const DECOUPLED = 'weight decay: the parameter loses lr times this share of itself each step';
const EITHER = 'weight decay: added to the gradient, or decoupled from it';

const decoupled = z
  .boolean()
  .default(false)
  .describe('true: the parameter loses lr * weight_decay of itself, as in AdamW; false: weight_decay acts through the gradient');

const amsgrad = z.boolean().default(false).describe('divide by the largest mean square so far instead of the present one');

export const optimizer = z.discriminatedUnion('type', [
  object({
    type: z.literal('sgd'),
    lr: lr(0.01),
    momentum: z.number().min(0).max(1).default(0).describe('how much of the last step each step keeps; 0 for none'),
    dampening: z.number().min(0).max(1).default(0).describe('share of the gradient that does not enter the momentum'),
    nesterov: z.boolean().default(false).describe('look ahead along the momentum; needs momentum, and dampening 0'),
    ...common(0, COUPLED),
  }).describe('stochastic gradient descent: w - lr * gradient'),
  object({
    type: z.literal('adam'),
    lr: lr(1e-3),
    betas: betas(0.9, 0.999, MOMENTS),
    eps: eps(1e-8),
    amsgrad,
    ...common(0, COUPLED),
  }).describe('Adam (Kingma and Ba 2015)'),
  object({
    type: z.literal('adamw'),
    lr: lr(1e-3),
    betas: betas(0.9, 0.999, MOMENTS),
    eps: eps(1e-8),
    amsgrad,
    ...common(0.01, DECOUPLED),
  }).describe('Adam with decoupled weight decay (Loshchilov and Hutter 2019)'),
  object({
    type: z.literal('nadam'),
    lr: lr(2e-3),
    betas: betas(0.9, 0.999, MOMENTS),
    eps: eps(1e-8),
    momentum_decay: z.number().min(0).max(1e6).default(4e-3).describe('how fast the momentum reaches betas.0; 0: it stays at half of it'),
    decoupled_weight_decay: decoupled,
    ...common(0, EITHER),
  }).describe('Adam with Nesterov momentum (Dozat 2016)'),
  object({
    type: z.literal('radam'),
    lr: lr(1e-3),
    betas: betas(0.9, 0.999, MOMENTS),
    eps: eps(1e-8),
    decoupled_weight_decay: decoupled,
    ...common(0, EITHER),
  }).describe('Adam with a rectified start, which needs no warmup (Liu et al. 2020)'),
  object({
    type: z.literal('rmsprop'),
    lr: lr(0.01),
    alpha: share.default(0.99).describe('how much of the running mean of squared gradients each step keeps'),
    eps: eps(1e-8),
    centered: z.boolean().default(false).describe('divide by the standard deviation of the gradient instead of its root mean square'),
    momentum: z.number().min(0).max(1).default(0).describe('how much of the last step each step keeps; 0 for none'),
    ...common(0, COUPLED),
  }).describe('RMSprop (Hinton 2012; centered: Graves 2013)'),
  object({
    type: z.literal('adagrad'),
    lr: lr(0.01),
    lr_decay: z.number().min(0).max(1e6).default(0).describe('the learning rate is divided by 1 + steps done * lr_decay'),
    initial_accumulator_value: z.number().min(0).max(1e30).default(0).describe('where the sum of squared gradients starts'),
    eps: eps(1e-10),
    ...common(0, COUPLED),
  }).describe('Adagrad (Duchi et al. 2011)'),
  object({
    type: z.literal('adadelta'),
    lr: lr(1),
    rho: share.default(0.9).describe('how much of the running means of squared gradients and steps each step keeps'),
    eps: eps(1e-6),
    ...common(0, COUPLED),
  }).describe('Adadelta (Zeiler 2012)'),
  object({
    type: z.literal('lion'),
    lr: lr(1e-4),
    betas: betas(0.9, 0.99, 'weight of the momentum in the sign of the step; how much of the momentum each step keeps'),
    ...common(0, DECOUPLED),
  }).describe('Lion: steps of the size lr in each parameter (Chen et al. 2023)'),
  object({
    type: z.literal('lamb'),
    lr: lr(1e-3),
    betas: betas(0.9, 0.999, MOMENTS),
    eps: eps(1e-6),
    ...common(0, 'weight decay: this times the parameter is added to its step, before the trust ratio'),
  }).describe("LAMB: Adam's steps scaled to each tensor's norm, for large batches (You et al. 2020)"),
]);
