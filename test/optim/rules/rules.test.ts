import test from 'ava';
import type { OptimizerConfig } from '../../../src/config/schema/schema.ts';
import { optimizerType } from '../../../src/optim/index.ts';
import type { ChunkRule } from '../../../src/optim/rule.ts';
import { Dice } from '../../engine/support/samples.ts';
import { kernels } from '../../kernels/support/arena.ts';
import { ChunkedTensor, optimizerConfig } from '../support/chunked.ts';
import { Reference } from '../support/reference.ts';

interface Variant {
  type: OptimizerConfig['type'];
  /** What differs from the defaults. */
  keys: Record<string, unknown>;
  /** Parameters [1, -2] after three steps with lr 0.1 (adadelta 1) and the gradients below; PyTorch 2.13 in f64. */
  published?: readonly [number, number];
}

const START = [1, -2] as const;
const GRADIENTS = [
  [0.5, -1],
  [-0.25, 2],
  [1, 0.1],
] as const;

/** Every option of every optimizer. */
const VARIANTS: readonly Variant[] = [
  { type: 'sgd', keys: {}, published: [0.875, -2.11] },
  { type: 'sgd', keys: { momentum: 0.9 }, published: [0.812, -2.119] },
  { type: 'sgd', keys: { momentum: 0.9, dampening: 0.5 }, published: [0.83825, -1.924] },
  { type: 'sgd', keys: { momentum: 0.9, nesterov: true }, published: [0.7058, -2.2171] },
  { type: 'sgd', keys: { momentum: 0.9, weight_decay: 0.1 }, published: [0.758024, -2.009548] },
  { type: 'adam', keys: {}, published: [0.8075551396770898, -1.9677376894782834] },
  { type: 'adam', keys: { betas: [0.8, 0.95], eps: 0.01 }, published: [0.8138575514454199, -1.976110189549345] },
  { type: 'adam', keys: { betas: [0.9, 0.5], amsgrad: true }, published: [0.8191385924479415, -1.9585079936678034] },
  { type: 'adam', keys: { weight_decay: 0.1 }, published: [0.7815043998631658, -1.9416188938569523] },
  { type: 'adam', keys: { betas: [0, 0] } },
  { type: 'adamw', keys: { weight_decay: 0.1 }, published: [0.7801104766702113, -1.9099595859336627] },
  { type: 'adamw', keys: { betas: [0.9, 0.5], amsgrad: true }, published: [0.8163672755458675, -1.9526804661240968] },
  { type: 'nadam', keys: {}, published: [0.8356555860737913, -1.9936535160575797] },
  { type: 'nadam', keys: { momentum_decay: 0.5 }, published: [0.836990533846949, -1.9922484864857462] },
  { type: 'nadam', keys: { weight_decay: 0.1 }, published: [0.8149642236333292, -1.975368932217271] },
  { type: 'nadam', keys: { weight_decay: 0.1, decoupled_weight_decay: true }, published: [0.8076458153518339, -1.9354472975885364] },
  { type: 'radam', keys: {}, published: [0.895931248786172, -1.9981161390561273] },
  { type: 'radam', keys: { weight_decay: 0.1 }, published: [0.8667422800543795, -1.9394468828898814] },
  { type: 'radam', keys: { weight_decay: 0.1, decoupled_weight_decay: true }, published: [0.8673305119440667, -1.9401251916877063] },
  { type: 'radam', keys: { betas: [0.9, 0.7] } },
  { type: 'rmsprop', keys: {}, published: [-0.42572621607140476, -1.9402692234691479] },
  { type: 'rmsprop', keys: { alpha: 0.9, eps: 0.1 }, published: [0.6791490424906661, -2.022821713813323] },
  { type: 'rmsprop', keys: { alpha: 0.9, centered: true }, published: [0.516272618878572, -1.9712231117453085] },
  { type: 'rmsprop', keys: { momentum: 0.9 }, published: [-1.731614017091861, -1.0360600242615092] },
  {
    type: 'rmsprop',
    keys: { alpha: 0.9, centered: true, momentum: 0.9, weight_decay: 0.1 },
    published: [-0.014160359326936305, -1.6003576179723407],
  },
  { type: 'adagrad', keys: {}, published: [0.8574342034752178, -1.9939103896218797] },
  { type: 'adagrad', keys: { lr_decay: 0.5 }, published: [0.886170661671275, -1.9618623146652716] },
  {
    type: 'adagrad',
    keys: { initial_accumulator_value: 0.5, eps: 0.1, weight_decay: 0.1 },
    published: [0.8856089661327373, -1.9913351977460905],
  },
  { type: 'adadelta', keys: {}, published: [0.9946161569990815, -2.001161041785811] },
  { type: 'adadelta', keys: { rho: 0.5, eps: 0.01, weight_decay: 0.1 }, published: [0.7544613970399295, -2.0214570818448894] },
  // By hand: the signs are + - +, then - + +.
  { type: 'lion', keys: {}, published: [0.9, -2.1] },
  { type: 'lion', keys: { weight_decay: 0.1 }, published: [0.871289, -2.041588] },
  { type: 'lion', keys: { betas: [0.5, 0.8] } },
  { type: 'lamb', keys: {} },
  { type: 'lamb', keys: { betas: [0.8, 0.95], eps: 0.01, weight_decay: 0.1 } },
];

