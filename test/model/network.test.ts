import test from 'ava';
import { buildNetwork, flopsPerRow, parameterCount } from '../../src/model/network.ts';
import { makeExperiment } from '../engine/support/outcome.ts';

const seed = buildNetwork(makeExperiment({ layers: [{ units: 45, activation: 'relu' }, { units: 10 }] }), [784]);

test("the seed network has PyTorch's tensors: names, shapes [out, in], sizes and fans", (t) => {
  t.deepEqual(
    seed.parameters.map(({ name, shape, fanIn, fanOut, init }) => ({ name, shape, fanIn, fanOut, init })),
    [
      { name: 'layers.0.weight', shape: [45, 784], fanIn: 784, fanOut: 45, init: 'weight' },
      { name: 'layers.0.bias', shape: [45], fanIn: 784, fanOut: 45, init: 'bias' },
      { name: 'layers.1.weight', shape: [10, 45], fanIn: 45, fanOut: 10, init: 'weight' },
      { name: 'layers.1.bias', shape: [10], fanIn: 45, fanOut: 10, init: 'bias' },
    ],
  );
  t.is(parameterCount(seed), 784 * 45 + 45 + 45 * 10 + 10);
  t.deepEqual([seed.inputs, seed.outputs], [784, 10]);
});

test('each layer takes the outputs of the one before it', (t) => {
  const network = buildNetwork(makeExperiment({ layers: [{ units: 4 }, { units: 9 }, { units: 1 }] }), [6]);
  t.deepEqual(
    network.layers.map(({ inputs, outputs }) => [inputs, outputs]),
    [
      [6, 4],
      [4, 9],
      [9, 1],
    ],
  );
});

test('tensors lie one after the other, each at a multiple of 16 bytes, without overlap', (t) => {
  for (const widths of [[1], [1, 1, 1], [3, 5, 7], [45, 10]]) {
    const network = buildNetwork(makeExperiment({ layers: widths.map((units) => ({ units })) }), [13]);
    let end = 0;
    for (const { offset, size, shape } of network.parameters) {
      t.is(offset % 4, 0);
      t.true(offset >= end && offset - end < 4);
      t.is(
        size,
        shape.reduce((product, n) => product * n, 1),
      );
      end = offset + size;
    }
    t.true(network.vectorFloats >= end && network.vectorFloats - end < 4);
  }
});

test('operations a row: two a weight forward, four backward, two in the first layer, whose input needs no gradient', (t) => {
  t.deepEqual(flopsPerRow(seed), { forward: 2 * (784 * 45 + 45 * 10), backward: 2 * 784 * 45 + 4 * 45 * 10 });
});
