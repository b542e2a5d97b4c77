import test from 'ava';
import { js } from '../../src/export/js/export.ts';
import { onnx } from '../../src/export/onnx/export.ts';
import { torch } from '../../src/export/torch/export.ts';
import { decodeOnnx } from '../../src/import/onnx/decode.ts';
import { matchLayers } from '../../src/import/onnx/match/layers.ts';
import { anyPictures } from '../engine/support/any-pictures.ts';
import { madeOf } from './support/models.ts';
import { TORCH } from './support/torch.ts';

const NETWORKS = 40;
const IN_TORCH = 3;

test(`random networks of pictures and sequences give their numbers as ONNX and JavaScript${TORCH ? ', some as PyTorch (python3-torch)' : ''}`, async (t) => {
  t.timeout(300_000);
  for (let seed = 0; seed < NETWORKS; seed++) {
    const { shape, parts, title } = anyPictures(7000 + seed);
    const layers = [...parts.model.layers.slice(0, -1), { type: 'dense', units: 3 }];
    const input = {
      input: { kind: 'array' as const, shape: [...shape], stored: 'f32' as const },
      normalization: { kind: 'divide' as const, divisor: 1 },
    };
    const model = madeOf(title, layers, input, 'softmax', seed);
    const options = { raw: false, dtype: 'f32', batchNorm: seed % 2 === 0 ? 'fold' : 'keep' } as const;
    const file = onnx(model, { ...options, output: 'm.onnx' });
    // A check throws where numbers differ.
    t.notThrows(() => matchLayers(decodeOnnx(file.files[0]!.bytes as Uint8Array, 'm.onnx'), 'm.onnx'), title);
    await t.notThrowsAsync(() => file.check(), title);
    await t.notThrowsAsync(() => js(model, { ...options, output: 'm.js' }).check(), title);
    if (TORCH && seed < IN_TORCH) await t.notThrowsAsync(() => torch(model, { ...options, output: 'm.py' }).check(), title);
  }
});
