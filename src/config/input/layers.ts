// Made from the schema by scripts/write-input-types.mjs; do not edit it.
import type { FileInitializer, HeNormalInitializer, HeUniformInitializer, NormalInitializer, RunInitializer, UniformInitializer, XavierNormalInitializer, XavierUniformInitializer, ZerosInitializer } from './shared.ts';

export type LayerInput =
  | 'global_avg_pool'
  | 'flatten'
  | DenseLayer
  | Conv2dLayer
  | Conv1dLayer
  | MaxPool2dLayer
  | AvgPool2dLayer
  | MaxPool1dLayer
  | AvgPool1dLayer
  | GlobalAvgPoolLayer
  | FlattenLayer
  | ReshapeLayer
  | RepeatLayer
  | BlockLayer
  | ResidualLayer;

/** each output is a weighted sum of all inputs. */
export interface DenseLayer {
  type: 'dense';
  /** outputs of the layer. A whole number, at least 1, at most 1000000. */
  units: number;
  /** normalises each unit over the rows of the batch, before the activation. Default: `false`. */
  batch_norm?: BatchNormInput | undefined;
  /** normalises each row over the units, before the activation. Default: `false`. */
  layer_norm?: LayerNormInput | undefined;
  /** applied to each output. Default: `identity`. */
  activation?: ActivationInput | undefined;
  /** share of outputs set to 0 in training, after the activation. At least 0, at most 0.99. Default: `0`. */
  dropout?: number | undefined;
  /** adds the layer's input to its output; both must have the same width. Default: `false`. */
  residual?: boolean | undefined;
  /** overrides model.init for this layer. */
  init?: TaggedInitializerInput | undefined;
}

export type BatchNormInput = boolean | BatchNormSettings;

export interface BatchNormSettings {
  /** weight of a batch in the running statistics, as PyTorch's momentum. At least 0, at most 1. Default: `0.1`. */
  momentum?: number | undefined;
  /** added to the variance. Above 0, at most 1. Default: `0.00001`. */
  eps?: number | undefined;
  /** rows whose mean and variance normalise: the whole batch, or each leaf by itself (no exchange between workers). Default: `batch`. */
  scope?: 'batch' | 'leaf' | undefined;
}

export type LayerNormInput = boolean | LayerNormSettings;

export interface LayerNormSettings {
  /** added to the variance. Above 0, at most 1. Default: `0.00001`. */
  eps?: number | undefined;
}

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

/** filters that slide over a picture: each output is a weighted sum of what the kernel covers. */
export interface Conv2dLayer {
  type: 'conv2d';
  /** channels that come out. A whole number, at least 1, at most 1000000. */
  filters: number;
  /** extent of what a filter sees, or [height, width]. */
  kernel: number | readonly [number, number];
  /** steps from one place of the kernel to the next, or [down, right]. Default: `1`. */
  stride?: number | readonly [number, number] | undefined;
  /**
   * zeros around the input. same: as many as keep its extent, with stride 1; valid: none; or [above and below, left and right]. Default:
   * `0`.
   */
  padding?: number | readonly [number, number] | 'same' | 'valid' | undefined;
  /** distance of the taps of the kernel; 1: side by side; or [down, right]. Default: `1`. */
  dilation?: number | readonly [number, number] | undefined;
  /**
   * the channels in and out are split into so many groups, and each group of filters sees its own channels only. A whole number, at least
   * 1, at most 1000000. Default: `1`.
   */
  groups?: number | undefined;
  /** adds a trained number to each channel; needless in front of batch_norm. Default: `true`. */
  bias?: boolean | undefined;
  /** normalises each channel over the rows of the batch and all places, before the activation. Default: `false`. */
  batch_norm?: BatchNormInput | undefined;
  /** normalises each row over its channels and places, before the activation. Default: `false`. */
  layer_norm?: LayerNormInput | undefined;
  /** applied to each output. Default: `identity`. */
  activation?: ActivationInput | undefined;
  /** share of outputs set to 0 in training, after the activation. At least 0, at most 0.99. Default: `0`. */
  dropout?: number | undefined;
  /** share of channels of a row that are set to 0 as a whole in training, after the activation. At least 0, at most 0.99. Default: `0`. */
  dropout2d?: number | undefined;
  /** adds the layer's input to its output; both must have the same shape. Default: `false`. */
  residual?: boolean | undefined;
  /** overrides model.init for this layer. */
  init?: TaggedInitializerInput | undefined;
}

/** filters that slide along a sequence. */
export interface Conv1dLayer {
  type: 'conv1d';
  /** channels that come out. A whole number, at least 1, at most 1000000. */
  filters: number;
  /** extent of what a filter sees. A whole number, at least 1, at most 4096. */
  kernel: number;
  /** steps from one place of the kernel to the next. A whole number, at least 1, at most 4096. Default: `1`. */
  stride?: number | undefined;
  /** zeros around the input. same: as many as keep its extent, with stride 1; valid: none. Default: `0`. */
  padding?: number | 'same' | 'valid' | undefined;
  /** distance of the taps of the kernel; 1: side by side. A whole number, at least 1, at most 4096. Default: `1`. */
  dilation?: number | undefined;
  /**
   * the channels in and out are split into so many groups, and each group of filters sees its own channels only. A whole number, at least
   * 1, at most 1000000. Default: `1`.
   */
  groups?: number | undefined;
  /** adds a trained number to each channel; needless in front of batch_norm. Default: `true`. */
  bias?: boolean | undefined;
  /** normalises each channel over the rows of the batch and all places, before the activation. Default: `false`. */
  batch_norm?: BatchNormInput | undefined;
  /** normalises each row over its channels and places, before the activation. Default: `false`. */
  layer_norm?: LayerNormInput | undefined;
  /** applied to each output. Default: `identity`. */
  activation?: ActivationInput | undefined;
  /** share of outputs set to 0 in training, after the activation. At least 0, at most 0.99. Default: `0`. */
  dropout?: number | undefined;
  /** share of channels of a row that are set to 0 as a whole in training, after the activation. At least 0, at most 0.99. Default: `0`. */
  dropout1d?: number | undefined;
  /** adds the layer's input to its output; both must have the same shape. Default: `false`. */
  residual?: boolean | undefined;
  /** overrides model.init for this layer. */
  init?: TaggedInitializerInput | undefined;
}

