import test from 'ava';
import { sampleShape } from '../../src/data/preprocess/preprocess.ts';
import { js } from '../../src/export/js/export.ts';
import { modelFile } from '../../src/export/safetensors.ts';
import type { Predictions } from '../../src/export/verify.ts';
import { loadModel } from '../../src/use/from-bytes.ts';
import type { Prediction } from '../../src/use/predict/outputs.ts';
import { PICTURE_NETWORKS, picturesOf } from '../export/support/pictures.ts';
import { assertAgree, expectedFor, splitRows } from '../export/support/rows.ts';

const ROWS = 60;

function predictions(found: readonly Prediction[]): Predictions {
  return {
    values: found.flatMap((one) => ('label' in one ? one.probabilities : one.values)),
    labels: found.map((one) => ('label' in one ? one.label : -1)),
  };
}

/** A flat row as lists in lists. */
function nested(row: readonly number[], [extent = 1, ...rest]: readonly number[]): unknown[] {
  if (rest.length === 0) return [...row];
  const width = row.length / extent;
  return Array.from({ length: extent }, (_, i) => nested(row.slice(i * width, (i + 1) * width), rest));
}

for (const name of PICTURE_NETWORKS) {
  test(`a model predicts the formulas' probabilities, flat, nested, or many rows in one array: ${name}`, async (t) => {
    const made = picturesOf(name);
    const { raw, expected } = expectedFor(made, ROWS);
    const model = await loadModel(modelFile(made));
    const rows = splitRows(raw, ROWS);
    const flat = model.predict(rows);
    assertAgree(t, predictions(flat), expected, 'flat');
    const shape = sampleShape(made.preprocess.input);
    t.deepEqual(model.predict(raw, [ROWS, ...shape]), flat);
    const lists = rows.map((row) => nested(row, shape));
    t.deepEqual(model.predict(lists), flat);
    t.deepEqual(model.predict(lists[0]!), flat[0]);
    t.deepEqual(model.predict(rows[0]!), flat[0]);
  });

  test(`the exported module gives the model's numbers, to the bit where no function is approximated: ${name}`, async (t) => {
    const made = picturesOf(name, 'several values');
    const { raw } = expectedFor(made, ROWS);
    const rows = splitRows(raw, ROWS);
    const text = js(made, { output: 'm.js', raw: false, dtype: 'f32', batchNorm: 'keep' }).files[0]!.bytes as string;
    const { predict } = (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as {
      predict: (rows: number[][]) => { y: number[] }[];
    };
    const own = (await loadModel(modelFile(made))).predict(rows).map((one) => ('values' in one ? one.values : []));
    const theirs = predict(rows).map(({ y }) => y);
    const isExact = !/tanh|gelu|sigmoid|layerNorm/.test(text);
    if (isExact) t.deepEqual(theirs, own);
    const worst = Math.max(...own.flatMap((row, r) => row.map((value, j) => Math.abs(value - theirs[r]![j]!))));
    t.true(worst < 1e-4, `off by ${worst}`);
  });
}

test('a summary has shapes channels first and the parameters of each layer', async (t) => {
  const text = (await loadModel(modelFile(picturesOf('batch norm and layer norm')))).summary();
  t.regex(text, /^0 conv2d +4x6x7 +120 +layers\.0\.weight +4x3x3x3$/m);
  t.regex(text, /^2 conv2d +3x3x4 +210 +layers\.2\.weight +3x5x3x3$/m);
  t.regex(text, /^ +layers\.2\.norm\.weight +3x3x4$/m);
});
