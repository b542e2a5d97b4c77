import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { DirectoryLock } from '../../../src/storage/lock.ts';
import { Project } from '../../../src/ui/watch/project.ts';
import { RunCurves } from '../../../src/ui/watch/run-curves.ts';
import { RunList } from '../../../src/ui/watch/run-list.ts';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { projectPlace } from '../support/opened.ts';

const line = (step: number, values: Record<string, number | null>): string => `${JSON.stringify({ step, epoch: 1, ...values })}\n`;

test('a folder that cannot be listed is told of, and what lies beside it is shown', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(root, 'beside');
  rmSync(runs, { recursive: true });
  symlinkSync('runs', runs);
  const project = new Project(root, true);
  await project.look();
  t.regex(project.problem ?? '', /^cannot list the runs: .*ELOOP/);
  t.deepEqual(
    project.runs.map(({ key }) => key),
    ['beside'],
  );
  rmSync(runs);
  mkdirSync(runs);
  writeRun(runs, 'mended');
  project.lookAnew();
  await project.look();
  t.is(project.problem, undefined);
  t.deepEqual(project.runs.map(({ key }) => key).sort(), ['beside', 'runs/mended']);
});

test('the curves of a run are read on as they come, and a rollback or a cut file takes points back', async (t) => {
  const { runs } = projectPlace(t);
  const directory = writeRun(runs, 'a', { metrics: [{ step: 1, epoch: 1, 'train.loss': 3, 'val.accuracy': 0.5 }] });
  const file = path.join(directory, 'metrics.jsonl');
  const curves = new RunCurves(directory);
  t.true(await curves.read());
  t.false(await curves.read());
  appendFileSync(file, [line(2, { 'train.loss': 2, 'val.accuracy': 0.9 }), line(3, { 'train.loss': null }), '{"step":4,"ep'].join(''));
  t.true(await curves.read());
  t.deepEqual(curves.last, { 'train.loss': null, 'val.accuracy': 0.9 });
  t.deepEqual(curves.best(), { 'train.loss': 2, 'val.accuracy': 0.9 });
  t.is(curves.step, 3);
  writeFileSync(file, line(1, { 'train.loss': 3 }));
  t.true(await curves.read());
  t.deepEqual(curves.series.get('train.loss')?.between(0, 9, 10), { steps: [1], values: [3] });
  writeFileSync(file, 'garbage\n');
  t.true(await curves.read());
  t.regex(curves.problem ?? '', /^not a line of JSON/);
  rmSync(file);
  await curves.read();
  t.is(curves.problem, undefined);
});

test('new runs, ends of runs, changed tags and removed runs are found without being told', async (t) => {
  const { runs } = projectPlace(t);
  const list = new RunList(runs, false);
  const look = async (): Promise<string> => {
    list.lookAnew();
    await list.look();
    return list.runs.map(({ record }) => `${record.id} ${record.status} ${record.tags.join('+')}`).join(', ');
  };
  t.is(await look(), '');
  writeRun(runs, 'a-20260101-000000-000001', { summary: null });
  t.is(await look(), 'a-20260101-000000-000001 killed ');
  const lock = DirectoryLock.acquire(path.join(runs, 'a-20260101-000000-000001'));
  t.is(await look(), 'a-20260101-000000-000001 running ');
  const { revision } = list;
  await look();
  t.is(list.revision, revision, 'nothing has changed');
  writeRun(runs, 'a-20260101-000000-000001', { summary: { steps: 7 } });
  lock.release();
  writeRun(runs, 'b-20260102-000000-000002');
  t.is(await look(), 'b-20260102-000000-000002 finished , a-20260101-000000-000001 finished ');
  writeFileSync(path.join(runs, 'a-20260101-000000-000001', 'tags.json'), '["x","y"]\n');
  t.is(await look(), 'b-20260102-000000-000002 finished , a-20260101-000000-000001 finished x+y');
  rmSync(path.join(runs, 'b-20260102-000000-000002'), { recursive: true });
  t.is(await look(), 'a-20260101-000000-000001 finished x+y');
});

test('a run at work is in the table with what it has come to so far', async (t) => {
  const { runs } = projectPlace(t);
  const metrics = [
    { step: 10, epoch: 1, 'train.loss': 2, 'val.loss': 1.5, 'train.epoch_loss': 2 },
    { step: 20, epoch: 2, 'train.loss': 1, 'val.loss': 1.7 },
  ];
  const directory = writeRun(runs, 'a-20260101-000000-000001', { summary: null, metrics });
  const lock = DirectoryLock.acquire(directory);
  const list = new RunList(runs, false);
  await list.look();
  t.like(list.runs[0]?.record, {
    status: 'running',
    steps: 20,
    epochs: 2,
    last: { 'train.loss': 1, 'val.loss': 1.7 },
    best: { 'val.loss': 1.5 },
  });
  appendFileSync(path.join(directory, 'metrics.jsonl'), line(30, { 'train.loss': 0.5 }));
  await list.look();
  t.is(list.runs[0]?.record.steps, 30);
  lock.release();
});

test('a key is looked up and never made a path', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(runs, 'a');
  writeRun(root, 'outside');
  symlinkSync(path.join(root, 'outside'), path.join(runs, 'link'));
  mkdirSync(path.join(root, 'elsewhere'));
  const project = new Project(runs, false);
  await project.look();
  t.truthy(await project.run('a'));
  for (const key of [
    '',
    '.',
    '..',
    '../outside',
    'a/../a',
    './a',
    'runs/a',
    '/etc',
    'a/',
    'a\0',
    '..%2foutside',
    'a/config.yaml',
    '__proto__',
    'constructor',
  ])
    t.is(await project.run(key), undefined, key);
  t.is((await project.run('link'))?.record.status, 'damaged');
  const above = new Project(root, false);
  await above.look();
  t.truthy(await above.run('runs/a'));
  t.truthy(await above.run('outside'));
  renameSync(path.join(runs, 'a'), path.join(runs, 'b'));
  above.lookAnew();
  await above.look();
  t.is(await above.run('runs/a'), undefined);
});
