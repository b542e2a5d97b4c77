import test from 'ava';
import { chunkCount, planChunks } from '../../../src/engine/plan/chunks.ts';
import type { Exchange } from '../../../src/engine/plan/exchange.ts';
import { lowerProgram } from '../../../src/engine/plan/lower/lower.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { recordValues } from '../../../src/engine/plan/records.ts';
import { rankChunks, rowsOfSlice } from '../../../src/engine/plan/slices.ts';
import { experimentOf, hex, stateBits, trained } from '../support/live.ts';
import { makeSamples } from '../support/samples.ts';

interface Case {
  title: string;
  layers: object[];
  rest?: { train?: object; regularization?: object; optimizer?: object; leaves?: number };
  features?: number;
  workers?: readonly number[];
}

const FEATURES = 21;
const CASES: Case[] = [
  {
    title: 'units 45 and 1',
    layers: [{ units: 45, activation: 'relu' }, { units: 1, activation: 'tanh' }, { units: 10 }],
    workers: [4, 8],
  },
  {
    title: 'every feature of a layer, smaller last batches, more leaves than rows in some',
    layers: [
      { units: 21, batch_norm: true, activation: 'gelu', dropout: 0.2, residual: true },
      { units: 33, layer_norm: true, activation: 'tanh', dropout: 0.1 },
      { units: 33, batch_norm: { scope: 'leaf' }, activation: 'leaky_relu', residual: true },
    ],
    rest: {
      regularization: { l1: 0.001, l2: 0.01, clip_global_norm: 0.5, max_norm: 1, noise: { eta: 0.01 } },
      optimizer: { type: 'adam', lr: 0.01 },
      leaves: 19,
    },
  },
  {
    title: 'several batches an update',
    layers: [{ units: 37, batch_norm: true, activation: 'sigmoid' }],
    rest: { train: { accumulate: 3, batch_size: 17 }, optimizer: { type: 'lamb', lr: 0.01 } },
  },
  {
    title: 'rows of a weight wider than a chunk, and more workers than blocks of rows',
    layers: [{ units: 3000, activation: 'relu' }],
    features: 9,
    workers: [3, 16],
  },
  {
    title: 'batches of one row',
    layers: [{ units: 45, activation: 'relu' }],
    rest: { train: { batch_size: 1, steps: 5 } },
    workers: [3, 4],
  },
];

function experimentFor({ layers, rest = {} }: Case, exchange: 'auto' | Exchange) {
  const { leaves = 16, train, ...others } = rest;
  return experimentOf({
    model: { layers: [...layers, { units: 10 }] },
    optimizer: { type: 'sgd', lr: 0.1 },
    ...others,
    train: { batch_size: 40, steps: 6, eval: { on: 'none' }, ...train },
    numerics: { leaves },
    parallel: { exchange },
    track: { log_every: { steps: 1 } },
  });
}

const samplesFor = ({ features = FEATURES }: Case) => makeSamples({ rows: { train: 93 }, features, target: { classes: 10 } });

for (const c of CASES) {
  test.serial(`N6 weights, losses and gradient norms of factors and gradients are byte-equal: ${c.title}`, async (t) => {
    const dataset = samplesFor(c);
    const bits = async (exchange: Exchange, workers: number) => {
      const { steps, state } = await trained(experimentFor(c, exchange), dataset, workers);
      const numbers = steps.flatMap(({ loss, correct, rows, weight, gradientNorm = 0, penalty }) => {
        return [loss, correct, rows, weight, gradientNorm, penalty];
      });
      return { steps: hex(numbers), state: stateBits(state) };
    };
    const expected = await bits('gradients', 1);
    for (const workers of [1, ...(c.workers ?? [2, 3, 4])])
      t.deepEqual(await bits('factors', workers), expected, `factors of ${workers} workers`);
    t.deepEqual(await bits('gradients', 3), expected, 'gradients of 3 workers');
  });
}

