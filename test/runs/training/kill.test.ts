import { readdirSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { resume } from '../../../src/runs/training/resume.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { checkKillCase, FILE_CALLS, runDoomed, type Undisturbed, undisturbedRun, wrongFile } from '../support/kill-case.ts';
import { resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

/** Runs short enough for a kill at each of the points. */
const SHORT = { train: { steps: 30, checkpoint: { every: { steps: 6 }, keep: 2 } } };

let known: Promise<Undisturbed> | undefined;

function undisturbedShort(t: ExecutionContext): Promise<Undisturbed> {
  known ??= undisturbedRun(temporary(t), SHORT);
  return known;
}

test.serial('P1 runs killed at 25 random instants and more end byte-equal to an undisturbed one, with any workers', async (t) => {
  t.timeout(300_000);
  const parent = temporary(t);
  const expected = await undisturbedRun(parent);
  // Two kills a case on average.
  for (let seed = 1; seed <= 13; seed++) t.is(await checkKillCase(seed, parent, expected), undefined);
});

const stepsIn = (directory: string): string[] => {
  try {
    return readdirSync(path.join(directory, 'checkpoints')).filter((name) => name.endsWith('.safetensors'));
  } catch {
    return [];
  }
};

for (const call of FILE_CALLS) {
  for (const when of ['before', 'after'] as const) {
    test.serial(`P2 killed ${when} ${call}: a checkpoint is there once there was one, and the run ends byte-equal`, async (t) => {
      t.timeout(120_000);
      const expected = await undisturbedShort(t);
      const directory = path.join(temporary(t), 'run');
      const experiment = resumable(path.dirname(directory), SHORT);
      // env.json and config.yaml come first, by the same calls; the first unlink is the first prune.
      const count = call === 'unlink' ? 0 : call === 'close' ? 9 : call === 'open directory' || call === 'sync directory' ? 5 : 4;
      t.false(await runDoomed({ experiment, directory, workers: 1, killPoint: { call, when, count } }));
      t.true(stepsIn(directory).length >= 1, stepsIn(directory).join());
      const { status } = await resume(directory, { workers: 2, engine: { threads } }).result;
      t.is(status, 'finished');
      t.is(wrongFile(directory, expected), undefined);
    });
  }
}
