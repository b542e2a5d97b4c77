import test from 'ava';
import { lossType } from '../../src/model/losses.ts';

test('only softmax_cross_entropy compares with labels; a loss is the kernel of its own name', (t) => {
  t.deepEqual(lossType({ type: 'softmax_cross_entropy' }), { kernel: 'softmax_cross_entropy', target: 'labels' });
  t.deepEqual(lossType({ type: 'sigmoid_cross_entropy' }), { kernel: 'sigmoid_cross_entropy', target: 'values' });
  t.deepEqual(lossType({ type: 'mse' }), { kernel: 'mse', target: 'values' });
});
