import * as z from 'zod';
import { object, path, positiveInteger } from '../parts/parts.ts';

const initializer = z.discriminatedUnion('type', [
  object({
    type: z.literal('normal'),
    mean: z.number().default(0).describe('mean of the normal distribution'),
    std: z.number().positive().default(0.01).describe('standard deviation of the normal distribution'),
  }).describe('N(mean, std^2)'),
  object({
    type: z.literal('uniform'),
    low: z.number().default(-0.05).describe('lower end of the interval'),
    high: z.number().default(0.05).describe('upper end of the interval; above low'),
  }).describe('U(low, high)'),
  object({ type: z.literal('he_normal') }).describe('N(0, 2/inputs), for ReLU layers (He et al. 2015)'),
  object({ type: z.literal('he_uniform') }).describe('U(-b, b) with b = sqrt(6/inputs) (He et al. 2015)'),
  object({ type: z.literal('xavier_normal') }).describe('N(0, 2/(inputs + outputs)) (Glorot and Bengio 2010)'),
  object({ type: z.literal('xavier_uniform') }).describe('U(-b, b) with b = sqrt(6/(inputs + outputs)) (Glorot and Bengio 2010)'),
  object({ type: z.literal('torch_linear') }).describe("PyTorch's Linear: weights and biases U(-b, b) with b = 1/sqrt(inputs)"),
  object({ type: z.literal('zeros') }).describe('all 0'),
  object({
    type: z.literal('file'),
    path: path.describe('safetensors file with tensors layers.<i>.weight, layers.<i>.bias, or an ONNX file (.onnx); relative to this file'),
    names: z
      .record(z.string().min(1), z.string().min(1))
      .optional()
      .describe('what the file calls tensors, by ours or by the start of ours: {layers.0: fc1, layers.1.weight: head/kernel}'),
    transposed: z.boolean().optional().describe("kernels are [inputs, outputs], as Keras'; without it [outputs, inputs], as PyTorch's"),
  }).describe('from a safetensors or ONNX file'),
  object({
    type: z.literal('run'),
    path: path.describe('run directory; its model.safetensors is taken, or its newest checkpoint; relative to this file'),
  }).describe('the parameters of another run, to fine-tune them: optimizer, schedule and steps start anew'),
]);

const activation = z.discriminatedUnion('type', [
  object({ type: z.literal('identity') }).describe('x'),
  object({ type: z.literal('relu') }).describe('max(0, x)'),
  object({
    type: z.literal('leaky_relu'),
    slope: z.number().min(0).max(1).default(0.01).describe('factor of negative inputs'),
  }).describe('x for x > 0, else slope * x'),
  object({ type: z.literal('sigmoid') }).describe('1 / (1 + exp(-x))'),
  object({ type: z.literal('tanh') }).describe('hyperbolic tangent'),
  object({ type: z.literal('gelu') }).describe('x * Phi(x), with the error function'),
]);

const batchNorm = object({
  momentum: z.number().min(0).max(1).default(0.1).describe("weight of a batch in the running statistics, as PyTorch's momentum"),
  eps: z.number().positive().max(1).default(1e-5).describe('added to the variance'),
  scope: z
    .enum(['batch', 'leaf'])
    .default('batch')
    .describe('rows whose mean and variance normalise: the whole batch, or each leaf by itself (no exchange between workers)'),
});

const layerNorm = object({
  eps: z.number().positive().max(1).default(1e-5).describe('added to the variance'),
});

const denseLayer = object({
  type: z.literal('dense'),
  units: positiveInteger.max(1_000_000).describe('outputs of the layer'),
  batch_norm: z
    .union([z.boolean(), batchNorm])
    .default(false)
    .describe('normalises each unit over the rows of the batch, before the activation'),
  layer_norm: z.union([z.boolean(), layerNorm]).default(false).describe('normalises each row over the units, before the activation'),
  activation: activation.prefault({ type: 'identity' }).describe('applied to each output'),
  dropout: z.number().min(0).max(0.99).default(0).describe('share of outputs set to 0 in training, after the activation'),
  residual: z.boolean().default(false).describe("adds the layer's input to its output; both must have the same width"),
  init: initializer.optional().describe('overrides model.init for this layer'),
});

export const model = object({
  init: initializer.prefault({ type: 'torch_linear' }).describe('how weights start; biases start at 0 except with torch_linear'),
  layers: z
    .array(z.discriminatedUnion('type', [denseLayer]))
    .min(1)
    .max(1000)
    .describe('from the input to the output; the last one gives the predictions'),
});

export type ActivationConfig = z.output<typeof activation>;
export type BatchNormConfig = z.output<typeof batchNorm>;
export type LayerNormConfig = z.output<typeof layerNorm>;
export type DenseConfig = z.output<typeof denseLayer>;

/** Settings of a layer's batch norm; undefined without one. */
export function batchNormOf({ batch_norm }: Pick<DenseConfig, 'batch_norm'>): BatchNormConfig | undefined {
  return batch_norm === true ? batchNorm.parse({}) : batch_norm || undefined;
}

/** Settings of a layer's layer norm; undefined without one. */
export function layerNormOf({ layer_norm }: Pick<DenseConfig, 'layer_norm'>): LayerNormConfig | undefined {
  return layer_norm === true ? layerNorm.parse({}) : layer_norm || undefined;
}
