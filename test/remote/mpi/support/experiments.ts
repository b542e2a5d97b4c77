/** Experiments of a second, which together use all that goes from rank to rank. */
export const EXPERIMENTS: Readonly<Record<string, Record<string, unknown>>> = {
  sgd: {
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 300, features: 12, classes: 3 } },
    model: {
      layers: [
        { type: 'dense', units: 30, activation: 'leaky_relu' },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer: { type: 'sgd', lr: 0.1, momentum: 0.9 },
    train: { epochs: 3, batch_size: 32 },
  },
  // The last batch has one row, so most leaves are empty.
  adam: {
    data: {
      source: { type: 'synthetic', kind: 'blobs', samples: 300, features: 70, classes: 4 },
      split: { train: 193, val: 50, test: 57 },
    },
    model: {
      layers: [
        { type: 'dense', units: 70, activation: 'tanh', dropout: 0.2 },
        { type: 'dense', units: 4 },
      ],
    },
    optimizer: { type: 'adam', lr: 0.01 },
    schedule: { type: 'cosine', warmup: { steps: 2 } },
    regularization: { clip_global_norm: 0.5, l2: 1e-4 },
    metrics: ['accuracy', 'macro_f1', 'confusion'],
    train: { epochs: 2, batch_size: 64, early_stop: { patience: 1, restore_best: true }, eval: { batch_size: 23 } },
    track: { statistics: { every: { steps: 2 } }, log_every: { steps: 1 } },
  },
  everything: {
    seed: 8,
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 211, features: 40, classes: 5, noise: 0.6 }, normalize: 'zscore' },
    model: {
      layers: [
        { type: 'dense', units: 66, batch_norm: true, activation: 'relu', dropout: 0.3 },
        { type: 'dense', units: 66, layer_norm: true, activation: 'gelu', residual: true, dropout: 0.1 },
        { type: 'dense', units: 66, batch_norm: { scope: 'leaf' }, activation: 'tanh', residual: true },
        { type: 'dense', units: 5 },
      ],
    },
    loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1, class_weights: 'balanced' },
    metrics: ['accuracy', 'macro_f1', 'top2_accuracy', 'confusion'],
    optimizer: { type: 'adamw', lr: 0.01, weight_decay_on: 'weights', groups: [{ match: '*.norm.*', lr: 0.02 }] },
    regularization: { l1: 1e-5, l2: 1e-4, clip_global_norm: 1, clip_value: 0.05, max_norm: 0.7, noise: { eta: 1e-4 } },
    train: { epochs: 2, batch_size: 40, accumulate: 3, average: { type: 'ema', decay: 0.7 }, eval: { batch_size: 11 } },
    numerics: { digest: { every: { steps: 2 } } },
    track: { log_every: { steps: 1 }, statistics: { every: { steps: 3 } } },
  },
  regression: {
    data: { source: { type: 'synthetic', kind: 'linear', samples: 200, features: 9 } },
    model: {
      layers: [
        { type: 'dense', units: 20, activation: 'gelu' },
        { type: 'dense', units: 3 },
      ],
    },
    loss: 'huber',
    metrics: ['mae', 'r2'],
    optimizer: { type: 'lamb', lr: 0.01 },
    schedule: { type: 'plateau', patience: 0, metric: 'val.loss' },
    train: { epochs: 3, batch_size: 'full' },
  },
};
