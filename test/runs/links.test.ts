import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../src/errors.ts';
import { describeRun } from '../../src/runs/store/describe.ts';
import { diffRuns } from '../../src/runs/store/diff.ts';
import { findGarbage } from '../../src/runs/store/garbage.ts';
import { removeRun } from '../../src/runs/store/remove.ts';
import { findRun, listRuns } from '../../src/runs/store/store.ts';
import { compareRuns } from '../../src/runs/store/table.ts';
import { changeTags } from '../../src/runs/store/tags.ts';
import { extend } from '../../src/runs/training/extend.ts';
import { resume } from '../../src/runs/training/resume.ts';
import { verify } from '../../src/runs/training/verify.ts';
import { trainOriginals } from './support/hostile-case.ts';
import { changeCheckpoint } from './support/signed-checkpoint.ts';

const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-links-'));
test.after.always(() => rmSync(parent, { recursive: true, force: true }));
const originals = trainOriginals(parent);
const onUnix = process.platform === 'win32' ? test.skip : test;

/** A directory with copies of a paused run, `a`, and of a finished one, `b`. */
async function runs(t: ExecutionContext): Promise<{ place: string; a: string; b: string }> {
  const { place: from } = await originals;
  const place = mkdtempSync(path.join(parent, 'runs-'));
  t.teardown(() => rmSync(place, { recursive: true, force: true }));
  const [a, b] = [path.join(place, 'a'), path.join(place, 'b')];
  cpSync(path.join(from, 'paused'), a, { recursive: true });
  cpSync(path.join(from, 'finished'), b, { recursive: true });
  return { place, a, b };
}

/** All files below a directory, with their content. */
function contentOf(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => lstatSync(path.join(directory, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(path.join(directory, name)).toString('base64')]));
}

async function refused(t: ExecutionContext, promise: Promise<unknown>): Promise<GradloomError> {
  const error = await t.throwsAsync(promise, { instanceOf: GradloomError });
  t.is(error.exitCode, EXIT.data);
  return error;
}

for (const folder of ['checkpoints', 'lock']) {
  onUnix(`a run whose ${folder} is a link to another run's is refused (65), and the other run stays as it is`, async (t) => {
    const { a, b } = await runs(t);
    rmSync(path.join(a, folder), { recursive: true });
    symlinkSync(path.join('..', 'b', folder), path.join(a, folder));
    const before = contentOf(b);
    const error = await refused(t, resume(a).result);
    t.is(error.code, 'E_RUN_FILE');
    t.is(error.where, path.join(a, folder));
    t.is(error.message, `a symbolic link to ../b/${folder}, which is not followed; expected a directory`);
    await refused(t, extend(a, { steps: 40 }).result);
    t.deepEqual(contentOf(b), before);
  });
}

onUnix('a run that is a link is listed as damaged; nothing is read, written or removed through it', async (t) => {
  const { place, a, b } = await runs(t);
  symlinkSync('b', path.join(place, 'c'));
  const before = contentOf(b);
  const listed = (await listRuns(place)).map(({ record }) => [record.id, record.status, record.problem]);
  t.deepEqual(listed, [
    ['a', 'paused', null],
    ['b', 'finished', null],
    ['c', 'damaged', 'a symbolic link to b, which is not followed'],
  ]);
  const run = await findRun('c', place);
  t.like(describeRun(run), { environment: null, files: [] });
  const link = path.join(place, 'c');
  for (const use of [
    () => resume(link).result,
    () => resume(`${link}/`).result,
    () => extend(link, { steps: 40 }).result,
    () => verify(link).result,
    () => changeTags(run, ['+tag']),
    async () => diffRuns(await findRun('a', place), run),
  ]) {
    const error = await refused(t, (async () => use())());
    t.is(error.code, 'E_RUN_READ');
    t.is(error.message, 'a symbolic link to b, which is not followed');
  }
  t.deepEqual(
    (await findGarbage(place)).filter(({ path: file }) => file.startsWith(link)),
    [],
  );
  removeRun(run);
  t.false(existsSync(link));
  t.deepEqual(contentOf(b), before);
  t.true(existsSync(a));
});

