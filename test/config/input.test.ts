import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInThisContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import type * as z from 'zod';
import type { ExperimentInput } from '../../src/config/input/experiment.ts';
import { experimentFromObject } from '../../src/config/load.ts';
import { outline } from '../../src/config/schema/outline.ts';
import { experimentSchema } from '../../src/config/schema/schema.ts';
import { Problems } from '../../src/config/text/problems.ts';
import { expandShorthands } from '../../src/config/tree/merge.ts';
import { treeFromObject } from '../../src/config/tree/object.ts';
import { PATHS_AS_WRITTEN, plain } from '../../src/config/tree/plain.ts';
import { isGradloomError } from '../../src/errors.ts';
import { TypedSamples } from './support/typed-samples.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
const run = promisify(execFile);
const SEED = 20261129;

const DATA = "data: { source: 'mnist' }";
const LAYERS = "layers: [{ type: 'dense', units: 8 }, { type: 'dense', units: 10 }]";
const MODEL = `model: { ${LAYERS} }`;
const EXPERIMENT = `${DATA}, ${MODEL}`;

/** What a file may say shortly: as code of an object, and the same without shorthand. */
const SHORTHANDS: readonly [title: string, short: string, long: string][] = [
  ['a bare word for a source', EXPERIMENT, `data: { source: { type: 'mnist' } }, ${MODEL}`],
  ['a bare word for an optimizer', `${EXPERIMENT}, optimizer: 'sgd'`, `${EXPERIMENT}, optimizer: { type: 'sgd' }`],
  ['an optimizer without its type', `${EXPERIMENT}, optimizer: { lr: 0.1 }`, `${EXPERIMENT}, optimizer: { type: 'adam', lr: 0.1 }`],
  ['a bare word for a schedule', `${EXPERIMENT}, schedule: 'cosine'`, `${EXPERIMENT}, schedule: { type: 'cosine' }`],
  [
    'a schedule without its type',
    `${EXPERIMENT}, schedule: { warmup: { epochs: 1 } }`,
    `${EXPERIMENT}, schedule: { type: 'constant', warmup: { epochs: 1 } }`,
  ],
  [
    'a loss without its type',
    `${EXPERIMENT}, loss: { label_smoothing: 0.1 }`,
    `${EXPERIMENT}, loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1 }`,
  ],
  ['a bare word for a loss', `${EXPERIMENT}, loss: 'softmax_cross_entropy'`, `${EXPERIMENT}, loss: { type: 'softmax_cross_entropy' }`],
  [
    'bare words for activation and initial weights of a layer',
    `${DATA}, model: { init: 'he_normal', layers: [{ type: 'dense', units: 10, activation: 'relu', init: 'zeros' }] }`,
    `${DATA}, model: { init: { type: 'he_normal' }, layers: [{ type: 'dense', units: 10, activation: { type: 'relu' }, init: { type: 'zeros' } }] }`,
  ],
  [
    'true for a norm',
    `${DATA}, model: { layers: [{ type: 'dense', units: 8, batch_norm: true }, { type: 'dense', units: 10, layer_norm: false }] }`,
    `${DATA}, model: { layers: [{ type: 'dense', units: 8, batch_norm: true }, { type: 'dense', units: 10 }] }`,
  ],
  [
    'bare words among the layers',
    `${DATA}, model: { layers: ['flatten', { type: 'dense', units: 10 }] }`,
    `${DATA}, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10 }] }`,
  ],
  [
    'layers in layers without their types',
    `${DATA}, model: { blocks: { a: ['flatten'] }, layers: [{ block: 'a' }, { repeat: 2, layers: [{ type: 'dense', units: 10 }] }, { residual: { layers: [{ type: 'dense', units: 10 }] } }] }`,
    `${DATA}, model: { blocks: { a: [{ type: 'flatten' }] }, layers: [{ type: 'block', block: 'a' }, { type: 'repeat', repeat: 2, layers: [{ type: 'dense', units: 10 }] }, { type: 'residual', residual: { layers: [{ type: 'dense', units: 10 }] } }] }`,
  ],
  [
    'one number for both directions',
    `${DATA}, model: { layers: [{ type: 'conv2d', filters: 4, kernel: 3 }, { type: 'max_pool2d', kernel: [2, 2] }, { type: 'dense', units: 10 }] }`,
    `${DATA}, model: { layers: [{ type: 'conv2d', filters: 4, kernel: 3, stride: 1, padding: 0 }, { type: 'max_pool2d', kernel: [2, 2], padding: 0 }, { type: 'dense', units: 10 }] }`,
  ],
  [
    'bare words in train',
    `${EXPERIMENT}, train: { on_nonfinite: 'skip', average: 'ema' }`,
    `${EXPERIMENT}, train: { on_nonfinite: { type: 'skip' }, average: { type: 'ema' } }`,
  ],
  [
    'one file for a list of files',
    `data: { source: { type: 'csv', path: 'a.csv', target: 'y' } }, ${MODEL}`,
    `data: { source: { type: 'csv', path: 'a.csv', target: 'y', header: 'auto' } }, ${MODEL}`,
  ],
  ['undefined for a key that is left out', `${EXPERIMENT}, seed: undefined, train: { epochs: undefined }`, EXPERIMENT],
];

