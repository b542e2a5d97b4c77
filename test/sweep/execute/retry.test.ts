import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { readTrialLog } from '../../../src/sweep/journal/log.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';
import { idxBytes } from '../../data/support/idx-file.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { POISON } from '../support/poison-rank.ts';
import { ASHA, digests, loaded, played, results, sweepFile } from '../support/sweep-case.ts';

const POISONED = { entry: new URL('../support/poison-rank.js', import.meta.url) };
const QUEUE = `enqueue: [{optimizer.lr: ${POISON.throws}, train.batch_size: 20}, {optimizer.lr: ${POISON.exits}, train.batch_size: 20}]\n`;

for (const [title, more, isUndisturbed] of [
  ['', '', true],
  [' on two seeds', 'seeds: 2\n', true],
  [' with asha', ASHA, false],
  [' with hyperband', 'early_terminate: {type: hyperband, min: 1, max: 4, eta: 2}\n', false],
  [' with median stopping', 'early_terminate: {type: median, min: 1, max: 4, startup: 2}\n', false],
  [' with tpe', 'on_trial_error: {retries: 0, impute: none}\n', false],
] as const) {
  test.serial(`V6 failed trials of a sweep${title} are tried again with retryFailed, and no others; the log replays`, async (t) => {
    t.timeout(120_000);
    const directory = temporary(t);
    const place = path.join(directory, 'sweep');
    const text = `${QUEUE}${more.includes('on_trial_error') ? '' : 'on_trial_error: {retries: 0}\n'}${more}`;
    const overrides = ['run_cap=6', ...(title === ' with tpe' ? ['method=tpe'] : [])];
    const first = (await played(sweep(loaded(directory, text, overrides), { directory: place, engine: POISONED }))).summary;
    // One that is stopped early never comes to the step at which it would fail.
    t.true(first.failed > 0);
    // Without being asked nothing is tried again.
    const before = readFileSync(path.join(place, 'log.jsonl'), 'utf8');
    t.is((await played(resumeSweep(place))).summary.failed, first.failed);
    t.is(readFileSync(path.join(place, 'log.jsonl'), 'utf8'), before);
    // The cause is still there. With median stopping more trials have ended by now, and what is stopped before the fault does not fail.
    const again = (await played(resumeSweep(place, { retryFailed: true, engine: POISONED }))).summary;
    if (more.includes('median')) t.true(again.failed <= first.failed);
    else t.is(again.failed, first.failed);
    t.is(again.status, 'finished');
    const mended = (await played(resumeSweep(place, { retryFailed: true }))).summary;
    t.is(mended.status, 'finished');
    t.is(mended.failed, 0);
    t.true(mended.trials.every(({ status }) => status === 'finished' || status === 'pruned'));
    t.true(
      mended.trials.some(({ reasons }) => reasons.join().includes('failed: E_WORKER_EXIT')),
      'what happened stays known',
    );
    const runs = readTrialLog(place).entries.flatMap((entry) =>
      entry.type === 'run' ? [`${entry.trial} ${entry.rung} ${entry.replicate} ${entry.status}`] : [],
    );
    const well = runs.filter((run) => run.endsWith('reached'));
    t.is(new Set(well).size, well.length, 'nothing that succeeded is trained twice');
    // The log replays: there is nothing left to do.
    const after = readFileSync(path.join(place, 'log.jsonl'), 'utf8');
    const last = (await played(resumeSweep(place, { retryFailed: true }))).summary;
    t.deepEqual(results(last), results(mended));
    t.is(readFileSync(path.join(place, 'log.jsonl'), 'utf8'), after);
    if (!isUndisturbed) return;
    const straight = path.join(directory, 'straight');
    const expected = (await played(sweep(loaded(directory, text, overrides), { directory: straight }))).summary;
    t.deepEqual(results(mended), results(expected));
    t.deepEqual(digests(place, mended), digests(straight, expected));
  });
}

