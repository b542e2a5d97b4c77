import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { Normalization } from '../../../src/data/dataset.ts';
import { normalizationFor } from '../../../src/data/normalize/fit.ts';
import type { InputSpec } from '../../../src/data/preprocess/preprocess.ts';
import { inspectExperiment } from '../../../src/runs/prepare/inspect.ts';
import { type InputData, inputRangeNotice } from '../../../src/runs/record/causes.ts';

function f32(values: readonly number[]): Float32Array<SharedArrayBuffer> {
  const made = new Float32Array(new SharedArrayBuffer(values.length * 4));
  made.set(values);
  return made;
}

function rowNumbers(count: number): Uint32Array<SharedArrayBuffer> {
  const made = new Uint32Array(new SharedArrayBuffer(count * 4));
  made.forEach((_, i) => {
    made[i] = i;
  });
  return made;
}

/** Rows of a table with the columns a, b ... ; all of them train, but for those after `training`. */
function inputs(
  rows: readonly (readonly number[])[],
  normalization: Normalization | Parameters<typeof normalizationFor>[0],
  training = rows.length,
): InputData {
  const featureCount = rows[0]!.length;
  const features = f32(rows.flat());
  const train = rowNumbers(training);
  const none = rowNumbers(0);
  const fitted =
    typeof normalization === 'string' ? normalizationFor(normalization, { features, featureCount, train, perStatistic: 1 }) : normalization;
  const columns = rows[0]!.map((_, j) => ({ name: 'abc'[j]!, type: 'number' as const }));
  const input = { kind: 'table', columns } as unknown as InputSpec;
  const preprocess = {
    version: 1 as const,
    input,
    normalization: { kind: 'divide' as const, divisor: 1 },
    target: { kind: 'value' as const, names: [] },
  };
  return { features, featureCount, normalization: fitted, preprocess, splits: { train, val: none, test: none } };
}

/** Sixty rows: the first column from 0 to 59, the second mostly 0. */
const SPARSE = Array.from({ length: 60 }, (_, i) => [i, i % 10 === 0 ? 5000 : 0]);
const OUTLIER = Array.from({ length: 60 }, (_, i) => [i, i === 7 ? 1e6 : i / 60]);

for (const [title, data, notice] of [
  [
    'numbers as they are, in the usual range',
    inputs(
      [
        [1, -3],
        [2, 4],
      ],
      'none',
    ),
    undefined,
  ],
  [
    'numbers as they are, far out: the column is named',
    inputs(
      [
        [1, 4000],
        [2, -3000],
      ],
      'none',
    ),
    'the inputs reach 4000 in b; set data.normalize: zscore',
  ],
  ['standardized, with an outlier', inputs(OUTLIER, 'zscore'), undefined],
  [
    'by quartiles, with an outlier that these do not see',
    inputs(OUTLIER, 'robust'),
    /^the inputs reach \d{7} in b; set data\.normalize: zscore$/,
  ],
  [
    'by quartiles that are equal, though the column is not constant',
    inputs(SPARSE, 'robust'),
    'the inputs reach 5000 in b; set data.normalize: zscore',
  ],
  ['the same column standardized', inputs(SPARSE, 'zscore'), undefined],
  ['from least to largest', inputs(SPARSE, 'minmax'), undefined],
  [
    'a constant column, however large',
    inputs(
      [
        [1e6, 1],
        [1e6, 2],
      ],
      'zscore',
    ),
    undefined,
  ],
  [
    'rows that do not train',
    inputs(
      [
        [1, 1],
        [2, 2],
        [1e9, 1e9],
      ],
      'none',
      2,
    ),
    undefined,
  ],
] as const) {
  test(`inputs out of range: ${title}`, (t) => {
    const found = inputRangeNotice(data);
    if (notice instanceof RegExp) t.regex(found ?? '', notice);
    else t.is(found, notice);
  });
}

test('check says it before anything is trained', async (t) => {
  const given = (normalize: string) =>
    experimentFromObject({
      data: { source: { type: 'mnist' }, split: { train: 300, val: 50, test: 50 }, normalize },
      model: { layers: [{ type: 'dense', units: 10 }] },
    });
  t.deepEqual(
    (await inspectExperiment(given('none'))).notices.filter((notice) => notice.startsWith('the inputs')),
    ['the inputs reach 255; set data.normalize: unit'],
  );
  t.deepEqual(
    (await inspectExperiment(given('auto'))).notices.filter((notice) => notice.startsWith('the inputs')),
    [],
  );
});
