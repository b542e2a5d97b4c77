import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { findRun, findRuns, listRuns } from '../../../src/runs/store/store.ts';
import { DirectoryLock } from '../../../src/storage/lock.ts';
import { runsPlace, writeRun } from '../support/stored-runs.ts';

const FIRST = 'mnist-20260101-000000-aaaaaa';
const SECOND = 'mnist-20260102-000000-bbbbbb';
const THIRD = 'other-20260101-120000-cccccc';

async function refusal(
  words: string | readonly string[],
  place?: string,
): Promise<{ code: string; message: string; next: string | undefined; exit: number }> {
  try {
    await findRuns([words].flat(), place);
  } catch (error) {
    if (error instanceof GradloomError) return { code: error.code, message: error.message, next: error.next, exit: error.exitCode };
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('runs are listed the latest first, with what their files say', async (t) => {
  const place = runsPlace(t);
  writeRun(place, FIRST, {
    config: { tags: ['a', 'b'] },
    summary: { name: 'x', status: 'diverged', error: { code: 'E_DIVERGED', message: 'the loss became NaN' } },
  });
  writeRun(place, SECOND);
  writeRun(place, THIRD, { summary: null });
  const runs = await listRuns(place);
  t.deepEqual(
    runs.map(({ record }) => record.id),
    [SECOND, THIRD, FIRST],
  );
  t.deepEqual(
    runs.map(({ record }) => record.status),
    ['finished', 'killed', 'diverged'],
  );
  t.like(runs[2]?.record, {
    started: '2026-01-01T00:00:00Z',
    tags: ['a', 'b'],
    problem: 'the loss became NaN',
    best: { 'val.loss': 0.55 },
  });
  t.is(runs[0]?.config()['model.layers.0.units'], 3);
});

test('what is no run is not listed, and a missing directory has no runs', async (t) => {
  const place = runsPlace(t);
  writeFileSync(path.join(place, 'notes.txt'), '');
  t.deepEqual(await listRuns(place), []);
  t.deepEqual(await listRuns(path.join(place, 'none')), []);
});

test('a run with damaged files is listed as damaged, with what is wrong', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, FIRST);
  writeFileSync(path.join(directory, 'summary.json'), '{"status": "fin');
  writeFileSync(path.join(directory, 'tags.json'), '{}');
  const [run] = await listRuns(place);
  t.is(run?.record.status, 'damaged');
  t.regex(run?.record.problem ?? '', /^summary\.json: not JSON: .*; tags\.json: an object, expected a list$/);
});

for (const [line, problem] of [
  ['tags: &a [*a]', /^config\.yaml: Alias resolution is disabled/],
  [`tags: ${'['.repeat(2000)}`, /^config\.yaml: nested deeper than 64 levels$/],
  [`tags: [${'a,'.repeat(140_000)}]`, /^config\.yaml: more than 131072 words and marks$/],
  [`name: ${'x'.repeat(2000)}`, /^config\.yaml: name: expected a short text$/],
  [`note: ${'x'.repeat(2 ** 20)}`, /^config\.yaml: \d+ bytes, expected at most 1048576$/],
] as const) {
  test(`a config.yaml with ${line.slice(0, 20)}... makes its run damaged, and no other`, async (t) => {
    const place = runsPlace(t);
    writeFileSync(path.join(writeRun(place, FIRST), 'config.yaml'), `${line}\n`);
    writeRun(place, SECOND);
    const [second, first] = await listRuns(place);
    t.is(second?.record.status, 'finished');
    t.is(first?.record.status, 'damaged');
    t.regex(first?.record.problem ?? '', problem);
  });
}

test('a run whose lock a process holds is running, whatever its last part left', async (t) => {
  const place = runsPlace(t);
  const lock = DirectoryLock.acquire(writeRun(place, FIRST, { summary: { status: 'interrupted' } }));
  t.is((await listRuns(place))[0]?.record.status, 'running');
  lock.release();
  t.is((await listRuns(place))[0]?.record.status, 'interrupted');
});

test('the second list comes from the index, and has the same content', async (t) => {
  const place = runsPlace(t);
  for (const id of [FIRST, SECOND, THIRD]) writeRun(place, id);
  const cold = await listRuns(place);
  t.is(statSync(path.join(place, '.index')).mode & 0o777, 0o600);
  const warm = await listRuns(place);
  t.deepEqual(
    warm.map(({ record }) => record),
    cold.map(({ record }) => record),
  );
  t.deepEqual(
    warm.map((run) => run.config()),
    cold.map((run) => run.config()),
  );
});