const titleOf = ({ type, keys }: Variant): string => `${type} ${JSON.stringify(keys)}`;

/** f32 state and parameters; rmsprop centered subtracts numbers of one size. */
const PUBLISHED_BOUND = 2e-6;

for (const variant of VARIANTS) {
  const { type, keys, published } = variant;
  if (published === undefined) continue;
  test(`${titleOf(variant)}: three steps end at the published values`, (t) => {
    const config = optimizerConfig({ type, lr: type === 'adadelta' ? 1 : 0.1, ...keys });
    const tensor = new ChunkedTensor(config, START, 2);
    const exact = new Reference(config, START);
    for (const gradient of GRADIENTS) {
      tensor.step(gradient);
      exact.step(gradient);
    }
    for (const [i, value] of published.entries()) {
      t.true(Math.abs(exact.parameters[i]! - value) <= 1e-12, `the test's own formula gives ${exact.parameters[i]}, published ${value}`);
      t.true(Math.abs(tensor.parameters[i]! - value) <= PUBLISHED_BOUND, `${tensor.parameters[i]}, published ${value}`);
    }
  });
}

test('radam is rectified from the sixth step on, as published (PyTorch 2.13, seven steps)', (t) => {
  const config = optimizerConfig({ type: 'radam', lr: 0.1 });
  const tensor = new ChunkedTensor(config, START, 2);
  for (let step = 0; step < 7; step++) tensor.step(GRADIENTS[step % 3]!);
  t.true(Math.abs(tensor.parameters[0]! - 0.8183005539031774) <= 1e-6, `${tensor.parameters[0]}`);
  t.true(Math.abs(tensor.parameters[1]! + 2.0471369192192443) <= 1e-6, `${tensor.parameters[1]}`);
});

const STEPS = 50;
const FLOATS = 61;
/** Relative to the start, so that a parameter may cross 0 on its way. measured: 2e-6, rmsprop with momentum; the others 1e-6. */
const RELATIVE_BOUND = 4e-6;
const LEAST_MOVE = 0.01;
/** Where 2e-3 would move too little to show a mistake. */
const RATES: Partial<Record<OptimizerConfig['type'], number>> = { adadelta: 1, adagrad: 0.02, radam: 0.02, sgd: 0.01 };

/** Gradients of sizes from 0.01 to 1 and some zeros, as f32. */
function gradients(seed: number): Float32Array[] {
  const dice = new Dice(seed);
  const sizes = Array.from({ length: FLOATS }, () => 10 ** (2 * dice.next() - 2));
  return Array.from({ length: STEPS }, () => Float32Array.from(sizes, (size) => (dice.next() < 0.1 ? 0 : size * dice.signed())));
}

/** Signs at random, sizes from 1 to 2: what `relative` is relative to. */
function start(seed: number): Float32Array {
  const dice = new Dice(seed);
  return Float32Array.from({ length: FLOATS }, () => (dice.next() < 0.5 ? -1 : 1) * (1 + dice.next()));
}

for (const variant of VARIANTS) {
  test(`N1 ${titleOf(variant)}: ${STEPS} steps stay with the formula in f64`, (t) => {
    const config = optimizerConfig({ type: variant.type, lr: RATES[variant.type] ?? 2e-3, ...variant.keys });
    const tensor = new ChunkedTensor(config, start(5), FLOATS);
    const exact = new Reference(config, start(5));
    for (const [step, gradient] of gradients(7).entries()) {
      // A schedule changes lr at every step.
      const lr = config.lr * (1 + step / STEPS);
      tensor.step(gradient, undefined, lr);
      exact.step(gradient, lr);
    }
    const worst = Math.max(...exact.parameters.map((p, i) => Math.abs((tensor.parameters[i]! - p) / start(5)[i]!)));
    t.true(worst <= RELATIVE_BOUND, `relative error ${worst}`);
    const moved = Math.max(...exact.parameters.map((p, i) => Math.abs(p - start(5)[i]!)));
    t.true(moved > LEAST_MOVE, `moved by ${moved} only`);
    t.deepEqual(tensor.broken(), []);
  });

  test(`${titleOf(variant)}: chunks may be updated in any order, for sizes from none to two lanes and more`, (t) => {
    const config = optimizerConfig({ type: variant.type, lr: 0.1, ...variant.keys });
    for (const floats of [0, 1, 3, 4, 5, 8, 9, 11, 24, 26]) {
      const forward = new ChunkedTensor(config, start(floats).subarray(0, floats), 8);
      const expected: number[][] = [];
      const steps = gradients(floats)
        .slice(0, 3)
        .map((gradient) => gradient.subarray(0, floats));
      for (const gradient of steps) {
        forward.step(gradient);
        expected.push([...forward.parameters]);
      }
      t.deepEqual(forward.broken(), []);
      const backward = new ChunkedTensor(config, start(floats).subarray(0, floats), 8);
      const order = Array.from({ length: Math.ceil(floats / 8) }, (_, i) => i).toReversed();
      for (const [i, gradient] of steps.entries()) {
        backward.step(gradient, order);
        t.deepEqual([...backward.parameters], expected[i]);
      }
    }
  });
}

