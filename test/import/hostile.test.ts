import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { onnxModel } from '../../src/export/onnx/build.ts';
import { encodeOnnx } from '../../src/export/onnx/encode.ts';
import { decodeOnnx } from '../../src/import/onnx/decode.ts';
import { matchLayers } from '../../src/import/onnx/match/layers.ts';
import type { OnnxModel } from '../../src/import/onnx/proto.ts';
import { takeWeights } from '../../src/import/weights.ts';
import { Dice } from '../engine/support/samples.ts';
import { modelOf } from '../export/support/models.ts';
import { picturesOf } from '../export/support/pictures.ts';

const whole = (): OnnxModel => onnxModel(modelOf('everything', 'a table, zscore', 'softmax'), { raw: false });
const FILES = {
  'dense layers': encodeOnnx(whole()),
  pictures: encodeOnnx(onnxModel(picturesOf('layers and blocks with what came in'), { raw: false })),
  sequences: encodeOnnx(onnxModel(picturesOf('sequences'), { raw: false })),
};

for (const [title, bytes] of Object.entries(FILES)) {
  test(`mutated files give an error with its place, or a network: ${title}`, (t) => {
    const seed = 20_260_801;
    t.log(`seed ${seed}`);
    const dice = new Dice(seed);
    for (let i = 0; i < 300; i++) {
      const mutated = bytes.slice(0, dice.int(0, 3) === 0 ? dice.int(0, bytes.length - 1) : bytes.length);
      for (let k = dice.int(0, 3); k >= 0 && mutated.length > 0; k--) mutated[dice.int(0, mutated.length - 1)] = dice.int(0, 255);
      try {
        matchLayers(decodeOnnx(mutated, 'm.onnx'), 'm.onnx');
      } catch (error) {
        t.true(error instanceof GradloomError && error.code === 'E_ONNX' && error.where !== undefined, String((error as Error).stack));
      }
    }
  });
}

const changed: [title: string, change: (model: OnnxModel) => void, message: RegExp][] = [
  ['an operator of another domain', (model) => (model.nodes[3]!.op = 'LSTM'), /^node .*\(LSTM\): no layer that gradloom has/],
  ['weights for another width', (model) => widen(model), /weights for \d+ inputs, but \d+ come in/],
  [
    'a node that reads what is not there',
    (model) => (model.nodes[2]!.inputs[0] = 'nowhere'),
    /reads nowhere, which nothing before it makes/,
  ],
  [
    'weights that are NaN',
    (model) => (model.initializers.get('layers.0.bias')!.values as Float32Array).fill(Number.NaN),
    /layers\.0\.bias holds NaN/,
  ],
];

function widen(model: OnnxModel): void {
  const weight = model.initializers.get('layers.1.weight')!;
  model.initializers.set(weight.name, { ...weight, dims: [12, 13], values: new Float32Array(156) });
}

for (const [title, change, message] of changed) {
  test(`refused by name: ${title}`, (t) => {
    const model = whole();
    change(model);
    const error = t.throws(() => matchLayers(decodeOnnx(encodeOnnx(model), 'm.onnx'), 'm.onnx'), { instanceOf: GradloomError });
    t.is(error.code, 'E_ONNX');
    t.regex(error.message, message);
  });
}

const files: [title: string, bytes: number[], message: RegExp][] = [
  ['nothing', [], /no ONNX model/],
  ['an overlong varint', [0x08, 0x88, 0x00], /a varint of 2 bytes that needs fewer/],
  ['a varint without end', [0x08, ...Array<number>(11).fill(0xff)], /a varint of more than 10 bytes/],
  ['a length behind the end', [0x3a, 0xff, 0x7f], /field 7 says 16383 bytes, but its message has 0 left/],
  ['a group', [0x0b], /wire type 3/],
  ['functions', [0x08, 8, 0xca, 0x01, 0], /functions of its own/],
];

for (const [title, content, message] of files) {
  test(`refused with the byte: ${title}`, (t) => {
    const error = t.throws(() => decodeOnnx(Uint8Array.from(content), 'm.onnx'), { instanceOf: GradloomError });
    t.regex(error.where ?? '', /^m\.onnx:\d+$/);
    t.regex(error.message, message);
  });
}

test('weights under other names and transposed are the same weights', (t) => {
  const wanted = [
    { name: 'layers.0.weight', shape: [2, 3] },
    { name: 'layers.0.bias', shape: [2] },
  ];
  const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
  const file = {
    metadata: {},
    tensors: new Map([
      ['fc/kernel', { dtype: 'F32' as const, shape: [3, 2], data: f32(1, 4, 2, 5, 3, 6) }],
      ['fc.bias', { dtype: 'F32' as const, shape: [2], data: f32(7, 8) }],
      ['bn.num_batches_tracked', { dtype: 'I64' as const, shape: [], data: new Uint8Array(8) }],
    ]),
  };
  const names = { 'layers.0': 'fc', 'layers.0.weight': 'fc/kernel' };
  const taken = takeWeights(file, wanted, 'k.safetensors', { names, transposed: true });
  t.deepEqual(taken.get('layers.0.weight'), Float32Array.of(1, 2, 3, 4, 5, 6));
  t.deepEqual(taken.get('layers.0.bias'), Float32Array.of(7, 8));
  t.throws(() => takeWeights(file, wanted, 'k', { names: { 'layers.7': 'fc' } }), {
    code: 'E_TENSOR_MISMATCH',
    message: /^names has layers\.7/,
  });
  t.throws(() => takeWeights(file, wanted, 'k', { names: { 'layers.0.weight': 'a', 'layers.0.bias': 'a' } }), {
    message: /^names gives a to two/,
  });
  t.throws(() => takeWeights(file, wanted, 'k', { names }), {
    message: /fc\/kernel: F32 \[3, 2\], expected F32 \[2, 3\]|1 of its tensors/,
  });
});
