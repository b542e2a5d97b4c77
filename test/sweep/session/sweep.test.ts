import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { readTrialLog } from '../../../src/sweep/journal/log.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';
import { liveThreads, threadsLeft } from '../../engine/support/threads.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { POISON } from '../support/poison-rank.ts';
import { ASHA, digests, loaded, played, results, sweepFile, table } from '../support/sweep-case.ts';

const POISONED = { entry: new URL('../support/poison-rank.js', import.meta.url) };

for (const [title, more] of [
  ['', ''],
  [' with asha', ASHA],
  [' with hyperband', 'early_terminate: {type: hyperband, min: 1, max: 4, eta: 2}\n'],
  [' with median stopping', 'early_terminate: {type: median, min: 1, max: 4, startup: 2}\n'],
  [' on two seeds with asha', `seeds: 2\n${ASHA}`],
] as const) {
  test.serial(`a sweep${title} has the same table and the same weights for 1, 2 and 4 trials side by side, and any workers`, async (t) => {
    t.timeout(120_000);
    const tables: unknown[] = [];
    for (const execution of [
      ['execution.trials=1', 'execution.workers_per_trial=3'],
      ['execution.trials=2', 'execution.workers_per_trial=1'],
      ['execution.trials=4', 'execution.workers_per_trial=1'],
    ]) {
      const directory = temporary(t);
      const { summary } = await played(sweep(loaded(directory, more, execution), { directory: path.join(directory, 'sweep') }));
      t.is(summary.status, 'finished');
      t.is(summary.reason, 'every trial is done');
      tables.push({ trials: table(summary), best: summary.best, digests: digests(summary.directory, summary) });
      const { id, name, status, settings, trials, best } = summary;
      t.deepEqual(readSweep(summary.directory), {
        id,
        name,
        directory: summary.directory,
        status,
        settings,
        trials,
        ...(best !== undefined && { best }),
      });
    }
    for (const other of tables.slice(1)) t.deepEqual(other, tables[0]);
    t.is(await threadsLeft(), 0);
  });
}

test.serial('a trial that asha promotes is the straight run, bit for bit', async (t) => {
  t.timeout(60_000);
  const [directory, straight] = [temporary(t), temporary(t)];
  const { summary } = await played(sweep(loaded(directory, ASHA), { directory: path.join(directory, 'sweep') }));
  const whole = await played(sweep(loaded(straight), { directory: path.join(straight, 'sweep') }));
  const ended = summary.trials.filter(({ status }) => status === 'finished');
  t.true(ended.length > 0 && summary.trials.some(({ status }) => status === 'pruned'));
  for (const { number, runs } of ended) {
    for (const file of ['model.safetensors', 'metrics.jsonl', 'digests.jsonl']) {
      const read = (place: string): Buffer => readFileSync(path.join(place, runs[0] ?? '', file));
      t.deepEqual(read(summary.directory), read(whole.summary.directory), `trial ${number}: ${file}`);
    }
  }
});

test.serial('a sweep ends when a trial reaches the target, at the same trial for any number of trials side by side', async (t) => {
  const tables: unknown[] = [];
  for (const trials of [1, 4]) {
    const directory = temporary(t);
    const overrides = ['metric.target=0.5', 'run_cap=30', `execution.trials=${trials}`];
    const { summary } = await played(sweep(loaded(directory, '', overrides), { directory: path.join(directory, 'sweep') }));
    t.is(summary.status, 'finished');
    t.regex(summary.reason, /^trial \d+ reached the target: 0\.\d+$/);
    const best = summary.trials[summary.best ?? -1];
    t.true((best?.value ?? 1) <= 0.5);
    t.true(summary.trials.some(({ status, reasons }) => status === 'pruned' && reasons.at(-1) === `the sweep ended: ${summary.reason}`));
    tables.push(table(summary));
  }
  t.deepEqual(tables[1], tables[0]);
});

