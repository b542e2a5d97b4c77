import test from 'ava';
import { channelsLast, toStored } from '../../src/graph/layout.ts';
import { elements } from '../../src/graph/shape.ts';
import { takeWeights, type WantedTensor } from '../../src/import/weights.ts';
import { encodeSafetensors } from '../../src/storage/safetensors/bytes.ts';
import { readSafetensors } from '../../src/storage/safetensors.ts';

/** A kernel as Keras has it, and as the model does. */
const CASES: readonly [title: string, keras: readonly number[], wanted: WantedTensor][] = [
  ['conv2d', [2, 3, 4, 5], { name: 'layers.0.weight', shape: [5, 4, 2, 3], layout: channelsLast([5, 4, 2, 3], true) }],
  ['conv1d', [3, 4, 5], { name: 'layers.0.weight', shape: [5, 4, 3], layout: channelsLast([5, 4, 3], true) }],
  ['dense behind pictures', [24, 5], { name: 'layers.0.weight', shape: [5, 24], layout: channelsLast([5, 4, 2, 3], true) }],
  ['layer norm of pictures', [2, 3, 4], { name: 'layers.0.norm.weight', shape: [4, 2, 3], layout: channelsLast([4, 2, 3], false) }],
];

for (const [title, keras, wanted] of CASES) {
  test(`weights of Keras with transposed, of PyTorch without it: ${title}`, (t) => {
    const values = Float32Array.from({ length: elements(keras) }, (_, i) => i);
    const fileWith = (shape: readonly number[], data: Float32Array) =>
      readSafetensors(encodeSafetensors(new Map([[wanted.name, { dtype: 'F32' as const, shape, data }]]), {}), 'k');
    const taken = takeWeights(fileWith(keras, values), [wanted], 'k', { transposed: true }).get(wanted.name)!;
    t.deepEqual(toStored(taken, wanted.layout!), values);
    t.deepEqual(takeWeights(fileWith(wanted.shape, taken), [wanted], 'k').get(wanted.name), taken);
    t.throws(() => takeWeights(fileWith(wanted.shape, values), [wanted], 'k', { transposed: true }), { code: 'E_TENSOR_MISMATCH' });
  });
}

test('the first value of each place of a kernel of Keras is where PyTorch has it', (t) => {
  const wanted = { name: 'w', shape: [2, 3, 1, 2], layout: channelsLast([2, 3, 1, 2], true) };
  // [1, 2, 3, 2]: the columns 0 and 1, the channels in each, the filters in these.
  const values = Float32Array.of(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121);
  const file = readSafetensors(encodeSafetensors(new Map([['w', { dtype: 'F32' as const, shape: [1, 2, 3, 2], data: values }]]), {}), 'k');
  const taken = takeWeights(file, [wanted], 'k', { transposed: true }).get('w');
  t.deepEqual(taken, Float32Array.of(0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121));
});
