import test from 'ava';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { inputShape, outcomeOf } from '../../src/export/model.ts';
import { onnxModel } from '../../src/export/onnx/build.ts';
import { encodeOnnx } from '../../src/export/onnx/encode.ts';
import { onnx } from '../../src/export/onnx/export.ts';
import type { TargetOptions } from '../../src/export/target.ts';
import { decodeOnnx } from '../../src/import/onnx/decode.ts';
import { cases, modelOf } from './support/models.ts';
import { PICTURE_NETWORKS, picturesOf } from './support/pictures.ts';
import { assertAgree, expectedFor } from './support/rows.ts';

env.wasm.numThreads = 1;

const OPTIONS: TargetOptions = { output: 'model.onnx', raw: false, dtype: 'f32', batchNorm: 'fold' };
const ROWS = 200;

/** What onnxruntime gives for a file of ONNX; one session at a time, as it can do no more. */
async function run(bytes: Uint8Array, x: Float32Array, dims: readonly number[]) {
  const session = await InferenceSession.create(bytes);
  try {
    const results = await session.run({ x: new Tensor('float32', x, dims) });
    const values = (results['probabilities'] ?? results['y'])!;
    return {
      inputs: session.inputNames,
      outputs: session.outputNames,
      dims: values.dims,
      values: values.data as Float32Array,
      labels: results['label'] && Array.from(results['label'].data as BigInt64Array, Number),
    };
  } finally {
    await session.release();
  }
}

for (const [layers, preprocess, outcome] of cases()) {
  for (const batchNorm of ['fold', 'keep'] as const) {
    if (batchNorm === 'keep' && !['batch norm', 'everything', 'residual'].includes(layers)) continue;
    test.serial(
      `onnxruntime gives the network's probabilities and classes: ${layers}, ${preprocess}, ${outcome}, batch norm ${batchNorm}`,
      async (t) => {
        const model = modelOf(layers, preprocess, outcome);
        const artifact = onnx(model, { ...OPTIONS, batchNorm });
        const { raw, expected } = expectedFor(model, ROWS);
        const got = await run(artifact.files[0]!.bytes as Uint8Array, raw, [ROWS, ...inputShape(model)]);
        t.deepEqual(got.inputs, ['x']);
        t.deepEqual(got.dims, [ROWS, outcomeOf(model).names.length]);
        t.deepEqual([...got.outputs].toSorted(), [
          ...(expected.labels ? ['label'] : []),
          outcomeOf(model).kind === 'value' ? 'y' : 'probabilities',
        ]);
        assertAgree(t, got, expected, layers);
      },
    );
  }
}

for (const name of PICTURE_NETWORKS) {
  test.serial(`onnxruntime gives the network's probabilities and classes: ${name}`, async (t) => {
    const model = picturesOf(name);
    const { raw, expected } = expectedFor(model, ROWS);
    for (const batchNorm of ['fold', 'keep'] as const) {
      const artifact = onnx(model, { ...OPTIONS, batchNorm });
      const got = await run(artifact.files[0]!.bytes as Uint8Array, raw, [ROWS, ...inputShape(model)]);
      assertAgree(t, got, expected, batchNorm);
      const check = await artifact.check();
      t.true(typeof check !== 'string' && check.difference < 1e-5);
    }
  });
}

test.serial('without preprocessing the input is what the network takes', async (t) => {
  const model = modelOf('relu', 'a table, zscore', 'softmax');
  const { x, expected } = expectedFor(model, ROWS);
  const bytes = onnx(model, { ...OPTIONS, raw: true }).files[0]!.bytes as Uint8Array;
  assertAgree(t, await run(bytes, x, [ROWS, 9]), expected, 'raw');
  t.is(decodeOnnx(bytes, 'm.onnx').metadata['input'], 'normalised');
});

test.serial('any number of rows, one and none included', async (t) => {
  const model = modelOf('everything', 'a table, zscore', 'softmax');
  const bytes = onnx(model, OPTIONS).files[0]!.bytes as Uint8Array;
  const { raw, expected } = expectedFor(model, 1);
  assertAgree(t, await run(bytes, raw, [1, 9]), expected, 'one row');
  t.deepEqual((await run(bytes, new Float32Array(0), [0, 9])).dims, [0, 3]);
});

test('what is written is read as it was: nodes, tensors to the bit, names, metadata', (t) => {
  const model = onnxModel(modelOf('everything', 'pictures, by channel', 'one sigmoid for two classes'), { raw: false });
  const read = decodeOnnx(encodeOnnx(model), 'm.onnx');
  t.deepEqual({ ...read, nodes: read.nodes.map((node) => ({ ...node, at: 0 })) }, model);
  t.deepEqual(JSON.parse(read.metadata['classes']!), ['no', 'yes']);
  t.deepEqual(read.inputs, [{ name: 'x', type: 'float', dims: ['N', 3, 2, 2] }]);
  t.is(read.irVersion, 8);
  t.is(read.opset, 17);
  t.deepEqual(encodeOnnx(model), encodeOnnx(model));
});

test('feature names, classes and preprocessing stand in the metadata', (t) => {
  const model = modelOf('relu', 'a table, zscore', 'softmax');
  const { metadata } = onnxModel(model, { raw: false });
  t.deepEqual((JSON.parse(metadata['features']!) as string[]).slice(0, 4), ['length', 'mass', 'mass is missing', 'colour=red']);
  t.deepEqual(JSON.parse(metadata['gradloom.preprocess']!), model.preprocess);
});