test.serial('a trial whose experiment another one has already is a duplicate: not run, its value copied', async (t) => {
  const directory = temporary(t);
  const file = sweepFile(directory, 'enqueue: [{optimizer.lr: 0.1, train.batch_size: 20}, {optimizer.lr: 0.1, train.batch_size: 20}]\n');
  const { summary } = await played(sweep(loadSweep(file, { overrides: ['run_cap=3'] }), { directory: path.join(directory, 'sweep') }));
  const [first, second, third] = summary.trials;
  t.is(first?.origin, 'enqueue');
  t.is(second?.status, 'duplicate');
  t.is(second?.duplicateOf, 0);
  t.is(second?.value, first?.value);
  t.deepEqual(second?.curve, first?.curve);
  t.deepEqual(second?.reasons, ['the same experiment as trial 0']);
  t.is(third?.origin, 'random');
  t.deepEqual(readdirSync(path.join(summary.directory, 'trials')).toSorted(), ['0', '2']);
});

test.serial('a search that only repeats itself ends', async (t) => {
  const directory = temporary(t);
  const sweepText = `base: ./base.yaml\nmethod: random\nrun_cap: 1000\nparameters: {train.batch_size: {values: [20, 40]}}\n`;
  const file = sweepFile(directory, '', { sweep: sweepText });
  const { summary } = await played(sweep(loadSweep(file), { directory: path.join(directory, 'sweep') }));
  t.is(summary.status, 'finished');
  t.is(summary.trials.filter(({ status }) => status === 'finished').length, 2);
  t.true(summary.trials.length <= 110, `${summary.trials.length} trials`);
});

test.serial('V6 a trial that always fails is tried again, recorded as failed, and the sweep goes on', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const more = `enqueue: [{optimizer.lr: ${POISON.throws}}, {optimizer.lr: ${POISON.exits}}]\non_trial_error: {retries: 2}\n`;
  const { events, summary } = await played(
    sweep(loaded(directory, more, ['run_cap=5']), { directory: path.join(directory, 'sweep'), engine: POISONED }),
  );
  t.is(summary.status, 'finished');
  t.is(summary.failed, 2);
  const [throws, exits, ...others] = summary.trials;
  t.is(throws?.status, 'failed');
  t.is(throws?.retries, 2);
  t.is(throws?.value, null);
  t.is(throws?.reasons.length, 3);
  t.regex(throws?.reasons[0] ?? '', /^attempt failed: E_WORKER_EXIT worker 0 step \d+: poisoned$/);
  t.regex(throws?.reasons[2] ?? '', /^failed: E_WORKER_EXIT worker 0 step \d+: poisoned$/);
  t.regex(exits?.reasons[2] ?? '', /^failed: E_WORKER_EXIT worker 0 step \d+: .*exited with code: 7$/);
  t.true(others.length === 3 && others.every(({ status }) => status === 'finished'));
  t.is(events.filter((event) => event.type === 'warning' && event.code === 'W_RETRY').length, 4);
  t.is(liveThreads(), 0);
});

test.serial('V6 a trial that diverges is a result: not tried again', async (t) => {
  const directory = temporary(t);
  const more = 'enqueue: [{optimizer.lr: 1.0e+9}]\n';
  const overrides = ['run_cap=3', 'parameters.optimizer.lr.max=1e9'];
  const { summary } = await played(sweep(loaded(directory, more, overrides), { directory: path.join(directory, 'sweep') }));
  const [first, ...others] = summary.trials;
  t.is(first?.status, 'diverged');
  t.is(first?.value, null);
  t.is(first?.retries, 0);
  t.regex(first?.reasons.at(-1) ?? '', /^diverged: E_DIVERGED /);
  t.true(others.every(({ status }) => status === 'finished' || status === 'diverged'));
  t.is(summary.failed, 0);
});

