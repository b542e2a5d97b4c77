import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { checkpointFolder, checkpointName, isSetAside, momentOf, RUN_FILES, runFile, setAsideName } from '../../../src/runs/files/names.ts';
import { LINE_KINDS } from '../../../src/runs/files/run-lines.ts';

const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../../..');
const OWNER = 'src/runs/files/names.ts';
/** Texts for people, below this owner or about a file of their own. */
const TELLING =
  /^src\/(?:error-codes\.ts$|config\/schema\/|storage\/safetensors|cli\/arguments\/model\.ts$|cli\/verbs\/(?:train|use\/export)\.ts$|report\/metrics\/wandb\.ts$|use\/(?:model\/(?:parse|read)|from-bytes)\.ts$)/;

/** The text without its comments, which may name what they are about. */
function codeOf(file: string): string {
  return readFileSync(path.join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

test('the names of the files of a run stand in one place', (t) => {
  const files = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.replaceAll('\\', '/')}`);
  const names = [...Object.values(RUN_FILES).map((name) => name.replaceAll('.', '\\.')), "(?<=['`/])checkpoints(?=['`/])"];
  const found = files.filter((file) => new RegExp(names.join('|')).test(codeOf(file)));
  t.deepEqual(
    found.filter((file) => !TELLING.test(file)),
    [OWNER],
  );
});

test('each file of a run has a name of its own, in its directory', (t) => {
  t.is(new Set(Object.values(RUN_FILES)).size, Object.keys(RUN_FILES).length);
  t.is(runFile('runs/a', 'config'), path.join('runs', 'a', 'config.yaml'));
  t.deepEqual(
    LINE_KINDS.map((kind) => RUN_FILES[kind]),
    ['metrics.jsonl', 'digests.jsonl'],
  );
});

for (const [moment, name] of [
  [{ step: 0, rollbacks: 0 }, 'step-000000000000.safetensors'],
  [{ step: 12, rollbacks: 0 }, 'step-000000000012.safetensors'],
  [{ step: 12, rollbacks: 3 }, 'step-000000000012-r3.safetensors'],
  [{ step: 1_234_567_890_123, rollbacks: 10 }, 'step-1234567890123-r10.safetensors'],
] as const)
  test(`the name of a checkpoint says when it was: ${name}`, (t) => {
    t.is(checkpointName(moment), name);
    t.deepEqual(momentOf(name), moment);
    const file = path.join(path.basename(checkpointFolder('run')), setAsideName(name));
    t.true(isSetAside(file));
    t.is(momentOf(path.basename(file)), undefined);
    t.false(isSetAside(name));
  });

for (const name of ['step-12.safetensors', 'step-000000000012.safetensors.bad', 'step-000000000012-r.safetensors', 'model.safetensors', ''])
  test(`no checkpoint has the name ${JSON.stringify(name)}`, (t) => {
    t.is(momentOf(name), undefined);
  });
