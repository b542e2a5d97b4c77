import test from 'ava';
import { trainNeeded } from '../../../src/runs/training/needed.ts';
import { train } from '../../../src/runs/training/train.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { resultFiles, resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

const options = { engine: { threads } };

test('what is finished is taken, what was broken off is resumed, and the result is that of one undisturbed run', async (t) => {
  const experiment = resumable(temporary(t), { train: { steps: 20 } });
  const straight = await train({ experiment: resumable(temporary(t), { train: { steps: 20 } }) }, options).result;

  const paused = await train({ experiment }, { ...options, pauseAt: 9 }).result;
  t.is(paused.status, 'paused');
  const resumed = await trainNeeded({ experiment }, options);
  t.is(resumed.found?.kind, 'unfinished');
  const summary = await resumed.run.result;
  t.is(summary.directory, paused.directory);
  t.deepEqual(resultFiles(summary.directory ?? ''), resultFiles(straight.directory ?? ''));

  const again = await trainNeeded({ experiment }, options);
  t.is(again.found?.kind, 'finished');
  t.deepEqual(await again.run.result, summary);
});

test('where nothing is there yet, everything is trained', async (t) => {
  const { found, run } = await trainNeeded({ experiment: resumable(temporary(t), { train: { steps: 4 } }) }, options);
  t.is(found, undefined);
  t.is((await run.result).steps, 4);
});
