// Made from the schema by scripts/write-input-types.mjs; do not edit it.

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

/** PyTorch's Linear: weights and biases U(-b, b) with b = 1/sqrt(inputs). */
export interface TorchLinearInitializer {
  type?: 'torch_linear' | undefined;
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
  /** kernels are [inputs, outputs], as Keras'; without it [outputs, inputs], as PyTorch's. */
  transposed?: boolean | undefined;
}

/** the parameters of another run, to fine-tune them: optimizer, schedule and steps start anew. */
export interface RunInitializer {
  type: 'run';
  /** run directory; its model.safetensors is taken, or its newest checkpoint; relative to the working directory. */
  path: string;
}

export type LayerInput = DenseLayer;

export interface DenseLayer {
  type: 'dense';
  /** outputs of the layer. A whole number, at least 1, at most 1000000. */
  units: number;
  /** normalises each unit over the rows of the batch, before the activation. Default: `false`. */
  batch_norm?: boolean | {
    /** weight of a batch in the running statistics, as PyTorch's momentum. At least 0, at most 1. Default: `0.1`. */
    momentum?: number | undefined;
    /** added to the variance. Above 0, at most 1. Default: `0.00001`. */
    eps?: number | undefined;
    /** rows whose mean and variance normalise: the whole batch, or each leaf by itself (no exchange between workers). Default: `batch`. */
    scope?: 'batch' | 'leaf' | undefined;
  } | undefined;
  /** normalises each row over the units, before the activation. Default: `false`. */
  layer_norm?: boolean | {
    /** added to the variance. Above 0, at most 1. Default: `0.00001`. */
    eps?: number | undefined;
  } | undefined;
  /** applied to each output. Default: `identity`. */
  activation?: ActivationInput | undefined;
  /** share of outputs set to 0 in training, after the activation. At least 0, at most 0.99. Default: `0`. */
  dropout?: number | undefined;
  /** adds the layer's input to its output; both must have the same width. Default: `false`. */
  residual?: boolean | undefined;
  /** overrides model.init for this layer. */
  init?: TaggedInitializerInput | undefined;
}

/** applied to each output. */
export type ActivationInput =
  | 'identity'
  | 'relu'
  | 'leaky_relu'
  | 'sigmoid'
  | 'tanh'
  | 'gelu'
  | IdentityActivation
  | ReluActivation
  | LeakyReluActivation
  | SigmoidActivation
  | TanhActivation
  | GeluActivation;

/** x. */
export interface IdentityActivation {
  type?: 'identity' | undefined;
}

/** max(0, x). */
export interface ReluActivation {
  type: 'relu';
}

/** x for x > 0, else slope * x. */
export interface LeakyReluActivation {
  type: 'leaky_relu';
  /** factor of negative inputs. At least 0, at most 1. Default: `0.01`. */
  slope?: number | undefined;
}

/** 1 / (1 + exp(-x)). */
export interface SigmoidActivation {
  type: 'sigmoid';
}

/** hyperbolic tangent. */
export interface TanhActivation {
  type: 'tanh';
}

/** x * Phi(x), with the error function. */
export interface GeluActivation {
  type: 'gelu';
}

/** overrides model.init for this layer. */
export type TaggedInitializerInput =
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
  | TaggedTorchLinearInitializer
  | ZerosInitializer
  | FileInitializer
  | RunInitializer;

/** PyTorch's Linear: weights and biases U(-b, b) with b = 1/sqrt(inputs). */
export interface TaggedTorchLinearInitializer {
  type: 'torch_linear';
}

/** layers and initial weights. */
export interface ModelInput {
  /** how weights start; biases start at 0 except with torch_linear. Default: `torch_linear`. */
  init?: InitializerInput | undefined;
  /** from the input to the output; the last one gives the predictions. */
  layers: readonly LayerInput[];
}
