import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DenseConfig } from '../../src/config/schema/layers/dense.ts';
import type { LayerEntry } from '../../src/config/schema/layers/entries.ts';
import { readOnnxModel } from '../../src/export/from-onnx.ts';
import { onnx } from '../../src/export/onnx/export.ts';
import { cases, modelOf } from '../export/support/models.ts';

/** A file of the test's own. */
export function fileOf(t: ExecutionContext, bytes: Uint8Array, name = 'model.onnx'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-onnx-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, name), bytes);
  return path.join(folder, name);
}

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

const denseOnly = (layers: readonly LayerEntry[]): DenseConfig[] => layers.filter((layer): layer is DenseConfig => layer.type === 'dense');

/** Settings are f32 in the file. */
const rounded = (value: object): unknown =>
  JSON.parse(JSON.stringify(value), (_, one: unknown) => (typeof one === 'number' ? Math.fround(one) : one));
