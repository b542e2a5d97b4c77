import test from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { columnOf } from '../../../src/runs/store/columns.ts';
import { type RunQuery, selectRuns } from '../../../src/runs/store/select.ts';
import { listRuns, type StoredRun } from '../../../src/runs/store/store.ts';
import { runsPlace, writeRun } from '../support/stored-runs.ts';

const curve = (values: readonly (number | null)[]) => values.map((value, i) => ({ step: i * 10, epoch: i, 'val.loss': value }));

async function threeRuns(t: Parameters<typeof runsPlace>[0]): Promise<StoredRun[]> {
  const place = runsPlace(t);
  writeRun(place, 'a', { config: { name: 'mnist-a', tags: ['x', 'y'], optimizer: { type: 'sgd', lr: 0.1 } }, metrics: curve([3, 1, 2]) });
  writeRun(place, 'b', {
    config: { name: 'mnist-b', tags: ['x'], optimizer: { type: 'adam', lr: 0.001 } },
    summary: { best: { 'val.accuracy': { value: 0.9, step: 1 } }, status: 'interrupted' },
    metrics: curve([5, null, 0.5]),
  });
  writeRun(place, 'c', { config: { name: 'other', optimizer: { type: 'sgd', lr: 0.01 } }, summary: null });
  return listRuns(place);
}

const queries: [title: string, query: RunQuery, ids: string][] = [
  ['status', { status: ['interrupted', 'killed'] }, 'bc'],
  ['tag', { tags: ['x'] }, 'ab'],
  ['all tags', { tags: ['x', 'y'] }, 'a'],
  ['a glob of names', { name: 'mnist-?' }, 'ab'],
  ['a glob that is no pattern', { name: 'mnist.*' }, ''],
  ['an id', { name: 'c' }, 'c'],
  ['a number below', { where: ['optimizer.lr<0.01'] }, 'b'],
  ['a number at most', { where: ['optimizer.lr <= 1e-2'] }, 'bc'],
  ['two conditions', { where: ['optimizer.lr>0.001', 'optimizer.type=sgd'] }, 'ac'],
  ['not a word', { where: ['optimizer.type!=sgd'] }, 'b'],
  ['a status', { where: ['status==finished'] }, 'a'],
  ['a tag as a condition', { where: ['tags=y'] }, 'a'],
  ['no such tag', { where: ['tags!=x'] }, 'c'],
  ['an aggregate', { where: ['min val.loss<1'] }, 'b'],
  ['a key that only some have', { where: ['optimizer.amsgrad=false'] }, 'b'],
  ['a value that is missing', { where: ['steps=null'] }, 'c'],
  ['the lowest loss first, none last', { sortBy: 'min val.loss' }, 'bac'],
  ['the highest accuracy first', { sortBy: 'best val.accuracy' }, 'bac'],
  ['the smallest value of a key first', { sortBy: 'optimizer.lr' }, 'bca'],
  ['the other way round', { sortBy: 'optimizer.lr', reverse: true }, 'acb'],
  ['the first two', { sortBy: 'optimizer.lr', top: 2 }, 'bc'],
];
for (const [title, query, ids] of queries) {
  test(`chooses by ${title}`, async (t) => {
    const chosen = selectRuns(await threeRuns(t), query).map(({ record }) => record.id);
    t.is((query.sortBy === undefined ? chosen.toSorted() : chosen).join(''), ids);
  });
}

const columns: [expression: string, cells: unknown[]][] = [
  ['min val.loss', [1, 0.5, null]],
  ['max val.loss', [3, 5, null]],
  ['first val.loss', [3, 5, null]],
  ['mean val.loss', [2, 2.75, null]],
  ['last val.loss', [0.6, 0.6, null]],
  ['best val.accuracy', [0.75, 0.9, null]],
  ['val.loss', [0.6, 0.6, null]],
  ['  min   val.loss ', [1, 0.5, null]],
  ['optimizer.type', ['sgd', 'adam', 'sgd']],
  ['tags', ['x y', 'x', null]],
  ['steps', [100, 100, null]],
];
for (const [expression, cells] of columns) {
  test(`the column ${JSON.stringify(expression)} has each run's value`, async (t) => {
    const runs = (await threeRuns(t)).toSorted((a, b) => a.record.id.localeCompare(b.record.id));
    t.deepEqual(runs.map(columnOf(expression, runs).of), cells);
  });
}

const refused: [query: RunQuery, where: string, message: string][] = [
  [{ where: ['optimizer.lr'] }, 'optimizer.lr', 'not a condition; expected NAME, then one of = != < <= > >=, then a value'],
  [{ where: ['<3'] }, '<3', 'not a condition; expected NAME, then one of = != < <= > >=, then a value'],
  [{ where: ['optimzer.lr<3'] }, 'optimzer.lr', 'no run has this field, config key or metric; did you mean optimizer.lr?'],
  [{ sortBy: 'zzzzzzzzzz' }, 'zzzzzzzzzz', 'no run has this field, config key or metric'],
  [{ sortBy: 'min val.los' }, 'min val.los', 'no run has the metric val.los; did you mean val.loss?'],
  [{ sortBy: 'min' }, 'min', 'which metric? expected, for example, min val.loss'],
  [
    { sortBy: 'median val.loss' },
    'median val.loss',
    'not a column; expected a name, or one of min, max, mean, first, last, best and a metric',
  ],
  [{ sortBy: ' ' }, ' ', 'a column has no name'],
];
for (const [query, where, message] of refused) {
  test(`refuses ${JSON.stringify(query)}`, async (t) => {
    const runs = await threeRuns(t);
    const error = t.throws(() => selectRuns(runs, query), { instanceOf: GradloomError });
    t.like(error, { code: 'E_USAGE', where, message, exitCode: 64 });
  });
}
