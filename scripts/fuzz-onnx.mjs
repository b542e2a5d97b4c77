// Mutated ONNX files against the importer: each gives an error with its place, or a network. node scripts/fuzz-onnx.mjs [--seed N] [--limit N]
import { parseArgs } from 'node:util';
import { onnxModel } from '../dist/src/export/onnx/build.js';
import { encodeOnnx } from '../dist/src/export/onnx/encode.js';
import { decodeOnnx } from '../dist/src/import/onnx/decode.js';
import { matchLayers } from '../dist/src/import/onnx/layers.js';
import { Dice } from '../dist/test/engine/support/samples.js';
import { cases, modelOf } from '../dist/test/export/support/models.js';

const { values } = parseArgs({ options: { seed: { type: 'string' }, limit: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const limit = Number(values.limit ?? 5000);
const dice = new Dice(seed);
const files = cases().map((parts) => encodeOnnx(onnxModel(modelOf(...parts), { raw: false })));
console.log(`seed ${seed}, ${limit} files`);
const counts = { networks: 0, refused: 0 };
let slowest = 0;
for (let i = 0; i < limit; i++) {
  const file = files[dice.int(0, files.length - 1)];
  const bytes = file.slice(0, dice.int(0, 3) === 0 ? dice.int(0, file.length) : file.length);
  for (let k = dice.int(0, 4); k >= 0 && bytes.length > 0; k--) bytes[dice.int(0, bytes.length - 1)] = dice.int(0, 255);
  const start = performance.now();
  try {
    matchLayers(decodeOnnx(bytes, 'm.onnx'), 'm.onnx');
    counts.networks++;
  } catch (error) {
    if (error.code !== 'E_ONNX' || error.where === undefined) {
      console.error(`file ${i} of seed ${seed}:`, error);
      process.exitCode = 1;
    }
    counts.refused++;
  }
  slowest = Math.max(slowest, performance.now() - start);
}
console.log(counts, `slowest ${slowest.toFixed(0)} ms, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