test('the index is used: what it says of unchanged files is what is listed', async (t) => {
  const place = runsPlace(t);
  writeRun(place, FIRST);
  await listRuns(place);
  const index = path.join(place, '.index');
  writeFileSync(index, readFileSync(index, 'utf8').replace('"steps":100', '"steps":777'));
  t.is((await listRuns(place))[0]?.record.steps, 777);
});

test('new, changed and removed runs are seen behind the index', async (t) => {
  const place = runsPlace(t);
  const first = writeRun(place, FIRST);
  const second = writeRun(place, SECOND);
  await listRuns(place);
  rmSync(second, { recursive: true });
  writeRun(place, THIRD);
  writeRun(place, FIRST, { summary: { steps: 5 } });
  writeFileSync(path.join(first, 'tags.json'), '["new"]');
  const runs = await listRuns(place);
  t.deepEqual(
    runs.map(({ record }) => [record.id, record.steps, record.tags]),
    [
      [THIRD, 100, []],
      [FIRST, 5, ['new']],
    ],
  );
});

const damages: [title: string, damage: (text: string) => string][] = [
  ['removed', () => ''],
  ['of another version', (text) => text.replace('runs 1', 'runs 2')],
  ['cut off in a line', (text) => text.slice(0, -40)],
  ['without its first half', (text) => text.slice(text.length / 2)],
  ['with two lines run into one', (text) => text.replace(/\}\n(?=mnist|other)/, '')],
  ['with garbage between', (text) => text.replace('\n', '\n\u0000\u0001\n{"a":\n')],
  ['binary', () => '\u0000\ufffd\t\t\t\n'.repeat(100)],
];
for (const [title, damage] of damages) {
  test(`an index ${title} costs nothing but time, and is mended`, async (t) => {
    const place = runsPlace(t);
    for (const id of [FIRST, SECOND, THIRD]) writeRun(place, id);
    const before = await listRuns(place);
    const index = path.join(place, '.index');
    const whole = readFileSync(index, 'utf8');
    writeFileSync(index, damage(whole));
    const after = await listRuns(place);
    t.deepEqual(
      after.map(({ record }) => record),
      before.map(({ record }) => record),
    );
    t.deepEqual(readFileSync(index, 'utf8').split('\n').toSorted(), whole.split('\n').toSorted());
  });
}

test('many lists at once leave an index that is whole', async (t) => {
  const place = runsPlace(t);
  for (let i = 0; i < 30; i++) writeRun(place, `fake-20260101-0000${String(i).padStart(2, '0')}-aaaaaa`);
  const lists = await Promise.all(Array.from({ length: 8 }, () => listRuns(place)));
  for (const list of lists) t.is(list.length, 30);
  t.is((await listRuns(place)).length, 30);
  t.true(existsSync(path.join(place, '.index')));
});

test('a run is found by path, id, short id, random digits, start of its id, and as the last one', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, FIRST);
  writeRun(place, SECOND);
  writeRun(place, THIRD);
  for (const word of [directory, FIRST, 'mnist-aaaaaa', 'aaaaaa', 'mnist-20260101'])
    t.is((await findRun(word, place)).record.id, FIRST, word);
  for (const word of ['@last', 'last']) t.is((await findRun(word, place)).record.id, SECOND);
});

test('a word with wildcards means all runs that it fits', async (t) => {
  const place = runsPlace(t);
  for (const id of [FIRST, SECOND, THIRD]) writeRun(place, id);
  const found = await findRuns(['mnist-*', '??her*'], place);
  t.deepEqual(
    found.map(({ record }) => record.id),
    [SECOND, FIRST, THIRD],
  );
  t.like(await refusal('x*', place), { code: 'E_RUN_NOT_FOUND', message: `no such runs in ${place}` });
  await t.throwsAsync(findRun('mnist-*', place), { message: '2 runs are called so; expected one' });
});

test('a run that is not found is an error that helps', async (t) => {
  const place = runsPlace(t);
  t.like(await refusal('x', place), { code: 'E_RUN_NOT_FOUND', exit: 64, message: `no runs in ${place}` });
  writeRun(place, FIRST);
  writeRun(place, SECOND);
  t.like(await refusal('mnits', place), { message: `no such run in ${place}`, next: 'gradloom runs ls' });
  t.like(await refusal('mnist-20260101-000000-aaaaab', place), { message: `no such run in ${place}; did you mean ${FIRST}?` });
  t.like(await refusal('mnist', place), {
    message: `2 runs are called so: ${SECOND}, ${FIRST}`,
    next: 'give more of the id, or @last for the latest run of all',
  });
  t.like(await refusal('./none', place), { message: 'no such directory' });
  t.like(await refusal(place, place), { message: 'no run there: config.yaml is missing' });
});