test('auto takes what moves fewer floats, and one worker moves none', (t) => {
  const exchangeOf = (features: number, units: number[], batch: number, workers: number, exchange: 'auto' | Exchange = 'auto') => {
    const experiment = experimentOf({
      model: { layers: units.map((n) => ({ units: n })) },
      train: { batch_size: batch, eval: { on: 'none' } },
      parallel: { exchange },
    });
    return planEngine(experiment, makeSamples({ rows: { train: 300 }, features, target: { classes: 10 } }), workers).exchange;
  };
  const each = (...exchanges: Exchange[]) => Object.fromEntries(exchanges.map((exchange, i) => [`layers.${i}.weight`, exchange]));
  t.deepEqual(exchangeOf(200, [128, 10], 32, 2), each('factors', 'gradients'));
  t.deepEqual(exchangeOf(200, [128, 10], 300, 2), each('gradients', 'gradients'));
  t.deepEqual(exchangeOf(200, [128, 10], 32, 1), each('gradients', 'gradients'));
  t.deepEqual(exchangeOf(200, [128, 10], 32, 1, 'factors'), each('factors', 'factors'));
  t.deepEqual(exchangeOf(200, [128, 10], 32, 2, 'gradients'), each('gradients', 'gradients'));
});

test('slices by factors are whole rows, multiples of four but at the end, and together the whole weight', (t) => {
  for (const c of CASES) {
    for (const workers of [1, 2, 3, 7, 16]) {
      const plan = planEngine(experimentFor(c, 'factors'), samplesFor(c), workers);
      t.is(plan.memory.records.bytes, 8 * recordValues(chunkCount(plan.network)));
      t.is(planChunks(plan.network).length, chunkCount(plan.network));
      for (const { parameters, inputs } of plan.network.layers) {
        let next = 0;
        for (let rank = 0; rank < workers; rank++) {
          const { from, to } = rowsOfSlice(rankChunks(plan, rank), parameters[0]!);
          if (from === to) continue;
          t.is(from, next);
          t.true(from % 4 === 0);
          next = to;
        }
        t.is(next, inputs);
      }
    }
  }
});

test('factors share out the products evenly, whatever the layers beside them', (t) => {
  const experiment = experimentOf({
    model: { layers: [{ units: 300 }, { units: 300 }, { units: 10 }] },
    train: { batch_size: 64, eval: { on: 'none' } },
    parallel: { exchange: 'factors' },
  });
  const dataset = makeSamples({ rows: { train: 100 }, features: 200, target: { classes: 10 } });
  for (const workers of [2, 3, 4]) {
    const plan = planEngine(experiment, dataset, workers);
    const products = Array.from({ length: workers }, (_, rank) => {
      const { slice } = lowerProgram(plan, rank, { kind: 'full', batchRows: 64, stepRow: 0, averaged: false });
      t.true(slice.every(({ kernel }) => kernel === 'dense_weight_gradient'));
      return slice.reduce((sum, { args }) => sum + Number(args[5]) * Number(args[6]), 0);
    });
    const even = (200 * 300 + 300 * 300 + 300 * 10) / workers;
    t.true(
      products.every((floats) => Math.abs(floats - even) < 0.05 * even),
      `${workers} workers: ${products.join(', ')}`,
    );
  }
});

test('a layer by factors takes no slab', (t) => {
  const plan = (exchange: Exchange) =>
    planEngine(experimentFor({ title: '', layers: [{ units: 64 }] }, exchange), samplesFor({ title: '', layers: [] }), 4);
  const bytes = (exchange: Exchange) => plan(exchange).memory.slabs.map((slab) => slab.bytes);
  const { vectorFloats } = plan('factors').network;
  t.deepEqual(bytes('gradients'), Array(4).fill(4 * vectorFloats));
  const biases = 64 + 12;
  t.deepEqual(bytes('factors'), [4 * vectorFloats, ...Array<number>(3).fill(4 * biases)]);
});
