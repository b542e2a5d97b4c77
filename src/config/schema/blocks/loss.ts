import * as z from 'zod';
import { CLASSIFICATION_METRICS, REGRESSION_METRICS, TOP_K } from '../../names/metrics.ts';
import { object } from '../parts/parts.ts';

const labelSmoothing = z.number().min(0).max(1).default(0);
/** Larger ones could overflow the gradients' f32. */
const weight = z.number().min(0).max(1e9);
const weights = z.array(weight).min(1).max(1_000_000);

export const loss = z.discriminatedUnion('type', [
  object({
    type: z.literal('softmax_cross_entropy'),
    label_smoothing: labelSmoothing.describe('share of the target that is spread evenly over all classes, as in torch.nn.CrossEntropyLoss'),
    class_weights: z
      .union([weights, z.literal('balanced')])
      .optional()
      .describe('one factor a class; balanced: N/(K*count) of each class in the training set. The mean divides by the sum of the weights'),
  }).describe('classification with one class a row'),
  object({
    type: z.literal('sigmoid_cross_entropy'),
    label_smoothing: labelSmoothing.describe('s moves targets towards 1/2: t*(1-s) + s/2'),
    pos_weight: z
      .union([weight, weights])
      .optional()
      .describe('factor of the positive part of the loss, one for all outputs or one an output, as in torch.nn.BCEWithLogitsLoss'),
  }).describe('independent yes/no outputs'),
  object({ type: z.literal('mse') }).describe('mean squared error, for regression'),
  object({
    type: z.literal('huber'),
    delta: z.number().positive().max(1e30).default(1).describe('error from which on the loss is linear'),
  }).describe('squared error near 0, absolute error far from it (torch.nn.HuberLoss), for regression'),
  object({ type: z.literal('mae') }).describe('mean absolute error (torch.nn.L1Loss), for regression'),
]);

export const metric = z.union([
  z.enum([...CLASSIFICATION_METRICS, ...REGRESSION_METRICS]),
  z.string().regex(TOP_K).meta({ form: 'top<k>_accuracy with k from 2' }),
]);
