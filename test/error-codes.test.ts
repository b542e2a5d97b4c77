import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { parseArguments } from '../src/cli/parse.ts';
import { parseExperiment } from '../src/config/load.ts';
import { openIdx } from '../src/data/arrays/idx.ts';
import { openNpy } from '../src/data/arrays/npy.ts';
import { readArray } from '../src/data/arrays/read.ts';
import { ERROR_CODES, type ErrorCode, EXIT, EXIT_MEANINGS } from '../src/error-codes.ts';
import { GradloomError } from '../src/errors.ts';
import { idxBytes } from './data/support/idx-file.ts';

const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const PAGE = path.join(root, 'docs/errors.md');
const EXPERIMENT = `data: {source: {type: synthetic, kind: blobs}}
model: {layers: [{type: dense, units: 3}]}
train: {epochs: 1}
`;
const run = promisify(execFile);

const codes = Object.entries(ERROR_CODES);

/** What a code's example says, as an error says it. */
function exampleOf(code: ErrorCode): { code: ErrorCode; where: string; message: string } {
  const [where, message] = ERROR_CODES[code].example;
  return { code, where, message };
}

function told(error: unknown): { code: ErrorCode; where: string; message: string } {
  if (!(error instanceof GradloomError)) throw error;
  const { code, where = '', message } = error.problems[0] ?? error;
  return { code, where, message };
}

const WRONG: [code: ErrorCode, text: string, overrides?: string[]][] = [
  ['E_YAML_SYNTAX', 'train:\n  epochs: 1\n  epochs: 2\n'],
  ['E_YAML_ALIASES', `a: &a [1]\n${Array.from({ length: 101 }, (_, i) => `k${i + 1}: *a\n`).join('')}`],
  ['E_YAML_TOO_DEEP', `a: ${'['.repeat(70)}${']'.repeat(70)}`],
  ['E_YAML_CYCLE', 'a: &a [*a]'],
  ['E_YAML_TAG', 'a: !name x'],
  ['E_CONFIG_UNKNOWN_KEY', 'data: {source: mnist}\nmodel: {layers: [{type: dense, units: 3}]}\ntrain:\n  learning_rate: 0.1\n'],
  ['E_CONFIG_MISSING', 'model: {layers: [{type: dense, units: 3}]}'],
  ['E_CONFIG_TYPE', `${EXPERIMENT}seed: [1]`],
  ['E_CONFIG_RANGE', `${EXPERIMENT}seed: -1`],
  ['E_CONFIG_INTEGER', `${EXPERIMENT}seed: 1.5`],
  ['E_CONFIG_VALUE', `${EXPERIMENT}loss: mee`],
  ['E_CONFIG_RESERVED', `${EXPERIMENT}__proto__: 1`],
  ['E_RUN_NAME', `${EXPERIMENT}name: a/b`],
  ['E_EXTENDS_OUTSIDE', 'extends: ../base.yaml'],
  ['E_OVERRIDE', EXPERIMENT, ['optimizer.lr=']],
];

for (const [code, text, overrides = []] of WRONG) {
  test(`the example of ${code} is what an experiment brings about`, (t) => {
    const error = t.throws(() => parseExperiment(text, { file: 'exp.yaml', overrides }));
    const { where, ...rest } = exampleOf(code);
    const { where: found, ...said } = told(error);
    t.deepEqual(said, rest);
    // A line of the example may differ from that of this short file, not its form.
    t.is(found.replaceAll(/\d+/g, '0'), where.replaceAll(/\d+/g, '0'));
  });
}

const WRONG_DATA: [code: ErrorCode, bytes: Buffer | undefined][] = [
  ['E_DATA_READ', undefined],
  ['E_DATA_MAGIC', Buffer.from('PK\u0003\u0004aaaaaaaaaaaa')],
  ['E_DATA_LENGTH', idxBytes([2, 1, 1], [7])],
  ['E_DATA_DIMS', idxBytes([1, 1, 1, 1, 1], [7])],
  ['E_DATA_TOO_LARGE', idxBytes([2, 65_536, 65_537], [7])],
  ['E_DATA_EMPTY', idxBytes([0, 1, 1], [])],
];

for (const [code, bytes] of WRONG_DATA) {
  test(`the example of ${code} is what a data file brings about`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-codes-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'train-images.idx');
    if (bytes !== undefined) writeFileSync(file, bytes);
    const read = async (): Promise<void> => {
      const array = await openIdx(file, 'images');
      await readArray(array, new Uint8Array(array.elements));
    };
    const { where, ...said } = told(await t.throwsAsync(read()));
    t.deepEqual({ ...said, where: path.relative(folder, where) }, exampleOf(code));
  });
}

test('the example of E_DATA_FORMAT is what a data file brings about', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-codes-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'train-images.npy');
  writeFileSync(file, Buffer.from('\x93NUMPY\x01\x00\xff\xff{', 'latin1'));
  const { where, ...said } = told(await t.throwsAsync(openNpy(file)));
  t.deepEqual({ ...said, where: path.relative(folder, where) }, exampleOf('E_DATA_FORMAT'));
});

test('the example of E_USAGE is what a command line brings about', (t) => {
  t.deepEqual(told(t.throws(() => parseArguments(['trian']))), exampleOf('E_USAGE'));
});

test('every code tells in sentences what has happened and what to do, and its example is one line', (t) => {
  for (const [code, { cause, cure, example }] of codes) {
    t.regex(cause, /^[`A-Z'].{20,}\.$/, code);
    t.regex(cure, /^[`A-Z'].{10,}\.$/, code);
    t.is(example.length, 2);
    t.notRegex(example.join(' '), /\n/, code);
    t.true(example[1].length > 5, code);
  }
});

test('every exit code has a meaning of its own, and none stands for two names', (t) => {
  t.deepEqual(Object.keys(EXIT_MEANINGS), Object.keys(EXIT));
  t.is(new Set(Object.values(EXIT)).size, Object.keys(EXIT).length);
  t.is(new Set(Object.values(EXIT_MEANINGS)).size, Object.keys(EXIT).length);
});

test('docs/errors.md is what the table says: each code with its exit code, each exit code at the top', async (t) => {
  const script = path.join(root, 'scripts/write-errors.mjs');
  await t.notThrowsAsync(run(process.execPath, [script, '--check']), 'next: node scripts/write-errors.mjs');
  const page = readFileSync(PAGE, 'utf8');
  for (const [code, { exit, cause, cure }] of codes)
    t.true(page.includes(`### ${code}\n\n${cause}\n\nWhat to do: ${cure}\n\nExit code ${exit}.\n`), code);
  const [top = ''] = page.split('## Error codes');
  for (const exit of Object.values(EXIT)) t.regex(top, new RegExp(`^\\| ${exit} \\|`, 'm'));
});

test('a page that differs from the table in one letter is refused with what to do', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-codes-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const copy = path.join(folder, 'errors.md');
  writeFileSync(copy, readFileSync(PAGE, 'utf8').replace('E_BUSY', 'E_BUZY'));
  const script = path.join(root, 'scripts/write-errors.mjs');
  const refusal = await t.throwsAsync<Error & { code: number; stderr: string }>(run(process.execPath, [script, '--check', copy]));
  t.is(refusal?.code, 1);
  t.regex(refusal?.stderr ?? '', /errors\.md is not what .* says; next: node scripts\/write-errors\.mjs/);
});
