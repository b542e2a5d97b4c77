import test from 'ava';
import type { LossConfig } from '../../src/config/schema.ts';
import { type LossSite, lossType } from '../../src/model/losses.ts';

const SITE: LossSite = { z: 16, target: 32, sampleWeights: 48, lossWeights: 64, dz: 80, rows: 3, outputs: 4, out: 96 };
const { z, target, sampleWeights, lossWeights, dz, rows, outputs, out } = SITE;

const CASES: readonly { config: LossConfig; args: readonly number[] }[] = [
  {
    config: { type: 'softmax_cross_entropy', label_smoothing: 0.25 },
    args: [z, target, sampleWeights, lossWeights, dz, rows, outputs, 0.25, out],
  },
  {
    config: { type: 'sigmoid_cross_entropy', label_smoothing: 0.5 },
    args: [z, target, sampleWeights, lossWeights, dz, rows, outputs, 0.5, out],
  },
  { config: { type: 'mse' }, args: [z, target, sampleWeights, dz, rows, outputs, out] },
  { config: { type: 'huber', delta: 2 }, args: [z, target, sampleWeights, dz, rows, outputs, 2, out] },
  { config: { type: 'mae' }, args: [z, target, sampleWeights, dz, rows, outputs, out] },
];

test('only softmax_cross_entropy compares with labels; a loss is the kernel of its own name', (t) => {
  for (const { config, args } of CASES) {
    const loss = lossType(config);
    t.is(loss.target, config.type === 'softmax_cross_entropy' ? 'labels' : 'values');
    t.deepEqual(loss.call(config, SITE), { kernel: config.type, args });
  }
});