onUnix("lines that are another run's too (hard links) are not written to", async (t) => {
  const { place, a } = await runs(t);
  cpSync(a, path.join(place, 'd'), { recursive: true });
  for (const name of ['metrics.jsonl', 'digests.jsonl']) {
    rmSync(path.join(place, 'd', name));
    linkSync(path.join(a, name), path.join(place, 'd', name));
  }
  const before = contentOf(a);
  const error = await refused(t, resume(path.join(place, 'd')).result);
  t.regex(error.message, /^the same file has 2 names \(hard links\)/);
  t.deepEqual(contentOf(a), before);
});

const checkpoints: [title: string, change: Parameters<typeof changeCheckpoint>[1], reason: RegExp][] = [
  [
    'step NaN',
    ({ metadata, state }) => ({ metadata: { ...metadata, 'gradloom.step': 'NaN' }, state }),
    /gradloom\.step: "NaN", expected a whole number from 0/,
  ],
  ['step 1e308', ({ metadata, state }) => ({ metadata: { ...metadata, 'gradloom.step': '1e308' }, state }), /gradloom\.step: "1e308"/],
  ['step -1', ({ metadata, state }) => ({ metadata: { ...metadata, 'gradloom.step': '-1' }, state }), /gradloom\.step: "-1"/],
  [
    'no basis',
    ({ metadata, state }) => ({ metadata: { ...metadata, 'gradloom.basis': '{}' }, state }),
    /gradloom\.basis: kernels: missing/,
  ],
  [
    'state of NaN steps',
    ({ metadata, state }) => ({ metadata, state: withLoop(state, { step: '#NaN' }) }),
    /loop\.step: NaN, expected a whole number/,
  ],
  ['a negative count', ({ metadata, state }) => ({ metadata, state: withLoop(state, { rollbacks: -1 }) }), /loop\.rollbacks: -1/],
  [
    'a rate of 0',
    ({ metadata, state }) => ({ metadata, state: withLoop(state, { lrFactor: 0 }) }),
    /loop\.lrFactor: 0, expected a number above 0/,
  ],
  [
    'another step',
    ({ metadata, state }) => ({ metadata, state: withLoop(state, { step: 3 }) }),
    /of step 12, but its state is of step 3 and 12/,
  ],
  ['a list', ({ metadata }) => ({ metadata, state: [] }), /gradloom\.state: \[\], expected an object/],
  ['no JSON', ({ metadata }) => ({ metadata, state: '{' }), /gradloom\.state: not JSON/],
  ['deep nesting', ({ metadata }) => ({ metadata, state: '['.repeat(100_000) + ']'.repeat(100_000) }), /gradloom\.state: /],
];

function withLoop(state: unknown, change: object): unknown {
  const { loop, ...rest } = state as { loop: object };
  return { ...rest, loop: { ...loop, ...change } };
}

for (const [title, change, reason] of checkpoints) {
  test.serial(`a checkpoint with the right hash and ${title} is set aside with its reason, and the run ends as undisturbed`, async (t) => {
    const { a, b } = await runs(t);
    const file = path.join(a, 'checkpoints', 'step-000000000012.safetensors');
    rmSync(path.join(a, 'checkpoints', 'step-000000000014.safetensors'), { force: true });
    changeCheckpoint(file, change);
    const run = resume(a);
    const warnings: string[] = [];
    for await (const event of run) if (event.type === 'warning' && event.code === 'W_CKPT_REJECTED') warnings.push(event.message);
    t.is((await run.result).status, 'finished');
    t.is(warnings.length, 1);
    t.regex(warnings[0] ?? '', reason);
    t.true(existsSync(`${file}.bad`));
    for (const name of ['metrics.jsonl', 'digests.jsonl', 'model.safetensors'])
      t.deepEqual(readFileSync(path.join(a, name)), readFileSync(path.join(b, name)));
  });
}