/** the largest value of each window of a picture. */
export interface MaxPool2dLayer {
  type: 'max_pool2d';
  /** extent of a window, or [height, width]. */
  kernel: number | readonly [number, number];
  /** steps from one window to the next. Without it: those of the kernel, so that windows do not overlap; or [down, right]. */
  stride?: number | readonly [number, number] | undefined;
  /** places around the input that are never the largest, at most half of the kernel; or [above and below, left and right]. Default: `0`. */
  padding?: number | readonly [number, number] | undefined;
  /** leaves out what lies behind the last whole window; without it the windows must cover the input. Default: `false`. */
  drop_rest?: boolean | undefined;
}

/** the mean of each window of a picture. */
export interface AvgPool2dLayer {
  type: 'avg_pool2d';
  /** extent of a window, or [height, width]. */
  kernel: number | readonly [number, number];
  /** steps from one window to the next. Without it: those of the kernel, so that windows do not overlap; or [down, right]. */
  stride?: number | readonly [number, number] | undefined;
  /** zeros around the input, which count in the mean, at most half of the kernel; or [above and below, left and right]. Default: `0`. */
  padding?: number | readonly [number, number] | undefined;
  /** leaves out what lies behind the last whole window; without it the windows must cover the input. Default: `false`. */
  drop_rest?: boolean | undefined;
}

/** the largest value of each window of a sequence. */
export interface MaxPool1dLayer {
  type: 'max_pool1d';
  /** extent of a window. A whole number, at least 1, at most 4096. */
  kernel: number;
  /**
   * steps from one window to the next. Without it: those of the kernel, so that windows do not overlap. A whole number, at least 1, at most
   * 4096.
   */
  stride?: number | undefined;
  /**
   * places around the input that are never the largest, at most half of the kernel. A whole number, at least 0, at most 4096. Default: `0`.
   */
  padding?: number | undefined;
  /** leaves out what lies behind the last whole window; without it the windows must cover the input. Default: `false`. */
  drop_rest?: boolean | undefined;
}

/** the mean of each window of a sequence. */
export interface AvgPool1dLayer {
  type: 'avg_pool1d';
  /** extent of a window. A whole number, at least 1, at most 4096. */
  kernel: number;
  /**
   * steps from one window to the next. Without it: those of the kernel, so that windows do not overlap. A whole number, at least 1, at most
   * 4096.
   */
  stride?: number | undefined;
  /**
   * zeros around the input, which count in the mean, at most half of the kernel. A whole number, at least 0, at most 4096. Default: `0`.
   */
  padding?: number | undefined;
  /** leaves out what lies behind the last whole window; without it the windows must cover the input. Default: `false`. */
  drop_rest?: boolean | undefined;
}

/** the mean of each channel: one number a channel. */
export interface GlobalAvgPoolLayer {
  type: 'global_avg_pool';
}

/** all values of a row in one, channel by channel as PyTorch's Flatten; needless in front of dense. */
export interface FlattenLayer {
  type: 'flatten';
}

/** flat values as a picture or a sequence: columns of a table that are pixels, or values of one time after the other. */
export interface ReshapeLayer {
  type: 'reshape';
  /** [channels, height, width] of a picture, or [channels, length] of a sequence. */
  shape: readonly number[];
  /** how the values lie in the row: channel by channel, or place by place with all channels of each. Default: `first`. */
  channels?: 'first' | 'last' | undefined;
}

/** layers several times, one behind the other. */
export interface RepeatLayer {
  type?: 'repeat' | undefined;
  /** how many times; or a map with times and layers. */
  repeat: number | {
    /** how many times; 0: not at all. A whole number, at least 0, at most 10000. */
    times: number;
    /** what is repeated. */
    layers: readonly LayerInput[];
  };
  /** what is repeated, each time with weights of its own. */
  layers?: readonly LayerInput[] | undefined;
}

/** the layers of a block, with weights of their own at each place. */
export interface BlockLayer {
  type?: 'block' | undefined;
  /** its name in model.blocks. */
  block: string;
}

/** layers whose input is added to their output. */
export interface ResidualLayer {
  type?: 'residual' | undefined;
  /** the layers, and how their input is added. */
  residual: {
    /** what the input is led past. */
    layers: readonly LayerInput[];
    /** a convolution of kernel 1 that gives what goes in the shape of what comes out; auto: only where the two differ. Default: `auto`. */
    projection?: 'auto' | boolean | undefined;
    /** normalises each channel of the projection, which then has no bias. Default: `false`. */
    batch_norm?: BatchNormInput | undefined;
    /** applied to the sum. Default: `identity`. */
    activation?: ActivationInput | undefined;
    /** overrides model.init for the projection. */
    init?: TaggedInitializerInput | undefined;
  };
}
