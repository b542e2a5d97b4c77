import test from 'ava';
import type { DenseConfig } from '../../src/config/schema/layers/dense.ts';
import type { LayerEntry } from '../../src/config/schema/layers/entries.ts';
import { readOnnxModel } from '../../src/export/from-onnx.ts';
import type { ExportModel } from '../../src/export/model.ts';
import { onnx } from '../../src/export/onnx/export.ts';
import { cases, modelOf } from '../export/support/models.ts';
import { PICTURE_NETWORKS, picturesOf } from '../export/support/pictures.ts';
import { fileOf } from './support/file.ts';

for (const [layers, preprocess, outcome] of cases()) {
  test(`an export comes back as it was: ${layers}, ${preprocess}, ${outcome}`, (t) => {
    const model = modelOf(layers, preprocess, outcome);
    const { bytes } = onnx(model, { output: 'm.onnx', raw: false, dtype: 'f32', batchNorm: 'keep' }).files[0]!;
    const { model: read, check } = readOnnxModel(fileOf(t, bytes as Uint8Array), model.name);
    t.is(check.rows, 100);
    t.deepEqual(Object.fromEntries(read.tensors), Object.fromEntries(model.tensors));
    t.deepEqual(read.preprocess, model.preprocess);
    t.deepEqual(read.graph.loss, model.graph.loss);
    // Dropout is not in the file; a leaf's own statistics are a matter of training.
    const kept = denseOnly(model.layers);
    t.is(read.layers.length, kept.length);
    t.deepEqual(
      denseOnly(read.layers).map(({ units, activation, residual }) => ({ units, activation: rounded(activation), residual })),
      kept.map(({ units, activation, residual }) => ({ units, activation: rounded(activation), residual })),
    );
  });
}

for (const name of PICTURE_NETWORKS) {
  test(`an export of pictures comes back as what it was: ${name}`, (t) => {
    const model = picturesOf(name);
    for (const batchNorm of ['keep', 'fold'] as const) {
      const { bytes } = onnx(model, { output: 'm.onnx', raw: false, dtype: 'f32', batchNorm }).files[0]!;
      const { model: read, check } = readOnnxModel(fileOf(t, bytes as Uint8Array), model.name);
      t.is(check.rows, 100);
      t.deepEqual(read.preprocess, model.preprocess);
      if (batchNorm === 'fold') continue;
      // Layers without tensors may come and go: the numbers in their names do not count.
      const values = (of: ExportModel): string[] =>
        [...of.tensors.values()].map((one) => `${one.length}: ${one[0]}, ${one.at(-1)}`).toSorted();
      t.deepEqual(values(read), values(model));
    }
  });
}

const denseOnly = (layers: readonly LayerEntry[]): DenseConfig[] => layers.filter((layer): layer is DenseConfig => layer.type === 'dense');

/** Settings are f32 in the file. */
const rounded = (value: object): unknown =>
  JSON.parse(JSON.stringify(value), (_, one: unknown) => (typeof one === 'number' ? Math.fround(one) : one));