test.serial('V6 a sweep whose first five trials all fail gives up: E_SWEEP_FAILED (82) with the first cause', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const values = 'parameters: {optimizer.lr: {value: 0.011}, seed: {min: 0, max: 1000000}}\non_trial_error: {retries: 0}\n';
  const file = sweepFile(directory, '', { sweep: `base: ./base.yaml\nrun_cap: 50\n${values}` });
  const place = path.join(directory, 'sweep');
  const run = sweep(loadSweep(file), { directory: place, engine: POISONED });
  const error = await t.throwsAsync(run.result, { instanceOf: GradloomError });
  t.is(error.code, 'E_SWEEP_FAILED');
  t.is(error.exitCode, EXIT.trials);
  t.is(EXIT.trials, 82);
  t.regex(error.message, /^the first 5 trials all failed; trial 0: failed: E_WORKER_EXIT worker 0 step \d+: poisoned$/);
  const state = readSweep(place);
  t.is(state.status, 'failed');
  t.true(state.trials.filter(({ status }) => status === 'failed').length >= 5);
  t.true(state.trials.length < 50);
  // The cause is mended: the sweep goes on, and what failed or was cut off is tried again.
  const { summary } = await played(resumeSweep(place, { overrides: ['run_cap=22'] }));
  t.is(summary.status, 'finished');
  t.is(summary.failed, 0);
  const straight = path.join(directory, 'straight');
  const { summary: expected } = await played(sweep(loadSweep(file, { overrides: ['run_cap=22'] }), { directory: straight }));
  t.deepEqual(results(summary), results(expected));
  t.deepEqual(digests(place, summary), digests(straight, expected));
});

test.serial('an interrupted sweep says so, and goes on to the table of an undisturbed one', async (t) => {
  t.timeout(60_000);
  const [directory, straight] = [temporary(t), temporary(t)];
  const expected = (await played(sweep(loaded(straight, ASHA), { directory: path.join(straight, 'sweep') }))).summary;
  const place = path.join(directory, 'sweep');
  let summary = expected;
  for (let session = 0; ; session++) {
    const controller = new AbortController();
    const run =
      session === 0
        ? sweep(loaded(directory, ASHA), { directory: place, signal: controller.signal })
        : resumeSweep(place, { signal: controller.signal });
    let results = 0;
    for await (const event of run) if (event.type === 'result' && ++results === 3) controller.abort();
    summary = await run.result;
    if (summary.status !== 'interrupted') break;
    t.is(summary.reason, 'interrupted');
    t.is(readSweep(place).status, 'interrupted');
    t.is(await threadsLeft(), 0);
  }
  t.deepEqual(table(summary), table(expected));
  t.deepEqual(digests(summary.directory, summary), digests(expected.directory, expected));
  // Over is over: nothing more happens.
  const before = readFileSync(path.join(place, 'log.jsonl'), 'utf8');
  const again = (await played(resumeSweep(place))).summary;
  t.is(again.status, 'finished');
  t.is(readFileSync(path.join(place, 'log.jsonl'), 'utf8'), before);
});

test.serial('run_cap counts all trials: a finished sweep goes on to a higher one', async (t) => {
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const first = (await played(sweep(loaded(directory, '', ['run_cap=3']), { directory: place }))).summary;
  const { summary, events } = await played(resumeSweep(place, { overrides: ['run_cap=5'] }));
  t.is(summary.trials.length, 5);
  t.deepEqual(table(summary).slice(0, 3), table(first));
  t.like(events[0], { type: 'start', isResumed: true, trials: 3, total: 5 });
  const whole = temporary(t);
  const straight = (await played(sweep(loaded(whole, '', ['run_cap=5']), { directory: path.join(whole, 'sweep') }))).summary;
  t.deepEqual(table(summary), table(straight));
});

test.serial('the budget is a time after which no trial starts', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const { summary } = await played(sweep(loaded(directory, '', ['run_cap=100000', 'budget.duration=1.5']), { directory: place }));
  t.is(summary.status, 'finished');
  t.is(summary.reason, 'the budget is spent');
  t.true(summary.trials.length < 100_000);
  t.true(summary.trials.every(({ status }) => status === 'finished' || status === 'pruned'));
});

test.serial('V3 a second process on the directory is E_BUSY (75) and changes nothing', async (t) => {
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const run = sweep(loaded(directory), { directory: place });
  let refused: unknown;
  for await (const event of run) if (event.type === 'start') refused = await resumeSweep(place).result.catch((error: unknown) => error);
  t.true(refused instanceof GradloomError);
  t.is((refused as GradloomError).code, 'E_BUSY');
  t.is((refused as GradloomError).exitCode, EXIT.busy);
  t.is((await run.result).status, 'finished');
});

