import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { arrayBatches } from '../../../src/data/arrays/batches.ts';
import { openNpy } from '../../../src/data/arrays/npy.ts';
import type { InputSpec } from '../../../src/data/preprocess/preprocess.ts';
import { GradloomError } from '../../../src/errors.ts';
import { npyBytes } from '../support/npy-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-batches-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array): string {
  const at = path.join(root, name);
  writeFileSync(at, bytes);
  return at;
}

const input = (...shape: number[]): InputSpec => ({ kind: 'array', shape, stored: 'u8' });

for (const rows of [1, 2, 3, 7, 8]) {
  test(`seven rows come in batches of ${rows}, bytes as bytes, the last one smaller`, async (t) => {
    const array = await openNpy(
      file(
        `${rows}.npy`,
        npyBytes(
          [7, 2],
          Uint8Array.from({ length: 14 }, (_, i) => i),
        ),
      ),
    );
    const sizes: number[] = [];
    const values: number[] = [];
    for await (const { rows: count, features } of arrayBatches(array, input(2), rows)) {
      t.true(features instanceof Uint8Array);
      sizes.push(count);
      values.push(...features);
    }
    t.deepEqual(
      values,
      Array.from({ length: 14 }, (_, i) => i),
    );
    t.deepEqual(sizes, [...Array<number>(Math.floor(7 / rows)).fill(rows), ...(7 % rows === 0 ? [] : [7 % rows])]);
  });
}

test('rows of another shape than the model was trained on are refused with both', async (t) => {
  const array = await openNpy(file('wide.npy', npyBytes([2, 3, 4], new Float32Array(24))));
  const error = await t.throwsAsync(arrayBatches(array, input(28, 28), 2).next(), { instanceOf: GradloomError });
  t.is(error.code, 'E_DATA_MISMATCH');
  t.is(error.exitCode, 65);
  t.is(error.message, 'rows of 3 x 4; the model was trained on rows of 28 x 28');
  t.regex(error.next ?? '', /\[N, 28, 28\]/);
});

test('a number that is none is told with its byte while batches are read', async (t) => {
  const array = await openNpy(file('nan.npy', npyBytes([2, 2], Float32Array.of(1, 2, 3, Number.NaN))));
  const error = await t.throwsAsync(arrayBatches(array, input(2), 8).next(), { instanceOf: GradloomError });
  t.is(error.code, 'E_DATA_NONFINITE');
  t.regex(error.where ?? '', /nan\.npy:140$/);
});
