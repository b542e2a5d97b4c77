import * as z from 'zod';
import { object, path } from '../parts/parts.ts';

/** How weights start. */
export const initializer = z.discriminatedUnion('type', [
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
    transposed: z
      .boolean()
      .optional()
      .describe(
        'kernels are [inputs, outputs] or [height, width, inputs, outputs], and flattened pictures have their channels last, as in Keras; without it all is as in PyTorch',
      ),
  }).describe('from a safetensors or ONNX file'),
  object({
    type: z.literal('run'),
    path: path.describe('run directory; its model.safetensors is taken, or its newest checkpoint; relative to this file'),
  }).describe('the parameters of another run, to fine-tune them: optimizer, schedule and steps start anew'),
]);
