import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { outline, variantsOf } from '../../../src/config/schema/outline.ts';
import type { SourceConfig } from '../../../src/config/schema/schema.ts';
import type { Reading } from '../../../src/data/samples.ts';
import { dataSource } from '../../../src/data/sources/index.ts';
import { greyPng } from '../images/support/png.ts';
import { idxBytes, ramp } from '../support/idx-file.ts';
import { npyBytes } from '../support/npy-file.ts';
import { zipBytes } from '../support/zip-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-sources-'));
process.env['GRADLOOM_CACHE_DIR'] = path.join(root, 'cache');
test.after.always(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, shape: readonly number[]): string {
  const at = path.join(root, name);
  const count = shape.reduce((product, size) => product * size, 1);
  writeFileSync(at, idxBytes(shape, shape.length === 1 ? ramp(count).map((value) => value % 4) : ramp(count)));
  return at;
}

function pictures(name: string, classes: readonly string[], each: number): string {
  for (const label of classes) {
    mkdirSync(path.join(root, name, label), { recursive: true });
    for (let i = 0; i < each; i++) writeFileSync(path.join(root, name, label, `${i}.png`), greyPng(4 + i, 3));
  }
  return path.join(root, name);
}

const READING: Reading = {
  passed: { x: Float32Array.of(1, 2, 3, 4, 5, 6), y: [1, 0, 5] },
  seed: 3,
  problem: 'classification',
  split: { train: 'rest', val: 0, test: 0, by: 'order' },
};

function npy(name: string, shape: readonly number[], values: readonly number[]): string {
  const at = path.join(root, name);
  writeFileSync(at, npyBytes(shape, Float64Array.from(values)));
  return at;
}

function npz(name: string): string {
  const at = path.join(root, name);
  const x = npyBytes([4, 3], Uint8Array.from(ramp(12)));
  writeFileSync(at, zipBytes({ 'x.npy': x, 'y.npy': npyBytes([4], Int32Array.of(-1, 7, 7, -1)) }));
  return at;
}

function textFile(name: string, text: string): string {
  const at = path.join(root, name);
  writeFileSync(at, text);
  return at;
}

function parquetFile(name: string): string {
  const at = path.join(root, name);
  const columnData = [
    { name: 'a', data: [...ramp(12)], type: 'INT32' as const },
    { name: 'b', data: [...ramp(12)].map((value) => value / 3), type: 'DOUBLE' as const },
    { name: 'c', data: [...ramp(12)].map((value) => `class ${value % 3}`), type: 'STRING' as const },
  ];
  writeFileSync(at, Buffer.from(parquetWriteBuffer({ columnData })));
  return at;
}

/** One of each type; a type without one does not compile. */
const CONFIGS: { [T in SourceConfig['type']]: Extract<SourceConfig, { type: T }> } = {
  mnist: { type: 'mnist', order: 'by_seed' },
  idx: {
    type: 'idx',
    images: file('images', [9, 3, 2]),
    labels: file('labels', [9]),
    test_images: file('test-images', [5, 3, 2]),
    test_labels: file('test-labels', [5]),
  },
  npy: { type: 'npy', x: npy('x.npy', [5, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), y: npy('y.npy', [5, 1], [1, 0.5, 1, 2, 3]) },
  npz: { type: 'npz', path: npz('a.npz'), x: 'x', y: 'y' },
  csv: {
    type: 'csv',
    path: textFile('table.csv', ['a,b,c', ...[...ramp(12)].map((value) => `${value},${value % 5}.5,${value % 3}`)].join('\n')),
    test_path: textFile('test.csv', 'c,b,a\n1,2,3\n0,1,2\n'),
    target: 'c',
    unknown_category: 'error',
    missing: 'error',
    missing_indicator: false,
    header: 'auto',
    delimiter: 'auto',
    decimal: '.',
  },
  parquet: {
    type: 'parquet',
    path: parquetFile('table.parquet'),
    target: 'c',
    unknown_category: 'error',
    missing: 'error',
    missing_indicator: false,
  },
  images: {
    type: 'images',
    path: pictures('train', ['cat', 'dog'], 3),
    test_path: pictures('test', ['dog'], 2),
    size: [5, 6],
    channels: 3,
  },
  arrays: { type: 'arrays' },
  synthetic: { type: 'synthetic', kind: 'linear', samples: 50, features: 3, classes: 2, noise: 0.1 },
};

test('every source that a file may name has an implementation', (t) => {
  const source = outline.properties?.['data']?.properties?.['source'];
  t.deepEqual([...(variantsOf(source)?.keys() ?? [])].toSorted(), Object.keys(CONFIGS).toSorted());
});

for (const config of Object.values(CONFIGS)) {
  test(`${config.type}: samples of one shape with as many targets, in shared memory, the same each time`, async (t) => {
    const { featuresFor, featuresWith: _with, placeOf: _place, ...samples } = await dataSource(config).load(config, READING);
    const { sampleCount, target, targetNames, ownTestCount, origin } = samples;
    const read = featuresFor(Uint32Array.of(0, 1, 2));
    const { features, featureCount, sampleShape } = read;
    t.is(
      sampleShape.reduce((product, size) => product * size, 1),
      featureCount,
    );
    t.is(features.length, sampleCount * featureCount);
    t.true(ownTestCount >= 0 && ownTestCount < sampleCount);
    t.regex(origin, /^\S.+$/);
    const targets = target.kind === 'class' ? target.labels : target.values;
    t.is(targets.length, target.kind === 'class' ? sampleCount : sampleCount * target.width);
    t.is(targetNames.length, target.kind === 'class' ? target.classes : target.width);
    if (target.kind === 'class') t.true(target.labels.every((label) => label >= 0 && label < target.classes));
    t.true(features.every(Number.isFinite) && targets.every(Number.isFinite));
    for (const { buffer } of [features, targets]) t.true(buffer instanceof SharedArrayBuffer);
    const {
      featuresFor: featuresAgain,
      featuresWith: _withAgain,
      placeOf: _placeAgain,
      ...again
    } = await dataSource(config).load(config, READING);
    t.deepEqual(again, samples);
    t.deepEqual(featuresAgain(Uint32Array.of(0, 1, 2)), read);
  });
}
