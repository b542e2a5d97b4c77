import test from 'ava';
import { listRuns } from '../../../src/runs/store/store.ts';
import { searchRuns } from '../../../src/ui/view/query.ts';
import { runsPlace, writeRun } from '../../runs/support/stored-runs.ts';

const CASES: readonly [query: string, found: string][] = [
  ['', 'a b c'],
  ['optimizer.lr<0.05', 'a'],
  ['optimizer.lr>=0.05 and status=finished', 'b'],
  ['optimizer.lr >= 0.05, status!=finished', 'c'],
  ['min val.loss<=0.4', 'a'],
  ['tags=good', 'b'],
  ['good', 'b'],
  ['GOOD, finished', 'b'],
  ['b*', 'b'],
  ['net', 'c'],
  [' , and , ', 'a b c'],
  ['zzz', ''],
];

test('parts of a query are conditions of runs ls and words that stand in id, name, status or tags; all of them hold', async (t) => {
  const place = runsPlace(t);
  writeRun(place, 'a', { config: { optimizer: { type: 'sgd', lr: 0.01 } }, metrics: [{ step: 1, epoch: 1, 'val.loss': 0.3 }] });
  writeRun(place, 'b', { config: { optimizer: { type: 'sgd', lr: 0.1 }, tags: ['good'] } });
  writeRun(place, 'c', { config: { name: 'Network', optimizer: { type: 'sgd', lr: 0.5 } }, summary: { status: 'diverged' } });
  const runs = await listRuns(place);
  for (const [query, found] of CASES) {
    const ids = searchRuns(runs, query).map(({ record }) => record.id);
    t.is(ids.toSorted().join(' '), found, query);
  }
  t.throws(() => searchRuns(runs, 'optimiser.lr<1'), { message: /did you mean optimizer\.lr\?$/ });
});