/** What the compiler refuses, and what it says. */
const WRONG: readonly [title: string, code: string, said: RegExp][] = [
  ['an unknown key', `${EXPERIMENT}, sed: 1`, /'sed' does not exist/],
  ['an unknown key in a map', `${EXPERIMENT}, train: { epoch: 1 }`, /'epoch' does not exist/],
  [
    'an unknown key in a layer',
    `${DATA}, model: { layers: [{ type: 'dense', units: 3, activations: 'relu' }] }`,
    /'activations' does not exist/,
  ],
  ['a key of another optimizer', `${EXPERIMENT}, optimizer: { type: 'adam', nesterov: true }`, /'nesterov' does not exist/],
  ['a key of another optimizer, the type left out', `${EXPERIMENT}, optimizer: { momentum: 0.9 }`, /'type' is missing/],
  ['an unknown bare word', `${EXPERIMENT}, optimizer: 'sdg'`, /"sdg"' is not assignable/],
  ['a bare word for a source that needs more', `data: { source: 'idx' }, ${MODEL}`, /"idx"' is not assignable/],
  ['a bare word for a layer', `${DATA}, model: { layers: ['dense'] }`, /"dense"' is not assignable to type 'LayerInput'/],
  ['a layer without its type', `${DATA}, model: { layers: [{ units: 3 }] }`, /'type' is missing/],
  ['a layer without units', `${DATA}, model: { layers: [{ type: 'dense' }] }`, /'units' is missing/],
  ['no data', MODEL, /'data' is missing/],
  ['a number as text', `${EXPERIMENT}, seed: '1'`, /'string' is not assignable to type 'number'/],
  ['epochs and steps', `${EXPERIMENT}, train: { epochs: 1, steps: 2 }`, /'number' is not assignable to type 'undefined'/],
  ['two units of a time', `${EXPERIMENT}, train: { eval: { every: { epochs: 1, steps: 2 } } }`, /not assignable/],
  ['an unknown metric', `${EXPERIMENT}, metrics: ['acuracy']`, /"acuracy"' is not assignable/],
  ['null', `${EXPERIMENT}, optimizer: null`, /'null' is not assignable/],
];

function place(t: ExecutionContext, files: Readonly<Record<string, string>>): { errors: () => Promise<string[]> } {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'gradloom-types-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(root, path.join(folder, 'node_modules/gradloom'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const options = {
    target: 'es2023',
    module: 'nodenext',
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
  };
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}\n');
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const errors = async (): Promise<string[]> => {
    const told = await run('node', [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder }).then(
      () => '',
      (error: Error & { stdout?: string }) => error.stdout ?? error.message,
    );
    // A message's further lines are indented.
    return told.split(/\n(?=\S)/).filter((text) => text.trim() !== '');
  };
  return { errors };
}

/** A value from its code, as a program has it. */
const evaluated = (code: string): unknown => runInThisContext(`({ ${code} })`);

for (const [title, short, long] of SHORTHANDS) {
  test(`an object may have ${title}, and means the same as without`, (t) => {
    t.deepEqual(experimentFromObject(evaluated(short)).experiment, experimentFromObject(evaluated(long)).experiment);
  });
}

for (const [title, code] of WRONG) {
  test(`the loader refuses ${title}, as the types do`, (t) => {
    t.true(isGradloomError(t.throws(() => experimentFromObject(evaluated(code)))));
  });
}

/** Samples: an experiment with one of its keys drawn anew. */
function samples(count: number): Record<string, unknown>[] {
  const drawn = new TypedSamples(path.join(root, 'src/config/input'), SEED);
  const keys = drawn.keysOf('ExperimentInput');
  return Array.from({ length: count }, (_, i) => {
    const key = keys[i % keys.length] ?? '';
    const at = outline.properties?.[key];
    if (at === undefined) throw new Error(`the schema has no ${key}`);
    const base = { data: { source: 'mnist' }, model: { layers: [{ type: 'dense', units: 10 }] } };
    return { ...base, [key]: drawn.ofKey('ExperimentInput', key, at) };
  });
}

test('the compiler accepts every shorthand, and names what is wrong where something is', async (t) => {
  t.timeout(180_000);
  const define = (code: string): string =>
    `import { defineExperiment } from 'gradloom';\nexport const loaded = defineExperiment({ ${code} });\n`;
  const files = Object.fromEntries([
    ...[...SHORTHANDS.entries()].flatMap(([i, [, short, long]]) => [
      [`short-${i}.ts`, define(short)],
      [`long-${i}.ts`, define(long)],
    ]),
    ...[...WRONG.entries()].map(([i, [, code]]) => [`wrong-${i}.ts`, define(code)]),
    [
      'drawn.ts',
      `import type { ExperimentInput } from 'gradloom';\nexport const all: ExperimentInput[] = ${JSON.stringify(samples(300))};\n`,
    ],
    [
      'use.ts',
      `import { type ErrorCode, defineExperiment, isGradloomError, type ExperimentInput } from 'gradloom';
defineExperiment({ model: { ${LAYERS} } }, { data: { x: [[1], [2]], y: [0, 1] } });
defineExperiment({ data: { source: 'arrays', normalize: 'none' }, ${MODEL} }, { data: { x: [[1], [2]], y: [0, 1] } });
// @ts-expect-error rows are passed, and a file is named
defineExperiment({ data: { source: { type: 'csv', path: 'a', target: 'b' } }, ${MODEL} }, { data: { x: [[1], [2]], y: [0, 1] } });
// @ts-expect-error no rows
defineExperiment({ model: { ${LAYERS} } });
export function narrowed(input: ExperimentInput): number | undefined {
  const { source } = input.data;
  if (typeof source === 'string') return undefined;
  if (source.type === 'synthetic') return source.classes;
  // @ts-expect-error only synthetic data have classes
  return source.classes;
}
export function codeOf(error: unknown): ErrorCode | undefined {
  if (isGradloomError(error, 'E_ROW', 'E_MEMORY')) {
    const code: 'E_ROW' | 'E_MEMORY' = error.code;
    return code;
  }
  // @ts-expect-error no such code
  if (isGradloomError(error, 'E_RWO')) return undefined;
  return isGradloomError(error) ? error.code : undefined;
}
`,
    ],
  ]);
  const errors = await place(t, files).errors();
  for (const [i, [title, , said]] of WRONG.entries()) {
    t.regex(errors.filter((error) => error.startsWith(`wrong-${i}.ts(`)).join('\n'), said, title);
  }
  t.deepEqual(
    errors.filter((error) => !error.startsWith('wrong-')),
    [],
  );
});

test(`1500 values of the types (seed ${SEED}) are what the schema accepts, and are refused only for what several keys say together`, (t) => {
  const wrong: string[] = [];
  let accepted = 0;
  for (const input of samples(1500)) {
    const problems = new Problems();
    const tree = treeFromObject(input, root, problems);
    problems.throwIfAny();
    const { success, error } = experimentSchema.safeParse(tree && plain(outline, expandShorthands(outline, tree), PATHS_AS_WRITTEN));
    if (!success) wrong.push(`${JSON.stringify(input)}: ${error.message}`);
    try {
      experimentFromObject(input);
      accepted += 1;
    } catch (refused) {
      if (!isGradloomError(refused)) throw refused;
    }
  }
  t.deepEqual(wrong, []);
  t.true(accepted > 1000, `${accepted} accepted`);
});

test('whatever the schema takes from a file as it is, the types take', (t) => {
  // The compiler compares the two: keys that rule each other out, lengths of lists and patterns are told by the types alone.
  type Said = Omit<z.input<typeof experimentSchema>, 'train' | 'schedule' | 'metrics' | 'optimizer'>;
  const same = (input: Said): Omit<ExperimentInput, 'train' | 'schedule' | 'metrics' | 'optimizer'> => input;
  t.deepEqual(Object.keys(same({ data: { source: { type: 'mnist' } }, model: { layers: [{ type: 'dense', units: 2 }] } })), [
    'data',
    'model',
  ]);
});

test('src/config/input is what the schema says, and types that are not are found', async (t) => {
  await t.notThrowsAsync(run('node', ['scripts/write-input-types.mjs', '--check'], { cwd: root }));
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-types-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'loss.ts'), readFileSync(path.join(root, 'src/config/input/loss.ts'), 'utf8').replace("'mse'", "'msa'"));
  await t.throwsAsync(run('node', ['scripts/write-input-types.mjs', '--check', folder], { cwd: root }), { message: /loss\.ts/ });
});

test('every key of the types has a comment', (t) => {
  const text = ['data', 'model', 'loss', 'optimizer', 'schedule', 'train', 'experiment', 'shared']
    .map((name) => readFileSync(path.join(root, `src/config/input/${name}.ts`), 'utf8'))
    .join('\n');
  const bare = [...text.matchAll(/(?<!\*\/)\n *(\w+)\??: (?!undefined;)/g)].map(([, key]) => key).filter((key) => key !== 'type');
  t.deepEqual(bare, []);
});
