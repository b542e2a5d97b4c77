// Made from the schema by scripts/write-input-types.mjs; do not edit it.

/** what training minimizes. */
export type LossInput =
  | 'softmax_cross_entropy'
  | 'sigmoid_cross_entropy'
  | 'mse'
  | 'huber'
  | 'mae'
  | SoftmaxCrossEntropyLoss
  | SigmoidCrossEntropyLoss
  | MseLoss
  | HuberLoss
  | MaeLoss;

/** classification with one class a row. */
export interface SoftmaxCrossEntropyLoss {
  type?: 'softmax_cross_entropy' | undefined;
  /** share of the target that is spread evenly over all classes, as in torch.nn.CrossEntropyLoss. At least 0, at most 1. Default: `0`. */
  label_smoothing?: number | undefined;
  /** one factor a class; balanced: N/(K*count) of each class in the training set. The mean divides by the sum of the weights. */
  class_weights?: readonly number[] | 'balanced' | undefined;
}

/** independent yes/no outputs. */
export interface SigmoidCrossEntropyLoss {
  type: 'sigmoid_cross_entropy';
  /** s moves targets towards 1/2: t*(1-s) + s/2. At least 0, at most 1. Default: `0`. */
  label_smoothing?: number | undefined;
  /** factor of the positive part of the loss, one for all outputs or one an output, as in torch.nn.BCEWithLogitsLoss. */
  pos_weight?: number | readonly number[] | undefined;
}

/** mean squared error, for regression. */
export interface MseLoss {
  type: 'mse';
}

/** squared error near 0, absolute error far from it (torch.nn.HuberLoss), for regression. */
export interface HuberLoss {
  type: 'huber';
  /** error from which on the loss is linear. Above 0. Default: `1`. */
  delta?: number | undefined;
}

/** mean absolute error (torch.nn.L1Loss), for regression. */
export interface MaeLoss {
  type: 'mae';
}