test.serial('V7 a space that was edited between runs is E_SWEEP_CHANGED (78) with the difference', async (t) => {
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  await played(sweep(loaded(directory, '', ['run_cap=2']), { directory: place }));
  const edit = (name: string, from: string | RegExp, to: string): void => {
    const file = path.join(place, name);
    const text = readFileSync(file, 'utf8');
    t.not(text.replace(from, to), text);
    writeFileSync(file, text.replace(from, to));
  };
  edit('sweep.yaml', 'max: 1', 'max: 0.5');
  edit('base.yaml', 'units: 6', 'units: 7');
  const error = await t.throwsAsync(resumeSweep(place).result, { instanceOf: GradloomError });
  t.is(error.code, 'E_SWEEP_CHANGED');
  t.is(error.exitCode, EXIT.config);
  t.regex(error.message, /sweep\.yaml parameters\.optimizer\.lr\.max: 1 -> 0\.5\n/);
  t.regex(error.message, /base\.yaml model\.layers\.0\.units: 6 -> 7$/);
  edit('sweep.yaml', 'max: 0.5', 'max: 1');
  edit('base.yaml', 'units: 7', 'units: 6');
  // How a sweep is carried out may change.
  t.is(
    (await played(resumeSweep(place, { overrides: ['run_cap=3', 'execution.cores=1', 'on_trial_error.retries=0'] }))).summary.trials.length,
    3,
  );
});

test.serial('a torn last line is cut off with a word, a damaged one before is E_RUN_FILE (65)', async (t) => {
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const { summary } = await played(sweep(loaded(directory, '', ['run_cap=3']), { directory: place }));
  const file = path.join(place, 'log.jsonl');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, -20));
  const resumed = await played(resumeSweep(place));
  t.true(resumed.events.some((event) => event.type === 'warning' && event.code === 'W_TORN_LINE'));
  t.deepEqual(table(resumed.summary), table(summary));
  writeFileSync(file, text.replace('"trial":1', '"trial":2'));
  const error = await t.throwsAsync(resumeSweep(place).result, { instanceOf: GradloomError });
  t.is(error.code, 'E_RUN_FILE');
  t.is(error.exitCode, EXIT.data);
});

test('a directory that is no sweep is E_SWEEP_READ (65)', async (t) => {
  const directory = temporary(t);
  const error = await t.throwsAsync(resumeSweep(directory).result, { instanceOf: GradloomError });
  t.is(error.code, 'E_SWEEP_READ');
  t.is(error.exitCode, EXIT.data);
  t.throws(() => readSweep(directory), { instanceOf: GradloomError, message: /it has no sweep\.yaml/ });
});

test.serial('order: arrival runs all trials too, and says that it cannot be replayed', async (t) => {
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const { summary, events } = await played(sweep(loaded(directory, ASHA, ['execution.order=arrival']), { directory: place }));
  t.is(summary.trials.length, 8);
  t.true(summary.trials.every(({ status }) => status === 'finished' || status === 'pruned'));
  t.true(events.some((event) => event.type === 'warning' && event.code === 'W_ARRIVAL'));
});

test.serial('every decision is in the log with its reason, and the trials tell it', async (t) => {
  const directory = temporary(t);
  const { summary } = await played(sweep(loaded(directory, ASHA), { directory: path.join(directory, 'sweep') }));
  const decisions = readTrialLog(summary.directory).entries.filter(({ type }) => type === 'promote' || type === 'stop');
  t.true(decisions.length > 8);
  for (const decision of decisions) {
    if (!('reason' in decision && 'trial' in decision)) continue;
    t.regex(decision.reason, /^(promoted|stopped) at \d epochs?: \d+ of \d+, the best \d+ go on$/);
    t.true(summary.trials[decision.trial]?.reasons.includes(decision.reason));
  }
});

test.serial('trials with the same data share one data set: what is loaded depends on data and seed', async (t) => {
  const directory = temporary(t);
  const { summary } = await played(sweep(loaded(directory, 'seeds: 2\n', ['run_cap=2']), { directory: path.join(directory, 'sweep') }));
  const [trial] = summary.trials;
  t.is(trial?.values.length, 2);
  t.deepEqual(trial?.runs, ['trials/0-0', 'trials/0-1']);
  t.is(trial?.value, ((trial?.values[0] ?? 0) + (trial?.values[1] ?? 0)) / 2);
  t.true((trial?.interval?.[0] ?? 1) < (trial?.value ?? 0) && (trial?.interval?.[1] ?? 0) > (trial?.value ?? 1));
  for (const run of trial?.runs ?? []) t.true(existsSync(path.join(summary.directory, run, 'metrics.jsonl')));
});