test.serial('a sweep that gave up since a data file is damaged goes on by itself once the file is mended', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const images = idxBytes(
    [60, 2, 2],
    Uint8Array.from({ length: 240 }, (_, i) => (i * 37) % 251),
  );
  const labels = idxBytes(
    [60],
    Uint8Array.from({ length: 60 }, (_, i) => i % 3),
  );
  writeFileSync(path.join(directory, 'images'), images);
  writeFileSync(path.join(directory, 'labels'), labels.subarray(0, 40));
  const base = `name: base
data: {source: {type: idx, images: ${directory}/images, labels: ${directory}/labels}, split: {train: 40, val: 20, test: 0}}
model: {layers: [{type: dense, units: 3}]}
train: {epochs: 2, batch_size: 20}
`;
  const file = sweepFile(directory, '', { base });
  const error = await t.throwsAsync(sweep(loadSweep(file), { directory: place }).result, { instanceOf: GradloomError });
  t.is(error.code, 'E_SWEEP_FAILED');
  t.is(error.exitCode, EXIT.trials);
  t.regex(error.message, /^the first 5 trials all failed; trial 0: failed: E_DATA_LENGTH /);
  t.regex(error.next ?? '', /^mend the cause, then gradloom sweep resume /);
  t.is(readSweep(place).status, 'failed');
  // Nothing is mended: it gives up again.
  t.is((await t.throwsAsync(resumeSweep(place).result, { instanceOf: GradloomError })).code, 'E_SWEEP_FAILED');
  writeFileSync(path.join(directory, 'labels'), labels);
  const { summary } = await played(resumeSweep(place));
  t.is(summary.status, 'finished');
  t.is(summary.failed, 0);
  const straight = path.join(directory, 'straight');
  const expected = (await played(sweep(loadSweep(file), { directory: straight }))).summary;
  t.deepEqual(results(summary), results(expected));
  t.deepEqual(digests(place, summary), digests(straight, expected));
});

test.serial('failed trials of an interrupted sweep are tried again before it goes on', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const text = `${QUEUE}on_trial_error: {retries: 0}\n`;
  const controller = new AbortController();
  const run = sweep(loaded(directory, text, ['run_cap=6']), { directory: place, engine: POISONED, signal: controller.signal });
  for await (const event of run) if (event.type === 'result' && event.trial.status === 'failed') controller.abort();
  t.is((await run.result).status, 'interrupted');
  const { summary } = await played(resumeSweep(place, { retryFailed: true }));
  t.is(summary.failed, 0);
  const straight = path.join(directory, 'straight');
  const expected = (await played(sweep(loaded(directory, text, ['run_cap=6']), { directory: straight }))).summary;
  t.deepEqual(results(summary), results(expected));
});

test.serial('a sweep that has reached its target tries failed trials again, and nothing else', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const text = `${QUEUE}on_trial_error: {retries: 0}\n`;
  const overrides = ['run_cap=30', 'metric.target=0.5'];
  const first = (await played(sweep(loaded(directory, text, overrides), { directory: place, engine: POISONED }))).summary;
  t.regex(first.reason, /reached the target/);
  t.is(first.failed, 2);
  const { summary } = await played(resumeSweep(place, { retryFailed: true }));
  t.is(summary.status, 'finished');
  t.is(summary.failed, 0);
  t.is(summary.reason, first.reason);
  t.deepEqual(results(summary).slice(2), results(first).slice(2));
  t.deepEqual((await played(resumeSweep(place))).summary.trials, summary.trials);
});

test.serial('a budget that is spent is said, and tries nothing again', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const text = `${QUEUE}on_trial_error: {retries: 0}\n`;
  await played(sweep(loaded(directory, text, ['run_cap=4']), { directory: place, engine: POISONED }));
  const { summary, events } = await played(resumeSweep(place, { retryFailed: true, overrides: ['budget.duration=0.001'] }));
  t.is(summary.failed, 2);
  const warning = events.find((event) => event.type === 'warning' && event.code === 'W_BUDGET');
  t.like(warning, { message: 'the budget is spent, so 2 failed trials are not tried again; give more with budget.duration=2h' });
});
