import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { DataConfig } from '../../../src/config/schema/schema.ts';
import { normalizationFor } from '../../../src/data/normalize/fit.ts';
import { isFlag } from '../../../src/data/preprocess/preprocess.ts';
import { type CsvConfig, csvConfig, loadCsv, rows } from './support/load.ts';

const PYTHON = '/usr/bin/python3';
const hasSklearn = spawnSync(PYTHON, ['-c', 'import sklearn']).status === 0;
const root = mkdtempSync(path.join(tmpdir(), 'gradloom-sklearn-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** Writes scikit-learn's tables as CSV, its own arrays beside them, and what its preprocessing makes of them, fitted on the first 100 rows. */
const PROGRAM = String.raw`
import sys, gzip, os, numpy as np, sklearn, json
from sklearn import datasets
from sklearn.preprocessing import StandardScaler, MinMaxScaler, RobustScaler, OneHotEncoder
from sklearn.impute import SimpleImputer
root = sys.argv[1]; own = os.path.join(os.path.dirname(datasets.__file__), "data")
def put(name, a): np.ascontiguousarray(a, dtype="<f4").tofile(os.path.join(root, name))
for name in ["iris", "wine_data", "breast_cancer"]:
    lines = open(os.path.join(own, name + ".csv")).read().split("\n", 1)
    d = dict(iris=datasets.load_iris, wine_data=datasets.load_wine, breast_cancer=datasets.load_breast_cancer)[name]()
    open(os.path.join(root, name + ".csv"), "w").write(lines[1])
    put(name + ".x", d.data); put(name + ".y", d.target)
d = datasets.load_digits()
open(os.path.join(root, "digits.csv.gz"), "wb").write(open(os.path.join(own, "digits.csv.gz"), "rb").read())
put("digits.x", d.data); put("digits.y", d.target)
d = datasets.load_diabetes(scaled=False)
np.savetxt(os.path.join(root, "diabetes.csv"), np.c_[d.data, d.target], delimiter=";", header=";".join(d.feature_names) + ";y", comments="")
put("diabetes.x", d.data); put("diabetes.y", d.target)
rng = np.random.default_rng(7)
x = (rng.normal(size=(300, 4)) * [1, 100, 1e-3, 5]).astype("float32")
hole = rng.random(x.shape) < 0.1
k = rng.integers(0, 5, 300)
with open(os.path.join(root, "holes.csv"), "w") as f:
    f.write("a,b,c,d,k,y\n")
    for i in range(300): f.write(",".join("" if hole[i, j] else repr(float(x[i, j])) for j in range(4)) + f",k{k[i]},{i % 2}\n")
x[hole] = np.nan
for how in ["mean", "median"]:
    filled = SimpleImputer(strategy=how).fit(x[:100].astype("f8")).transform(x.astype("f8")).astype("f4")
    hot = OneHotEncoder(sparse_output=False).fit(np.array([f"k{v}" for v in k[:100]]).reshape(-1, 1)).transform(np.array([f"k{v}" for v in k]).reshape(-1, 1))
    put("holes." + how, np.c_[filled, hot])
    for name, scaler in [("zscore", StandardScaler()), ("minmax", MinMaxScaler()), ("robust", RobustScaler())]:
        put(f"holes.{how}.{name}", scaler.fit(filled[:100].astype("f8")).transform(filled.astype("f8")))
`;

test.before((t) => {
  if (hasSklearn) execFileSync(PYTHON, ['-c', PROGRAM, root], { stdio: ['ignore', 'ignore', 'inherit'] });
  else t.log('python3-sklearn is not installed');
});

function wanted(name: string): Float32Array {
  const bytes = readFileSync(path.join(root, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const withSklearn = hasSklearn || process.env['CI'] !== undefined ? test : test.skip;

const TABLES: readonly [file: string, name: string, target: string, problem: 'classification' | 'regression', more?: Partial<CsvConfig>][] =
  [
    ['iris.csv', 'iris', 'x4', 'classification'],
    ['wine_data.csv', 'wine_data', 'x13', 'classification'],
    ['breast_cancer.csv', 'breast_cancer', 'x30', 'classification'],
    ['digits.csv.gz', 'digits', 'x64', 'classification'],
    ['diabetes.csv', 'diabetes', 'y', 'regression'],
  ];

for (const [file, name, target, problem, more] of TABLES) {
  withSklearn(`scikit-learn's ${name} is read to its own values`, async (t) => {
    const samples = await loadCsv(csvConfig(path.join(root, file), target, more), problem);
    t.deepEqual(samples.featuresFor(rows(0, samples.sampleCount)).features, wanted(`${name}.x`) as Float32Array<SharedArrayBuffer>);
    t.deepEqual(Float32Array.from(samples.target.kind === 'class' ? samples.target.labels : samples.target.values), wanted(`${name}.y`));
  });
}

for (const how of ['mean', 'median'] as const) {
  withSklearn(`missing: ${how} and categories are what SimpleImputer and OneHotEncoder make of them`, async (t) => {
    const samples = await loadCsv(csvConfig(path.join(root, 'holes.csv'), 'y', { missing: how, categorical: ['k'] }));
    const { features, featureCount, input } = samples.featuresFor(rows(0, 100));
    const expected = wanted(`holes.${how}`);
    t.is(features.length, expected.length);
    t.true(features.every((value, i) => isNear(value, expected[i] as number)));
    for (const kind of ['zscore', 'minmax', 'robust'] satisfies DataConfig['normalize'][]) {
      const normalization = normalizationFor(kind, { features, featureCount, train: rows(0, 100), perStatistic: 1, kept: isFlag(input) });
      if (normalization.kind !== 'affine') return t.fail();
      const { center, scale } = normalization;
      const scaled = wanted(`holes.${how}.${kind}`);
      for (let i = 0; i < samples.sampleCount; i++) {
        for (let j = 0; j < featureCount; j++) {
          const value = Math.fround(Math.fround((features[i * featureCount + j] as number) - (center[j] as number)) / (scale[j] as number));
          const want = j < 4 ? (scaled[i * 4 + j] as number) : (expected[i * featureCount + j] as number);
          if (!isNear(value, want)) return t.fail(`${kind}, row ${i}, feature ${j}: ${value}, expected ${want}`);
        }
      }
    }
  });
}

/** To f32: a few units in the last place of what was subtracted. */
function isNear(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= 4e-7 * Math.max(1, Math.abs(expected));
}