test.serial(
  'a sweep with tpe has the same table for 1 and 4 trials side by side: what a trial learns follows from its number',
  async (t) => {
    t.timeout(60_000);
    const tables: unknown[] = [];
    for (const trials of [1, 4]) {
      const directory = temporary(t);
      const overrides = ['method=tpe', 'run_cap=16', `execution.trials=${trials}`];
      const { summary } = await played(sweep(loaded(directory, '', overrides), { directory: path.join(directory, 'sweep') }));
      tables.push(table(summary));
      const logged = readTrialLog(summary.directory).entries.flatMap((entry) => (entry.type === 'trial' ? [entry.after] : []));
      t.deepEqual(logged, [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }
    t.deepEqual(tables[1], tables[0]);
  },
);

test.serial('a trial whose data cannot make a batch is not tried again, and says why', async (t) => {
  const directory = temporary(t);
  const base = `name: base
data: {source: {type: synthetic, kind: blobs, samples: 100}, split: {train: 60, val: 40, test: 0}, drop_last: true}
model: {layers: [{type: dense, units: 3}]}
train: {epochs: 1}
`;
  const text = 'base: ./base.yaml\nmethod: grid\nparameters: {train.batch_size: {values: [20, 64]}}\n';
  const { summary } = await played(
    sweep(loadSweep(sweepFile(directory, '', { base, sweep: text })), { directory: path.join(directory, 'sweep') }),
  );
  const [fits, exceeds] = summary.trials;
  t.is(summary.status, 'finished');
  t.is(fits?.status, 'finished');
  t.is(exceeds?.status, 'failed');
  t.is(exceeds?.retries, 0);
  t.regex(exceeds?.reasons[0] ?? '', /^failed: E_DATA_SPLIT train\.batch_size: train\.batch_size 64 exceeds the 60 training samples/);
});

test.serial('a trial whose directory was damaged between two sessions is trained anew, with the same result', async (t) => {
  t.timeout(60_000);
  const [directory, straight] = [temporary(t), temporary(t)];
  const expected = (await played(sweep(loaded(straight, ASHA), { directory: path.join(straight, 'sweep') }))).summary;
  const place = path.join(directory, 'sweep');
  const controller = new AbortController();
  const run = sweep(loaded(directory, ASHA), { directory: place, signal: controller.signal });
  for await (const event of run) if (event.type === 'result') controller.abort();
  t.is((await run.result).status, 'interrupted');
  const trials = readdirSync(path.join(place, 'trials'));
  for (const trial of trials) rmSync(path.join(place, 'trials', trial, 'config.yaml'));
  const { summary } = await played(resumeSweep(place));
  t.deepEqual(table(summary), table(expected));
  t.deepEqual(digests(summary.directory, summary), digests(expected.directory, expected));
});

test.serial('order: arrival goes on after an interruption from what had arrived', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const settings = loaded(directory, ASHA, ['execution.order=arrival']);
  for (let sessions = 0; ; sessions++) {
    const controller = new AbortController();
    const { signal } = controller;
    const run = sessions === 0 ? sweep(settings, { directory: place, signal }) : resumeSweep(place, { signal });
    let results = 0;
    for await (const event of run) if (event.type === 'result' && ++results === 4) controller.abort();
    const summary = await run.result;
    if (summary.status !== 'interrupted') break;
  }
  const state = readSweep(place);
  t.is(state.status, 'finished');
  t.is(state.trials.length, 8);
  t.true(state.trials.every(({ status }) => status === 'finished' || status === 'pruned'));
  const runs = readTrialLog(place).entries.flatMap((entry) => (entry.type === 'run' ? [`${entry.trial} ${entry.rung}`] : []));
  t.is(new Set(runs).size, runs.length, 'no part is trained twice');
});