const summaries: [content: string, message: RegExp][] = [
  ['{"status":"finished"}', /^id: missing, expected text$/],
  ['{', /^not JSON: /],
  ['[]', /^\[\], expected an object$/],
];
for (const [content, message] of summaries) {
  test(`a summary.json that is ${content} is E_RUN_FILE (65) for resume and extend, and damaged in a list`, async (t) => {
    const { place, a } = await runs(t);
    const file = path.join(a, 'summary.json');
    writeFileSync(file, content);
    for (const run of [resume(a), extend(a, { steps: 40 })]) {
      const error = await refused(t, run.result);
      t.is(error.code, 'E_RUN_FILE');
      t.is(error.where, file);
      t.regex(error.message, message);
    }
    const [first, second] = await listRuns(place);
    t.is(first?.record.status, 'damaged');
    t.is(second?.record.status, 'finished');
  });
}

test('lines of metrics.jsonl of the wrong type make the run damaged with their place, beside runs that are not', async (t) => {
  const { place, a, b } = await runs(t);
  const file = path.join(a, 'metrics.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"step":3', '"step":"x"'));
  const problem = /^metrics\.jsonl:\d+: step: "x", expected a whole number from 0$/;
  const { rows } = compareRuns(await listRuns(place));
  t.deepEqual(
    rows.map(({ run }) => run.record.status),
    ['damaged', 'finished'],
  );
  t.regex(rows[0]?.run.record.problem ?? '', problem);
  t.regex(describeRun(await findRun(a)).run.record.problem ?? '', problem);
  t.is(describeRun(await findRun(b)).run.record.problem, null);
  const error = await refused(t, resume(a).result);
  t.regex(error.where ?? '', /metrics\.jsonl:\d+$/);
});

test('env.json of the wrong type is E_RUN_FILE (65) for verify and diff, and damaged when shown', async (t) => {
  const { place, b } = await runs(t);
  writeFileSync(path.join(b, 'env.json'), '{"kernels": "2"}');
  const message = 'kernels: "2", expected a whole number from 0';
  t.is((await refused(t, verify(b).result)).message, message);
  const [one, two] = [await findRun('a', place), await findRun('b', place)];
  t.is(t.throws(() => diffRuns(one, two), { instanceOf: GradloomError }).message, message);
  t.is(describeRun(two).run.record.problem, `env.json: ${message}`);
});

test('an index whose records or configs are of the wrong type is made anew', async (t) => {
  const { place } = await runs(t);
  const before = await listRuns(place);
  const index = path.join(place, '.index');
  const whole = readFileSync(index, 'utf8');
  for (const [from, to] of [
    ['"tags":["first"]', '"tags":"first"'],
    ['"steps":24', '"steps":"24"'],
    ['"status":"finished"', '"status":7'],
    ['"seed":11', '"seed":{}'],
  ] as const) {
    t.true(whole.includes(from), from);
    writeFileSync(index, whole.replace(from, to));
    const after = await listRuns(place);
    t.deepEqual(
      after.map(({ record }) => record),
      before.map(({ record }) => record),
    );
    t.deepEqual(
      after.map((run) => run.config()),
      before.map((run) => run.config()),
    );
  }
});

test('a directory that was moved away under a run is not made again', async (t) => {
  const { place, a } = await runs(t);
  const lock = await findRun(a);
  renameSync(a, path.join(place, 'moved'));
  await t.throwsAsync(changeTags(lock, ['+tag']), { code: 'E_RUN_READ', message: 'no such directory' });
  t.false(existsSync(a));
});

test('of 12 processes that tag a run at the same moment, none undoes what another has done', async (t) => {
  t.timeout(120_000);
  const { a } = await runs(t);
  const url = (name: string): string => JSON.stringify(new URL(`../../src/runs/store/${name}.js`, import.meta.url).href);
  const program = `
    const { findRun } = await import(${url('store')});
    const { changeTags } = await import(${url('tags')});
    const run = await findRun(${JSON.stringify(a)});
    for (let i = 0; i < 5; i++) await changeTags(run, ['+' + process.argv[1] + '.' + i]);
  `;
  const codes = await Promise.all(
    Array.from({ length: 12 }, (_, i) => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program, String(i)], { stdio: 'inherit' });
      return new Promise((resolve) => child.on('close', resolve));
    }),
  );
  t.deepEqual(new Set(codes), new Set([0]));
  const { tags } = (await findRun(a)).record;
  const expected = Array.from({ length: 60 }, (_, i) => `${i % 12}.${Math.floor(i / 12)}`);
  t.deepEqual(tags.toSorted(), ['first', ...expected].toSorted());
});
