// Made from the schema by scripts/write-input-types.mjs; do not edit it.

/** N(mean, std^2). */
export interface NormalInitializer {
  type: 'normal';
  /** mean of the normal distribution. Default: `0`. */
  mean?: number | undefined;
  /** standard deviation of the normal distribution. Above 0. Default: `0.01`. */
  std?: number | undefined;
}

/** U(low, high). */
export interface UniformInitializer {
  type: 'uniform';
  /** lower end of the interval. Default: `-0.05`. */
  low?: number | undefined;
  /** upper end of the interval; above low. Default: `0.05`. */
  high?: number | undefined;
}

/** N(0, 2/inputs), for ReLU layers (He et al. 2015). */
export interface HeNormalInitializer {
  type: 'he_normal';
}

/** U(-b, b) with b = sqrt(6/inputs) (He et al. 2015). */
export interface HeUniformInitializer {
  type: 'he_uniform';
}

/** N(0, 2/(inputs + outputs)) (Glorot and Bengio 2010). */
export interface XavierNormalInitializer {
  type: 'xavier_normal';
}

/** U(-b, b) with b = sqrt(6/(inputs + outputs)) (Glorot and Bengio 2010). */
export interface XavierUniformInitializer {
  type: 'xavier_uniform';
}

/** all 0. */
export interface ZerosInitializer {
  type: 'zeros';
}

/** from a safetensors or ONNX file. */
export interface FileInitializer {
  type: 'file';
  /** safetensors file with tensors layers.<i>.weight, layers.<i>.bias, or an ONNX file (.onnx); relative to the working directory. */
  path: string;
  /** what the file calls tensors, by ours or by the start of ours: {layers.0: fc1, layers.1.weight: head/kernel}. */
  names?: Readonly<Record<string, string>> | undefined;
  /**
   * kernels are [inputs, outputs] or [height, width, inputs, outputs], and flattened pictures have their channels last, as in Keras;
   * without it all is as in PyTorch.
   */
  transposed?: boolean | undefined;
}

/** the parameters of another run, to fine-tune them: optimizer, schedule and steps start anew. */
export interface RunInitializer {
  type: 'run';
  /** run directory; its model.safetensors is taken, or its newest checkpoint; relative to the working directory. */
  path: string;
}

export type EveryInput = {
  /** number of epochs. A whole number, at least 1. */
  epochs: number;
  steps?: undefined;
} | {
  /** number of parameter updates. A whole number, at least 1. */
  steps: number;
  epochs?: undefined;
};
