import { absentLayer, layerAdvice, layerTypeOf } from './layers/words.ts';

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
  { beside: 'gelu', words: /^(?:silu|swish|mish|hard_?swish|softplus|elu|selu|celu)$/, advice: 'it is not there; gelu comes nearest' },
  { beside: 'gelu', words: /^(?:relu_?6|p_?relu|r_?relu|thresholded_?relu)$/, advice: 'it is not there; relu or leaky_relu comes nearest' },
  {
    beside: 'idx',
    words: /^(?:json|jsonl|arrow|feather|hdf5|h5|pickle|pkl|pt|mat|excel|xlsx|sqlite|zip|pandas|sklearn|openml|cifar.*|fashion_?mnist)$/,
    advice: 'write the rows as one of these: numpy.savez for type: npz, to_csv or to_parquet of pandas for tables',
  },
];

/** What to do about a word that is none of ours. @param words  the allowed ones */
export function adviceOn(value: string, words: readonly string[]): string | undefined {
  const word = normal(value);
  const added = ADDED.find(({ beside, words: pattern }) => words.includes(beside) && pattern.test(word))?.advice;
  const advice = added ?? (areLayers(words) ? layerAdvice(word) : undefined);
  if (advice !== undefined) return advice;
  const ours = ourWord(value, words);
  return ours === undefined ? undefined : `did you mean ${ours}?`;
}

/** The word of ours that another tool's stands for: `Adam`, `LeakyReLU`, `CrossEntropy`, `Conv2D`. @param words  the allowed ones */
export function ourWord(value: string, words: readonly string[]): string | undefined {
  const word = normal(value);
  const ours = words.find((one) => one === word || SYNONYMS[one]?.includes(word) === true);
  return ours ?? (areLayers(words) ? layerTypeOf(word) : undefined);
}

/** What gradloom lacks, where a word in place of a layer's type names a layer of other tools: `no recurrent layers`. @param words  the allowed ones */
export function lackOf(value: string, words: readonly string[]): string | undefined {
  return areLayers(words) ? absentLayer(normal(value)) : undefined;
}

/** Whether words are the types of layers. */
function areLayers(words: readonly string[]): boolean {
  return words.includes('dense');
}

function normal(value: string): string {
  return value
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}
