/** Words that other tools use for ours, by what they mean: what to suggest where one of them is met and ours is allowed. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  softmax_cross_entropy: [
    'cross_entropy',
    'crossentropy',
    'ce',
    'cross_entropy_loss',
    'crossentropyloss',
    'categorical_crossentropy',
    'categorical_cross_entropy',
    'sparse_categorical_crossentropy',
    'sparse_categorical_cross_entropy',
    'nll',
    'nll_loss',
    'nllloss',
    'negative_log_likelihood',
    'log_loss',
    'softmax',
  ],
  sigmoid_cross_entropy: [
    'bce',
    'bce_loss',
    'bceloss',
    'binary_crossentropy',
    'binary_cross_entropy',
    'bce_with_logits',
    'bcewithlogitsloss',
    'logistic',
    'sigmoid',
  ],
  mse: ['mean_squared_error', 'mse_loss', 'mseloss', 'l2', 'l2_loss', 'squared_error'],
  mae: ['mean_absolute_error', 'mae_loss', 'l1', 'l1_loss', 'l1loss', 'absolute_error'],
  huber: ['huber_loss', 'huberloss', 'smooth_l1', 'smooth_l1_loss', 'smoothl1loss'],
  dense: ['linear', 'fc', 'fully_connected', 'fullyconnected', 'affine', 'hidden', 'output', 'dense_layer'],
  identity: ['linear', 'none', 'null'],
  leaky_relu: ['leakyrelu', 'lrelu'],
  sgd: ['momentum', 'gd', 'gradient_descent', 'sgd_momentum', 'nesterov'],
  he_normal: ['he', 'kaiming', 'kaiming_normal', 'kaiming_normal_'],
  he_uniform: ['kaiming_uniform', 'kaiming_uniform_'],
  xavier_uniform: ['xavier', 'glorot', 'glorot_uniform', 'xavier_uniform_'],
  xavier_normal: ['glorot_normal', 'xavier_normal_'],
  torch_linear: ['torch', 'pytorch', 'default'],
  cosine: ['cosine_annealing', 'cosineannealing', 'cosineannealinglr', 'cosine_decay'],
  one_cycle: ['onecycle', 'onecyclelr'],
  plateau: ['reduce_on_plateau', 'reduce_lr_on_plateau', 'reducelronplateau'],
  accuracy: ['acc', 'categorical_accuracy'],
  macro_f1: ['f1', 'f1_score'],
  zscore: ['standard', 'standardize', 'standardise', 'z_score', 'standard_scaler'],
  unit: ['minmax', 'min_max', 'divide', '0_1'],
  minimize: ['min', 'minimise', 'lower'],
  maximize: ['max', 'maximise', 'higher'],
  val: ['valid', 'validation', 'dev'],
};

const ADDED: readonly { beside: string; words: RegExp; advice: string }[] = [
  { beside: 'gelu', words: /^(?:log_?)?softmax$/, advice: 'the loss includes the softmax: leave the activation of the last layer out' },
  { beside: 'dense', words: /^(?:log_?)?softmax$/, advice: 'the loss includes the softmax: leave this layer out' },
  { beside: 'dense', words: /^dropout$/, advice: 'dropout is a key of a dense layer: {type: dense, units: N, dropout: 0.5}' },
  {
    beside: 'dense',
    words: /^batch_?norm(?:alization)?(?:_?1d)?$/,
    advice: 'it is a key of a dense layer: {type: dense, units: N, batch_norm: true}',
  },
  {
    beside: 'dense',
    words: /^layer_?norm(?:alization)?$/,
    advice: 'it is a key of a dense layer: {type: dense, units: N, layer_norm: true}',
  },
  {
    beside: 'dense',
    words: /^(?:relu|leaky_?relu|sigmoid|tanh|gelu|activation)$/,
    advice: 'an activation is a key of a dense layer: {type: dense, units: N, activation: relu}',
  },
  { beside: 'dense', words: /^(?:flatten|input|input_?layer)$/, advice: 'samples are flattened by themselves: leave this layer out' },
  {
    beside: 'dense',
    words: /^(?:conv|max_?pool|avg_?pool|lstm|gru|rnn|embedding|attention|transformer)/,
    advice: 'this version has dense layers only',
  },
  {
    beside: 'idx',
    words: /^(?:json|jsonl|arrow|feather|hdf5|h5|pickle|pkl|pt|mat|excel|xlsx|sqlite|zip|pandas|sklearn|openml|cifar.*|fashion_?mnist)$/,
    advice: 'write the rows as one of these: numpy.savez for type: npz, to_csv or to_parquet of pandas for tables',
  },
];

/** What to do about a word that is none of ours. @param words  the allowed ones */
export function adviceOn(value: string, words: readonly string[]): string | undefined {
  const word = normal(value);
  const added = ADDED.find(({ beside, words: pattern }) => words.includes(beside) && pattern.test(word));
  if (added !== undefined) return added.advice;
  const ours = words.find((one) => SYNONYMS[one]?.includes(word) === true);
  return ours === undefined ? undefined : `did you mean ${ours}?`;
}

/** The word of ours that another tool's stands for: `Adam`, `LeakyReLU`, `CrossEntropy`. @param words  the allowed ones */
export function ourWord(value: string, words: readonly string[]): string | undefined {
  const word = normal(value);
  return words.find((one) => one === word || SYNONYMS[one]?.includes(word) === true);
}

function normal(value: string): string {
  return value
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}
