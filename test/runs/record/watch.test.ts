import test from 'ava';
import { runTree } from '../support/run-tree.ts';

function tree(layers: object[], others: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    seed: 2,
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 200, features: 6, classes: 3, noise: 0.5 }, normalize: 'zscore' },
    model: { layers: [...layers.map((layer) => ({ type: 'dense', ...layer })), { type: 'dense', units: 3 }] },
    optimizer: { type: 'sgd', lr: 0.1 },
    train: { batch_size: 40, steps: 120, eval: { every: { steps: 30 } } },
    track: { log_every: { steps: 1 } },
    ...others,
  };
}

const RELU = { units: 16, activation: 'relu' };

const codes = async (given: Record<string, unknown>): Promise<string[]> => (await runTree(given)).warnings.map(({ code }) => code);

for (const { title, given } of [
  { title: 'plain', given: tree([RELU]) },
  {
    title: 'with norms, dropout and residual',
    given: tree([
      { ...RELU, batch_norm: true, dropout: 0.5 },
      { ...RELU, layer_norm: true, residual: true },
    ]),
  },
  { title: 'most of a layer dropped', given: tree([{ ...RELU, units: 64, dropout: 0.98 }]) },
  { title: 'a sigmoid network', given: tree([{ units: 8, activation: 'sigmoid' }]) },
  {
    title: 'regression',
    given: tree([RELU], { data: { source: { type: 'synthetic', kind: 'linear', samples: 200, features: 6, classes: 3 } }, loss: 'mse' }),
  },
]) {
  test.serial(`a healthy training warns of nothing: ${title}`, async (t) => {
    t.deepEqual(await codes(given), []);
  });
}

test.serial('W_DEAD_RELU tells once which layer puts out nothing but zeros, and how many', async (t) => {
  const layers = [
    { type: 'dense', units: 16, activation: 'sigmoid' },
    { type: 'dense', units: 16, activation: 'relu', init: { type: 'uniform', low: -2, high: -1 } },
    { type: 'dense', units: 3 },
  ];
  const { warnings } = await runTree({ ...tree([]), model: { layers } });
  const found = warnings.filter(({ code }) => code === 'W_DEAD_RELU');
  t.is(found.length, 1);
  t.is(
    found[0]!.message,
    '100.0 % of the outputs of layers.1 are 0: its ReLUs are dead; lower optimizer.lr, which is 0.1, or use leaky_relu',
  );
});

test.serial('W_DEAD_RELU sees through a residual, whose input hides the zeros', async (t) => {
  const layers = [
    { type: 'dense', units: 16, activation: 'sigmoid' },
    { type: 'dense', units: 16, activation: 'relu', residual: true, init: { type: 'uniform', low: -2, high: -1 } },
    { type: 'dense', units: 3 },
  ];
  t.deepEqual(await codes({ ...tree([]), model: { layers } }), ['W_DEAD_RELU']);
});

test.serial('W_ZERO_GRADIENT and W_FLAT_LOSS tell of a network that cannot learn', async (t) => {
  // Weights of 0 before a ReLU and after it: no gradient reaches any weight, and labels in equal shares leave the biases at 0 too.
  const data = { source: { type: 'synthetic', kind: 'linear', samples: 200, features: 6, classes: 1, noise: 0 } };
  const layers = [
    { type: 'dense', units: 16, activation: 'relu', init: { type: 'uniform', low: -1e-30, high: -1e-31 } },
    { type: 'dense', units: 1, init: { type: 'zeros' } },
  ];
  const frozen = { type: 'sgd', lr: 1e-40 };
  const { warnings } = await runTree({
    ...tree([]),
    data: { ...data, shuffle: 'none' },
    model: { layers },
    loss: 'mse',
    optimizer: frozen,
    train: { batch_size: 'full', steps: 130 },
  });
  const flat = warnings.filter(({ code }) => code === 'W_FLAT_LOSS');
  t.is(flat.length, 1);
  t.regex(flat[0]!.message, /^the loss was [\d.e+-]+ in each of the last 100 steps$/);
  const none = await runTree({
    ...tree([]),
    data: { ...data, shuffle: 'none' },
    model: { layers: [{ type: 'dense', units: 1, init: { type: 'zeros' } }] },
    loss: { type: 'mse' },
    optimizer: frozen,
    train: { batch_size: 'full', steps: 99 },
  });
  t.deepEqual(none.warnings, [], '99 equal losses are not called flat, and a gradient that is small is not 0');
});

test.serial('W_ZERO_GRADIENT tells once of a step whose gradient is exactly 0', async (t) => {
  // Rows of class 2 only, with a weight of 0.
  const loss = { type: 'softmax_cross_entropy', class_weights: [0, 0, 1e-30] };
  const data = {
    source: { type: 'synthetic', kind: 'blobs', samples: 90, features: 4, classes: 3 },
    split: { by: 'order', train: 60, val: 15, test: 15 },
    shuffle: 'none',
  };
  const { warnings } = await runTree({ ...tree([RELU]), data, loss, train: { batch_size: 1, steps: 12 } });
  const found = warnings.filter(({ code }) => code === 'W_ZERO_GRADIENT');
  t.is(found.length, 1);
  t.is(found[0]!.message, 'the gradient of step 0 is exactly 0: nothing is learned from here on');
});

for (const { title, data, layers, hint } of [
  {
    title: 'weights of a hidden layer that start at 0',
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 200, features: 6, classes: 3 }, normalize: 'zscore' },
    layers: [{ type: 'dense', ...RELU, init: 'zeros' }],
    hint: 'the weights of layers.0 start at 0 (model.layers.0.init: zeros); take another, such as he_normal',
  },
  {
    title: 'bytes that are not normalized',
    data: { source: { type: 'mnist' }, split: { train: 300, val: 50, test: 50 }, normalize: 'none' },
    layers: [{ type: 'dense', ...RELU, init: { type: 'uniform', low: -2, high: -1 } }],
    hint: 'the inputs reach 255; set data.normalize: unit',
  },
  {
    title: 'numbers that are far from 0',
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 200, features: 6, classes: 3, noise: 1e5 } },
    layers: [
      { type: 'dense', ...RELU, init: { type: 'uniform', low: -0.0001, high: 0 } },
      { type: 'dense', ...RELU, init: { type: 'uniform', low: -2, high: -1 } },
    ],
    hint: /the inputs reach \d+; set data\.normalize: zscore$/,
  },
]) {
  test.serial(`a dead layer and what most likely killed it: ${title}`, async (t) => {
    const { warnings } = await runTree({
      ...tree([]),
      data,
      model: { layers: [...layers, { type: 'dense', units: title.startsWith('bytes') ? 10 : 3 }] },
    });
    const { message } = warnings.find(({ code }) => code === 'W_DEAD_RELU') ?? { message: '' };
    if (typeof hint === 'string') t.true(message.endsWith(`its ReLUs are dead; ${hint}`), message);
    else t.regex(message, hint);
  });
}
