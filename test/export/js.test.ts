import test from 'ava';
import { halfToNumber } from '../../src/data/arrays/elements.ts';
import { js } from '../../src/export/js/export.ts';
import { halfBits } from '../../src/export/js/half.ts';
import { outcomeOf } from '../../src/export/model.ts';
import type { TargetOptions } from '../../src/export/target.ts';
import type { Predictions } from '../../src/export/verify.ts';
import { CLASSES, cases, modelOf } from './support/models.ts';
import { PICTURE_NETWORKS, picturesOf } from './support/pictures.ts';
import { assertAgree, expectedFor, splitRows } from './support/rows.ts';

const OPTIONS: TargetOptions = { output: 'model.js', raw: false, dtype: 'f32', batchNorm: 'fold' };
const ROWS = 200;

interface Module {
  predict: (rows: ArrayLike<number>[]) => { label?: number; class?: string; probabilities?: number[]; y?: number[] }[];
  encode: (row: Record<string, unknown>) => number[];
  classes?: string[];
  targets?: string[];
  features: string[];
}

async function imported(text: string): Promise<Module> {
  return (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as Module;
}

async function moduleFor(model: ReturnType<typeof modelOf>, options: Partial<TargetOptions> = {}): Promise<Module & { text: string }> {
  const text = js(model, { ...OPTIONS, ...options }).files[0]!.bytes as string;
  return { ...(await imported(text)), text };
}

function predictions(results: ReturnType<Module['predict']>): Predictions {
  const labels = results.map(({ label }) => label);
  return {
    values: results.flatMap((result) => result.probabilities ?? result.y ?? []),
    labels: labels.every((label) => label !== undefined) ? labels : undefined,
  };
}

for (const [layers, preprocess, outcome] of cases()) {
  test(`the module gives the network's probabilities and classes: ${layers}, ${preprocess}, ${outcome}`, async (t) => {
    const model = modelOf(layers, preprocess, outcome);
    const { raw, expected } = expectedFor(model, ROWS);
    for (const batchNorm of ['fold', 'keep'] as const) {
      const module = await moduleFor(model, { batchNorm });
      assertAgree(t, predictions(module.predict(splitRows(raw, ROWS))), expected, batchNorm);
      t.deepEqual(module.classes ?? module.targets, [...outcomeOf(model).names]);
    }
  });
}

for (const name of PICTURE_NETWORKS) {
  test(`the module gives the network's probabilities and classes: ${name}`, async (t) => {
    const model = picturesOf(name);
    const { raw, expected } = expectedFor(model, ROWS);
    for (const batchNorm of ['fold', 'keep'] as const) {
      const module = await moduleFor(model, { batchNorm });
      assertAgree(t, predictions(module.predict(splitRows(raw, ROWS))), expected, batchNorm);
    }
  });
}

test('a module imports nothing and knows nothing of Node', async (t) => {
  const { text } = await moduleFor(modelOf('everything', 'a table, zscore', 'softmax'));
  t.notRegex(text.replace(/\/\*[\s\S]*?\*\//g, ''), /\b(?:import|require|process|Buffer|globalThis)\b/);
});

test('without preprocessing rows are what the network takes, and there is no encode', async (t) => {
  const model = modelOf('relu', 'a table, zscore', 'softmax');
  const { x, expected } = expectedFor(model, ROWS);
  const module = await moduleFor(model, { raw: true });
  assertAgree(t, predictions(module.predict(splitRows(x, ROWS))), expected, 'raw');
  t.false('encode' in module);
});

test('encode makes of named columns what predict takes: categories, what stands for missing values, indicators', async (t) => {
  const { encode, features, classes, predict } = await moduleFor(modelOf('relu', 'a table, zscore', 'softmax'));
  t.deepEqual(encode({ length: 5, mass: '3.25', colour: 'green', site: 'b', more: 1 }), [5, 3.25, 0, 0, 1, 0, 0, 0, 1]);
  t.deepEqual(encode({ length: 5, mass: null, site: 'a' }), [5, 3.5, 1, 1, 0, 0, 1, 1, 0]);
  t.deepEqual(encode({ length: 5, mass: '', colour: 'unheard of', site: 'a' }), [5, 3.5, 1, 0, 0, 0, 0, 1, 0]);
  t.is(features.length, 9);
  t.throws(() => encode({ mass: 1, site: 'a' }), { instanceOf: TypeError, message: 'length: missing' });
  t.throws(() => encode({ length: 'long', site: 'a' }), { message: 'length: long, expected a number' });
  t.throws(() => encode({ length: 1, site: 'c' }), { message: 'site: c, expected one of a, b' });
  const [result] = predict([encode({ length: 5, mass: 1, site: 'a' })]);
  t.is(result!.class, classes![result!.label!]);
  t.deepEqual(classes, CLASSES);
});

test('its own example imports it by the name that it is written under', (t) => {
  const exampleFor = (output: string): string | undefined =>
    /^ \* {3}import .*$/m.exec(js(modelOf('relu', 'a table, zscore', 'softmax'), { ...OPTIONS, output }).files[0]!.bytes as string)?.[0];
  t.is(exampleFor('web/penguins.mjs'), ' *   import { predict, encode } from "./penguins.mjs";');
  t.is(exampleFor('web/a*/b.js'), ' *   import { predict, encode } from "./b.js";');
  t.is(exampleFor('/dev/stdout'), ' *   import { predict, encode } from "./model.js";');
});

test('a row of another length or with a text in it is refused with its place', async (t) => {
  const { predict } = await moduleFor(modelOf('relu', 'numbers [5], robust', 'softmax'));
  t.throws(() => predict([[1, 2, 3, 4, 5], [1]]), { instanceOf: TypeError, message: /^row 1 has 1 values, expected 5: x0, x1/ });
  t.throws(() => predict([[1, 2, 'three' as unknown as number, 4, 5]]), { message: 'row 0, x2: three, expected a number' });
});

test('of dense layers, batch norms, relu and leaky_relu the outputs are f32 sums in the order of training', async (t) => {
  const model = modelOf('leaky_relu', 'numbers [5], robust', 'several values');
  const { x } = expectedFor(model, ROWS);
  const f = Math.fround;
  const layer = (row: Float32Array, i: number): Float32Array => {
    const [weight, bias] = [model.tensors.get(`layers.${i}.weight`)!, model.tensors.get(`layers.${i}.bias`)!];
    return bias.map((b, o) => f(row.reduce((sum, value, k) => f(sum + f(value * weight[o * row.length + k]!)), 0)) + b);
  };
  const outputs = splitRows(x, ROWS).flatMap((row) =>
    Array.from(
      layer(
        layer(Float32Array.from(row), 0).map((z) => (z > 0 ? z : z * f(0.2))),
        1,
      ),
    ),
  );
  const module = await moduleFor(model, { raw: true });
  t.deepEqual(
    module.predict(splitRows(x, ROWS)).flatMap(({ y }) => y!),
    outputs,
  );
});

test('f16 halves the weights, and the module is the network with rounded ones', async (t) => {
  const model = modelOf('everything', 'a table, zscore', 'softmax');
  const artifact = js(model, { ...OPTIONS, dtype: 'f16' });
  const check = await artifact.check();
  t.true(typeof check !== 'string' && check.difference < 1e-6);
  const [half, whole] = [artifact.files[0]!.bytes.length, js(model, OPTIONS).files[0]!.bytes.length];
  t.true(half < whole);
  const { raw, expected } = expectedFor(model, ROWS);
  const got = predictions((await imported(artifact.files[0]!.bytes as string)).predict(splitRows(raw, ROWS)));
  const worst = Math.max(...Array.from(got.values, (value, i) => Math.abs(value - expected.values[i]!)));
  t.true(worst > 1e-6 && worst < 1e-2, `off by ${worst}`);
});

test('a weight beyond f16 is refused by name', (t) => {
  const model = modelOf('relu', 'numbers [5], robust', 'softmax');
  model.tensors.get('layers.1.bias')![0] = 70000;
  t.throws(() => js(model, { ...OPTIONS, dtype: 'f16' }), { code: 'E_EXPORT', message: 'layers.1.bias holds 70000; f16 ends at 65504' });
});

test('every f16 survives, and numbers between two of them go to the nearer, halves to the even one', (t) => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfToNumber(bits);
    if (!Number.isNaN(value)) t.is(halfBits(value), bits);
  }
  // Between 1 and the next f16, 1 + 2^-10.
  t.is(halfBits(1 + 2 ** -11), halfBits(1));
  t.is(halfBits(1 + 2 ** -11 + 2 ** -20), halfBits(1 + 2 ** -10));
  t.is(halfBits(1 + 3 * 2 ** -11), halfBits(1 + 2 ** -9));
  t.is(halfBits(2 ** -25), 0);
  t.is(halfBits(65519), 0x7bff);
  t.is(halfBits(65520), 0x7c00);
});
