import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { exchangeSeconds, type OneMachine, predictMachines, trafficOf } from '../../../src/speedup/ranks/machines.ts';
import { makeSamples } from '../../engine/support/samples.ts';

const TRAFFIC = { batches: 1, meetings: [], besideBytes: 0, gradientBytes: 4e6 };
const LINK = { latencySeconds: 1e-5, bytesPerSecond: 1e9 };

test('the exchange of two: half of the gradient goes out and half of the sum comes back, a message each', (t) => {
  const seconds = exchangeSeconds(TRAFFIC, 2, LINK, 0);
  t.true(Math.abs(seconds - (2e-5 + 4e6 / 1e9)) < 1e-9, `${seconds}`);
  t.is(exchangeSeconds(TRAFFIC, 1, LINK, 0), 0);
});

test('with more members bytes go to twice the gradient, and messages of small ones grow by the logarithm', (t) => {
  const large = exchangeSeconds({ ...TRAFFIC, gradientBytes: 4e9 }, 256, LINK, 0);
  t.true(Math.abs(large / (2 * 4) - 1) < 0.01, `${large}`);
  const small = (members: number): number => exchangeSeconds({ ...TRAFFIC, gradientBytes: 4 }, members, LINK, 0);
  t.true(Math.abs(small(256) / small(2) - 8) < 0.1);
});

test('batches of a step, layers that meet and the sum of partial gradients are counted', (t) => {
  const plain = exchangeSeconds(TRAFFIC, 4, LINK, 0);
  t.is(exchangeSeconds({ ...TRAFFIC, batches: 3 }, 4, LINK, 0), 3 * plain);
  t.true(exchangeSeconds({ ...TRAFFIC, meetings: [800] }, 4, LINK, 0) > plain + 2 * LINK.latencySeconds);
  t.true(Math.abs(exchangeSeconds(TRAFFIC, 4, LINK, 1e-9) - plain - 0.75 * 1e6 * 1e-9) < 1e-9);
});

const ONE: OneMachine = { computeSeconds: 0.0004, otherSeconds: 0.0001, addFloat: 1e-10, rows: 256 };

test('a network that is too small to gain is told so, with what it takes', (t) => {
  const traffic = { ...TRAFFIC, gradientBytes: 4 * 35_730 };
  const { text, networks } = predictMachines([2, 256], traffic, ONE, LINK, []);
  t.regex(text, /^A model, not a measurement\./);
  t.regex(
    text,
    /1, 10.* Gb\/s: too small to gain: a step of one machine takes 0\.50 ms, the exchange of two 1\.\d\d, 0\.\d\d.* ms; .*a sweep/,
  );
  t.is(networks[0]?.best_machines, 1);
});

test('a step of a second gains on every network, at most by what every machine does for itself', (t) => {
  const one = { ...ONE, computeSeconds: 1, otherSeconds: 0.01 };
  const { rows, networks, text } = predictMachines([2, 4, 256], TRAFFIC, one, undefined, []);
  for (const { speedup, machines } of rows) {
    for (const value of speedup) t.true(value > 1 && value < machines);
    t.deepEqual(
      speedup,
      speedup.toSorted((a, b) => a - b),
      'a faster network is faster',
    );
  }
  t.true(networks.every(({ best_speedup: best }) => best < 101));
  t.notRegex(text, /too small/);
});

test('what a step sends follows from the plan: batch norm over all ranks meets in the middle', (t) => {
  const dataset = makeSamples({ rows: { train: 64 }, features: 10, target: { classes: 3 } });
  const planOf = (batchNorm: boolean) => {
    const layers = [
      { type: 'dense', units: 8, ...(batchNorm && { batch_norm: true }) },
      { type: 'dense', units: 3 },
    ];
    const { experiment } = experimentFromObject({
      data: { source: { type: 'synthetic', kind: 'blobs', samples: 64 } },
      model: { layers },
      train: { epochs: 1, batch_size: 32, accumulate: 2 },
    });
    return planEngine(experiment, dataset, 1);
  };
  const [plain, normed] = [trafficOf(planOf(false)), trafficOf(planOf(true))];
  t.is(plain.batches, 2);
  t.deepEqual(plain.meetings, []);
  t.true(plain.gradientBytes >= 4 * (10 * 8 + 8 + 8 * 3 + 3));
  t.true(normed.meetings.length > 0 && normed.meetings.every((bytes) => bytes > 0));
});
