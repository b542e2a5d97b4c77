// Made from the schema by scripts/write-input-types.mjs; do not edit it.
import type { LayerInput } from './layers.ts';
import type { FileInitializer, HeNormalInitializer, HeUniformInitializer, NormalInitializer, RunInitializer, UniformInitializer, XavierNormalInitializer, XavierUniformInitializer, ZerosInitializer } from './shared.ts';

/** how weights start; biases start at 0 except with torch_linear. */
export type InitializerInput =
  | 'normal'
  | 'uniform'
  | 'he_normal'
  | 'he_uniform'
  | 'xavier_normal'
  | 'xavier_uniform'
  | 'torch_linear'
  | 'zeros'
  | NormalInitializer
  | UniformInitializer
  | HeNormalInitializer
  | HeUniformInitializer
  | XavierNormalInitializer
  | XavierUniformInitializer
  | TorchLinearInitializer
  | ZerosInitializer
  | FileInitializer
  | RunInitializer;

/** PyTorch's Linear: weights and biases U(-b, b) with b = 1/sqrt(inputs). */
export interface TorchLinearInitializer {
  type?: 'torch_linear' | undefined;
}

/** layers and initial weights. */
export interface ModelInput {
  /** how weights start; biases start at 0 except with torch_linear. Default: `torch_linear`. */
  init?: InitializerInput | undefined;
  /** from the input to the output; the last one gives the predictions. */
  layers: readonly LayerInput[];
  /** lists of layers by name, which {block: name} among the layers stands for. */
  blocks?: Readonly<Record<string, readonly LayerInput[]>> | undefined;
}
