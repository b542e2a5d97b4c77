import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { findGarbage, removeGarbage } from '../../../src/runs/store/garbage.ts';
import { removeRun } from '../../../src/runs/store/remove.ts';
import { findRun, listRuns } from '../../../src/runs/store/store.ts';
import { DirectoryLock } from '../../../src/storage/lock.ts';
import { gradloom } from '../../cli/support/run-cli.ts';
import { runsPlace, writeRun } from '../support/stored-runs.ts';

function addFiles(directory: string, names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), '12345');
  }
}

const CHECKPOINTS = [1, 2, 3].map((step) => `checkpoints/step-${String(step).padStart(12, '0')}.safetensors`);

test('garbage is temporary files, cut off removals, and all but the newest checkpoint of finished runs', async (t) => {
  const place = runsPlace(t);
  addFiles(writeRun(place, 'done'), [
    ...CHECKPOINTS,
    'checkpoints/step-000000000004.safetensors.bad',
    '.tmp-1-aa',
    'checkpoints/.tmp-1-bb',
  ]);
  addFiles(writeRun(place, 'cut', { summary: { status: 'interrupted' } }), [...CHECKPOINTS, '.tmp-1-cc']);
  addFiles(place, ['.trash-x-1/a/b', '.trash-x-1/c', '.tmp-old', '.tmp-new']);
  utimesSync(path.join(place, '.tmp-old'), 1, 1);
  const garbage = await findGarbage(place);
  t.deepEqual(garbage.map(({ path: at, why, bytes }) => `${path.relative(place, at)} ${why} ${bytes}`).toSorted(), [
    '.tmp-old temporary 5',
    '.trash-x-1 half removed 10',
    'cut/.tmp-1-cc temporary 5',
    'done/.tmp-1-aa temporary 5',
    'done/checkpoints/.tmp-1-bb temporary 5',
    `done/${CHECKPOINTS[0]} older checkpoint 5`,
    `done/${CHECKPOINTS[1]} older checkpoint 5`,
    'done/checkpoints/step-000000000004.safetensors.bad damaged checkpoint 5',
  ]);
  removeGarbage(garbage);
  t.deepEqual(await findGarbage(place), []);
  t.true(existsSync(path.join(place, 'done', CHECKPOINTS[2] ?? '')));
  t.is((await listRuns(place)).length, 2);
});

test('the checkpoint of the best evaluation stays where the experiment asks for it', async (t) => {
  const place = runsPlace(t);
  const best = { metric: 'val.loss' };
  const summary = { best: { 'val.loss': { value: 0.1, step: 2 } } };
  addFiles(writeRun(place, 'done', { config: { train: { checkpoint: { best } } }, summary }), CHECKPOINTS);
  t.deepEqual(
    (await findGarbage(place)).map((item) => path.basename(item.path)),
    ['step-000000000001.safetensors'],
  );
});

test('a run that is at work is neither cleaned nor removed', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, 'live', { summary: null });
  addFiles(directory, ['.tmp-1-aa']);
  const lock = DirectoryLock.acquire(directory);
  t.deepEqual(await findGarbage(place), []);
  const run = await findRun('live', place);
  t.like(
    t.throws(() => removeRun(run)),
    { code: 'E_BUSY', exitCode: 75 },
  );
  lock.release();
  removeRun(run);
  t.deepEqual(readdirSync(place), ['.index']);
});

test('a run that cannot be read is left as it is and told of, and the others are cleaned', async (t) => {
  const place = runsPlace(t);
  const linked = writeRun(place, 'linked');
  addFiles(linked, ['.tmp-1-aa']);
  addFiles(writeRun(place, 'done'), ['.tmp-1-bb']);
  symlinkSync(place, path.join(linked, 'lock'));
  const left: string[] = [];
  const garbage = await findGarbage(place, (directory, { exitCode }) => left.push(`${path.relative(place, directory)} ${exitCode}`));
  t.deepEqual(left, ['linked 65']);
  t.deepEqual(
    garbage.map((item) => path.relative(place, item.path)),
    ['done/.tmp-1-bb'],
  );
  const { code, stdout, stderr } = await gradloom(['runs', 'gc', '--dir', place]);
  t.is(code, 65, stderr);
  t.regex(stderr, /^left {2}\S*linked {2}.*link/m);
  t.regex(stdout, /^removed {2}\S*done\/\.tmp-1-bb {2}temporary, 5 B$/m);
  t.true(existsSync(path.join(linked, '.tmp-1-aa')));
});