test('state vectors have the names of PyTorch', (t) => {
  const names = (tree: Parameters<typeof optimizerConfig>[0]) => [...new ChunkedTensor(optimizerConfig(tree), [1], 1).state.keys()];
  t.deepEqual(names({ type: 'sgd' }), []);
  t.deepEqual(names({ type: 'sgd', momentum: 0.9 }), ['momentum_buffer']);
  for (const type of ['adam', 'adamw', 'nadam', 'radam', 'lamb'] as const) t.deepEqual(names({ type }), ['exp_avg', 'exp_avg_sq']);
  t.deepEqual(names({ type: 'adamw', amsgrad: true }), ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']);
  t.deepEqual(names({ type: 'rmsprop' }), ['square_avg']);
  t.deepEqual(names({ type: 'rmsprop', centered: true, momentum: 0.5 }), ['square_avg', 'grad_avg', 'momentum_buffer']);
  t.deepEqual(names({ type: 'adagrad' }), ['sum']);
  t.deepEqual(names({ type: 'adadelta' }), ['square_avg', 'acc_delta']);
  t.deepEqual(names({ type: 'lion' }), ['exp_avg']);
});

test('a parameter whose gradient is always 0 stays where it is, under every optimizer', (t) => {
  for (const { type, keys } of VARIANTS) {
    const config = optimizerConfig({ type, lr: 0.1, ...keys, weight_decay: 0 });
    const tensor = new ChunkedTensor(config, START, 2);
    for (let step = 0; step < 8; step++) tensor.step([0, 0]);
    t.deepEqual([...tensor.parameters], [...START], titleOf({ type, keys }));
  }
});

test('rmsprop centered stays finite where gradients never change', (t) => {
  const tensor = new ChunkedTensor(optimizerConfig({ type: 'rmsprop', lr: 1e-6, alpha: 0.5, centered: true }), [1, 1, 1], 3);
  for (let step = 0; step < 200; step++) tensor.step([0.1, 1e-3, 7]);
  t.true(tensor.parameters.every(Number.isFinite), `${tensor.parameters}`);
});

test('nadam depends on nothing but its vectors and the step count', (t) => {
  const config = optimizerConfig({ type: 'nadam', lr: 0.1, momentum_decay: 0.05 });
  const straight = new ChunkedTensor(config, START, 2);
  const outcomes: number[][] = [];
  for (let step = 0; step < 30; step++) {
    straight.step(GRADIENTS[step % 3]!);
    outcomes.push([...straight.parameters]);
  }
  const again = new ChunkedTensor(config, START, 2);
  const other = optimizerConfig({ type: 'nadam', betas: [0.8, 0.99] });
  const rule = optimizerType(other) as ChunkRule<OptimizerConfig>;
  for (let step = 0; step < 30; step++) {
    again.step(GRADIENTS[step % 3]!);
    t.deepEqual([...again.parameters], outcomes[step]);
    // Another experiment in between makes the kept product of momenta start anew.
    const nothing = { parameters: 0, gradient: 0, state: [0, 0], count: 0 };
    if (step % 7 === 3) rule.apply(kernels, other, nothing, { lr: 0.1, weightDecay: 0, step: 0 });
  }
});

test('lamb scales the step to the norm of the whole tensor, and leaves a tensor of zeros its plain step', (t) => {
  // After one step mhat / sqrt(vhat) is the gradient's sign, so ||d|| = sqrt(2); by hand 0.1 sqrt(5 / 2) = 0.1581139.
  const tensor = new ChunkedTensor(optimizerConfig({ type: 'lamb', lr: 0.1 }), START, 1);
  tensor.step([0.5, -1]);
  t.true(Math.abs(tensor.parameters[0]! - 0.8418861) < 1e-6 && Math.abs(tensor.parameters[1]! + 1.8418861) < 1e-6, `${tensor.parameters}`);
  const zeros = new ChunkedTensor(optimizerConfig({ type: 'lamb', lr: 0.1 }), [0, 0], 2);
  zeros.step([3, -2]);
  t.true(Math.abs(zeros.parameters[0]! + 0.1) < 1e-6 && Math.abs(zeros.parameters[1]! - 0.1) < 1e-6, `${zeros.parameters}`);
});
