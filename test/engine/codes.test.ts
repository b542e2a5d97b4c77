import test from 'ava';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { experimentOf, hex, stateBits, trained, trained64 } from './support/live.ts';
import { relativeError } from './support/reference-layers.ts';
import { makeSamples } from './support/samples.ts';

/** Values of parallel.code: machine code where the machine has it, and WebAssembly. */
const CODES = ['auto', 'wasm'] as const;
const EXCHANGES = ['gradients', 'factors'] as const;
/** bound: relative to the largest value of a tensor, after one step. */
const REFERENCE = 2e-6;

interface Case {
  title: string;
  layers: object[];
  rest?: object;
  train?: object;
}

const CASES: Case[] = [
  {
    title: 'odd sizes',
    layers: [
      { units: 45, activation: 'relu' },
      { units: 1, activation: 'tanh' },
    ],
  },
  { title: 'leaves without rows', layers: [{ units: 33, activation: { type: 'leaky_relu', slope: 0.1 } }], train: { batch_size: 7 } },
  {
    title: 'norms, dropout, residual, several batches an update',
    layers: [
      { units: 45, batch_norm: true, activation: 'gelu', residual: true },
      { units: 70, layer_norm: true, activation: 'tanh', dropout: 0.2 },
    ],
    train: { accumulate: 2, batch_size: 30 },
    rest: { regularization: { l2: 0.01, clip_global_norm: 1 }, optimizer: { type: 'adam', lr: 0.1 } },
  },
];
const dataset = makeSamples({ rows: { train: 93 }, features: 45, target: { classes: 10 } });

function experimentFor({ layers, train, rest }: Case, parallel: object) {
  return experimentOf({
    model: { layers: [...layers, { units: 10 }] },
    optimizer: { type: 'sgd', lr: 0.1 },
    ...rest,
    train: { batch_size: 40, steps: 20, eval: { on: 'none' }, ...train },
    parallel,
    track: { log_every: { steps: 1 } },
  });
}

async function bitsOf(c: Case, parallel: object, workers: number) {
  const { steps, state } = await trained(experimentFor(c, parallel), dataset, workers);
  return {
    steps: hex(steps.flatMap(({ loss, gradientNorm = 0, penalty }) => [loss, gradientNorm, penalty])),
    state: stateBits(state),
  };
}

for (const c of CASES) {
  test.serial(`N6 either code, either exchange and 1 to 4 workers give the same bits: ${c.title}`, async (t) => {
    const one = await bitsOf(c, { code: 'wasm' }, 1);
    for (const code of CODES) {
      for (const exchange of EXCHANGES) {
        for (const workers of [1, 2, 3, 4])
          t.deepEqual(await bitsOf(c, { code, exchange }, workers), one, `${code} ${exchange} ${workers}`);
      }
    }
  });
}

for (const code of CODES) {
  test.serial(`N1 one step with code ${code} is that of the f64 reference`, async (t) => {
    const layers = [
      { units: 45, activation: 'gelu' },
      { units: 3, activation: 'tanh' },
    ];
    // A large rate, so that the step is the gradient.
    const c: Case = { title: '', layers, train: { steps: 1 }, rest: { optimizer: { type: 'sgd', lr: 64 } } };
    const experiment = experimentFor(c, { code });
    const { state, steps } = await trained(experiment, dataset, 3);
    const { training, steps: steps64 } = trained64(experiment, dataset);
    t.true(Math.abs(steps[0]!.loss - steps64[0]!.loss) <= REFERENCE * steps64[0]!.loss);
    const { network } = planEngine(experiment, dataset, 1);
    const { error, tensor } = relativeError(network, state, training.model.parameters);
    t.true(error <= REFERENCE, `${tensor}: ${error}`);
  });
}
