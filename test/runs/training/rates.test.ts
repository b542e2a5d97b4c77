import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { Summary } from '../../../src/runs/events.ts';
import { listRuns } from '../../../src/runs/store/store.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { temporary } from '../support/run-tree.ts';

const STEPS = 24;
const BATCH = 16;
const ROWS = STEPS * BATCH;

/** Steps of 16 rows, and after each of them an evaluation of 4,000. */
function evaluating(t: ExecutionContext): Experiment {
  return experimentFromObject({
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 5000, features: 16 }, split: { train: 1000, val: 4000, test: 0 } },
    model: {
      layers: [
        { type: 'dense', units: 64, activation: 'relu' },
        { type: 'dense', units: 3 },
      ],
    },
    train: { steps: STEPS, batch_size: BATCH, eval: { on: 'val', every: { steps: 1 } }, checkpoint: { every: { steps: 1 } } },
    parallel: { workers: 1 },
    track: { dir: temporary(t) },
  }).experiment;
}

function assertApart(t: ExecutionContext, summary: Summary): void {
  const { samples_per_second: rate, training_seconds: training, evaluation_seconds, checkpoint_seconds, start_seconds } = summary;
  t.true(Math.abs(rate * training - ROWS) < 1e-6 * ROWS, `${rate} rows a second in ${training} s`);
  t.true(training > 0 && evaluation_seconds > 0 && checkpoint_seconds > 0 && start_seconds > 0);
  const parts = training + evaluation_seconds + checkpoint_seconds + start_seconds;
  t.true(parts <= summary.seconds, `${parts} of ${summary.seconds} s`);
}

test('the rate times the seconds of training is the rows trained, however much is evaluated', async (t) => {
  const summary = await train({ experiment: evaluating(t) }, { engine: { threads } }).result;
  assertApart(t, summary);
  const stored: unknown = JSON.parse(readFileSync(path.join(summary.directory!, 'summary.json'), 'utf8'));
  t.deepEqual(stored, structuredClone(summary));
});

test('a resumed run has the time of all its parts', async (t) => {
  const first = await train({ experiment: evaluating(t) }, { engine: { threads }, pauseAt: 10 }).result;
  t.is(first.status, 'paused');
  const whole = await resume(first.directory!, { engine: { threads } }).result;
  assertApart(t, whole);
  for (const part of ['training_seconds', 'evaluation_seconds', 'start_seconds'] as const) t.true(whole[part] > first[part], part);
});

test('a list of runs has the times of training and evaluation; none for runs of versions that did not tell them', async (t) => {
  const summary = await train({ experiment: evaluating(t) }, { engine: { threads } }).result;
  const place = path.dirname(summary.directory!);
  const file = path.join(summary.directory!, 'summary.json');
  const [now] = await listRuns(place);
  t.is(now?.record.training_seconds, summary.training_seconds);
  t.is(now?.record.evaluation_seconds, summary.evaluation_seconds);
  const { training_seconds: _t, evaluation_seconds: _e, checkpoint_seconds: _c, start_seconds: _s, ...before } = summary;
  writeFileSync(file, JSON.stringify(before));
  const [old] = await listRuns(place);
  t.is(old?.record.status, 'finished');
  t.is(old?.record.samples_per_second, summary.samples_per_second);
  t.is(old?.record.training_seconds, null);
});
