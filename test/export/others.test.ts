import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { writeExport } from '../../src/export/export.ts';
import { js } from '../../src/export/js/export.ts';
import { kerasJson } from '../../src/export/keras/export.ts';
import { onnx } from '../../src/export/onnx/export.ts';
import { torch } from '../../src/export/torch/export.ts';
import { cases, modelOf } from './support/models.ts';
import { picturesOf } from './support/pictures.ts';
import { TORCH } from './support/torch.ts';

const OPTIONS = { output: 'm.json', raw: false, dtype: 'f32', batchNorm: 'keep' } as const;

const torchTest = TORCH ? test : test.skip;

for (const [layers, preprocess, outcome] of cases().filter((_, i) => i % 3 === 0 || i === 9)) {
  torchTest(`PyTorch (python3-torch) gives the network's outputs: ${layers}, ${preprocess}, ${outcome}`, async (t) => {
    const check = await torch(modelOf(layers, preprocess, outcome), { ...OPTIONS, output: 'm.py' }).check();
    t.true(typeof check !== 'string' && check.rows === 100 && check.difference < 1e-5, JSON.stringify(check));
  });
}

for (const [layers, preprocess, outcome] of cases().filter(([name]) => name !== 'residual' && name !== 'everything')) {
  test(`Keras' two files give the network's outputs: ${layers}, ${preprocess}, ${outcome}`, async (t) => {
    const check = await kerasJson(modelOf(layers, preprocess, outcome), OPTIONS).check();
    t.true(typeof check !== 'string' && check.difference < 1e-5);
  });
}

// Every form of a layer in Python: each costs the start of PyTorch.
for (const name of [
  'groups and depthwise, stride, padding, no bias',
  'batch norm and layer norm',
  'pools with padding and what is left out, flatten, dense layers',
  'layers and blocks with what came in',
  'sequences',
  'numbers as pictures, channels last',
  'pictures out of a dense layer',
]) {
  torchTest(`PyTorch (python3-torch) gives the network's outputs: ${name}`, async (t) => {
    const check = await torch(picturesOf(name), { ...OPTIONS, output: 'm.py' }).check();
    t.true(typeof check !== 'string' && check.rows === 100 && check.difference < 1e-5, JSON.stringify(check));
  });
}

test('a residual connection is refused for Keras by its layer', (t) => {
  t.throws(() => kerasJson(modelOf('residual', 'a table, zscore', 'softmax'), OPTIONS), {
    code: 'E_EXPORT',
    message: 'a residual connection, which keras.Sequential cannot hold',
  });
});

test('layers of pictures are refused for Keras by the first of them', (t) => {
  const error = t.throws(() => kerasJson(picturesOf('pictures out of a dense layer'), OPTIONS), { instanceOf: GradloomError });
  t.is(error.code, 'E_EXPORT');
  t.is(error.where, 'model.layers.1');
  t.is(error.message, 'layers of pictures, which this format is not written for');
});

test('an export that overflows f32 is not kept', async (t) => {
  for (const exporter of [onnx, js]) {
    const model = modelOf('relu', 'numbers [5], robust', 'several values');
    model.tensors.get('layers.0.weight')!.fill(3e38);
    const error = await t.throwsAsync(exporter(model, OPTIONS).check(), { code: 'E_EXPORT_CHECK' });
    t.regex(error.message, /^row \d+ of 100: the export gives (?:NaN|-?Infinity) for [abc], the network /);
  }
});

test('a name of another format is refused', async (t) => {
  const model = modelOf('relu', 'numbers [5], robust', 'softmax');
  await t.throwsAsync(writeExport(model, 'torch', { ...OPTIONS, output: 'm.onnx' }), {
    code: 'E_USAGE',
    message: '--output m.onnx: expected a name that ends in .py for --to torch',
  });
});

test('of two files the one that names the other comes last', (t) => {
  const model = modelOf('relu', 'numbers [5], robust', 'softmax');
  const names = (files: { path: string }[]): string[] => files.map((file) => file.path);
  t.deepEqual(names(torch(model, { ...OPTIONS, output: 'm.py' }).files), ['m.safetensors', 'm.py']);
  t.deepEqual(names(kerasJson(model, OPTIONS).files), ['m.weights.safetensors', 'm.json']);
});
