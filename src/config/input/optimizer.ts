// Made from the schema by scripts/write-input-types.mjs; do not edit it.

/** how gradients change parameters. */
export type OptimizerInput =
  | 'sgd'
  | 'adam'
  | 'adamw'
  | 'nadam'
  | 'radam'
  | 'rmsprop'
  | 'adagrad'
  | 'adadelta'
  | 'lion'
  | 'lamb'
  | SgdOptimizer
  | AdamOptimizer
  | AdamwOptimizer
  | NadamOptimizer
  | RadamOptimizer
  | RmspropOptimizer
  | AdagradOptimizer
  | AdadeltaOptimizer
  | LionOptimizer
  | LambOptimizer;

/** stochastic gradient descent: w - lr * gradient. */
export interface SgdOptimizer {
  type: 'sgd';
  /** learning rate. Above 0. Default: `0.01`. */
  lr?: number | undefined;
  /** how much of the last step each step keeps; 0 for none. At least 0, at most 1. Default: `0`. */
  momentum?: number | undefined;
  /** share of the gradient that does not enter the momentum. At least 0, at most 1. Default: `0`. */
  dampening?: number | undefined;
  /** look ahead along the momentum; needs momentum, and dampening 0. Default: `false`. */
  nesterov?: boolean | undefined;
  /** weight decay: this times the parameter is added to its gradient. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

export interface GroupsInput {
  /** name of a tensor, such as layers.0.bias; * stands for any text. */
  match: string;
  /** learning rate of the matching tensors; the schedule applies to it. Above 0. */
  lr?: number | undefined;
  /** weight decay of the matching tensors, whatever weight_decay_on says. At least 0. */
  weight_decay?: number | undefined;
}

/** Adam (Kingma and Ba 2015). */
export interface AdamOptimizer {
  type?: 'adam' | undefined;
  /** learning rate. Above 0. Default: `0.001`. */
  lr?: number | undefined;
  /** how much of the running means of the gradient and of its square each step keeps. Default: `[0.9, 0.999]`. */
  betas?: readonly [number, number] | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `1e-8`. */
  eps?: number | undefined;
  /** divide by the largest mean square so far instead of the present one. Default: `false`. */
  amsgrad?: boolean | undefined;
  /** weight decay: this times the parameter is added to its gradient. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019). */
export interface AdamwOptimizer {
  type: 'adamw';
  /** learning rate. Above 0. Default: `0.001`. */
  lr?: number | undefined;
  /** how much of the running means of the gradient and of its square each step keeps. Default: `[0.9, 0.999]`. */
  betas?: readonly [number, number] | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `1e-8`. */
  eps?: number | undefined;
  /** divide by the largest mean square so far instead of the present one. Default: `false`. */
  amsgrad?: boolean | undefined;
  /** weight decay: the parameter loses lr times this share of itself each step. At least 0. Default: `0.01`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** Adam with Nesterov momentum (Dozat 2016). */
export interface NadamOptimizer {
  type: 'nadam';
  /** learning rate. Above 0. Default: `0.002`. */
  lr?: number | undefined;
  /** how much of the running means of the gradient and of its square each step keeps. Default: `[0.9, 0.999]`. */
  betas?: readonly [number, number] | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `1e-8`. */
  eps?: number | undefined;
  /** how fast the momentum reaches betas.0; 0: it stays at half of it. At least 0, at most 1000000. Default: `0.004`. */
  momentum_decay?: number | undefined;
  /**
   * true: the parameter loses lr * weight_decay of itself, as in AdamW; false: weight_decay acts through the gradient. Default: `false`.
   */
  decoupled_weight_decay?: boolean | undefined;
  /** weight decay: added to the gradient, or decoupled from it. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** Adam with a rectified start, which needs no warmup (Liu et al. 2020). */
export interface RadamOptimizer {
  type: 'radam';
  /** learning rate. Above 0. Default: `0.001`. */
  lr?: number | undefined;
  /** how much of the running means of the gradient and of its square each step keeps. Default: `[0.9, 0.999]`. */
  betas?: readonly [number, number] | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `1e-8`. */
  eps?: number | undefined;
  /**
   * true: the parameter loses lr * weight_decay of itself, as in AdamW; false: weight_decay acts through the gradient. Default: `false`.
   */
  decoupled_weight_decay?: boolean | undefined;
  /** weight decay: added to the gradient, or decoupled from it. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** RMSprop (Hinton 2012; centered: Graves 2013). */
export interface RmspropOptimizer {
  type: 'rmsprop';
  /** learning rate. Above 0. Default: `0.01`. */
  lr?: number | undefined;
  /** how much of the running mean of squared gradients each step keeps. At least 0, below 1. Default: `0.99`. */
  alpha?: number | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `1e-8`. */
  eps?: number | undefined;
  /** divide by the standard deviation of the gradient instead of its root mean square. Default: `false`. */
  centered?: boolean | undefined;
  /** how much of the last step each step keeps; 0 for none. At least 0, at most 1. Default: `0`. */
  momentum?: number | undefined;
  /** weight decay: this times the parameter is added to its gradient. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** Adagrad (Duchi et al. 2011). */
export interface AdagradOptimizer {
  type: 'adagrad';
  /** learning rate. Above 0. Default: `0.01`. */
  lr?: number | undefined;
  /** the learning rate is divided by 1 + steps done * lr_decay. At least 0, at most 1000000. Default: `0`. */
  lr_decay?: number | undefined;
  /** where the sum of squared gradients starts. At least 0. Default: `0`. */
  initial_accumulator_value?: number | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `1e-10`. */
  eps?: number | undefined;
  /** weight decay: this times the parameter is added to its gradient. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** Adadelta (Zeiler 2012). */
export interface AdadeltaOptimizer {
  type: 'adadelta';
  /** learning rate. Above 0. Default: `1`. */
  lr?: number | undefined;
  /** how much of the running means of squared gradients and steps each step keeps. At least 0, below 1. Default: `0.9`. */
  rho?: number | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `0.000001`. */
  eps?: number | undefined;
  /** weight decay: this times the parameter is added to its gradient. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** Lion: steps of the size lr in each parameter (Chen et al. 2023). */
export interface LionOptimizer {
  type: 'lion';
  /** learning rate. Above 0. Default: `0.0001`. */
  lr?: number | undefined;
  /** weight of the momentum in the sign of the step; how much of the momentum each step keeps. Default: `[0.9, 0.99]`. */
  betas?: readonly [number, number] | undefined;
  /** weight decay: the parameter loses lr times this share of itself each step. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}

/** LAMB: Adam's steps scaled to each tensor's norm, for large batches (You et al. 2020). */
export interface LambOptimizer {
  type: 'lamb';
  /** learning rate. Above 0. Default: `0.001`. */
  lr?: number | undefined;
  /** how much of the running means of the gradient and of its square each step keeps. Default: `[0.9, 0.999]`. */
  betas?: readonly [number, number] | undefined;
  /** added to the denominator, against division by 0. At least 1e-30, at most 1. Default: `0.000001`. */
  eps?: number | undefined;
  /** weight decay: this times the parameter is added to its step, before the trust ratio. At least 0. Default: `0`. */
  weight_decay?: number | undefined;
  /** all: every parameter, as in PyTorch; weights: not biases and not the parameters of norms. Default: `all`. */
  weight_decay_on?: 'all' | 'weights' | undefined;
  /** tensors with their own learning rate or weight decay; later groups win. Default: `[]`. */
  groups?: readonly GroupsInput[] | undefined;
}
