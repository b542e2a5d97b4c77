import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../src/config/load.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { train } from '../../src/runs/training/train.ts';
import type { SpeedupEvent } from '../../src/speedup/events.ts';
import { measureSpeedup } from '../../src/speedup/speedup.ts';
import { bootstrap, medianOf } from '../../src/speedup/statistics.ts';
import { FAULTY_ENTRY } from '../engine/support/faulty-engine.ts';
import type { Fault } from '../engine/support/faulty-rank.ts';

const STEPS = 25;
/** Of the slow worker, a little less than it sleeps. */
const SLEEP_SECONDS = 0.055;

const SMALL = {
  name: 'small',
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 400 } },
  optimizer: 'sgd',
  model: {
    layers: [
      { type: 'dense', units: 16, activation: 'gelu' },
      { type: 'dense', units: 3 },
    ],
  },
};

function experiment(notes = '') {
  return experimentFromObject({ ...SMALL, train: { batch_size: 32, epochs: 3 }, track: { notes } });
}

test.serial('an experiment that starts from a run is measured from its model, or else from its newest checkpoint', async (t) => {
  const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-speedup-'));
  t.teardown(() => rmSync(parent, { recursive: true }));
  const run = path.join(parent, 'run');
  await train(experimentFromObject({ ...SMALL, train: { batch_size: 32, steps: 9 }, parallel: { workers: 1 } }), { directory: run }).result;
  const digestFrom = async (init: object): Promise<string | undefined> => {
    const from = experimentFromObject({ ...SMALL, model: { ...SMALL.model, ...init }, train: { batch_size: 32, epochs: 3 } });
    const { tables } = await measureSpeedup(from, { workers: '1', work: { steps: 1 }, repeats: 3, baselines: [] }).result;
    return tables[0]?.rows[0]?.digest;
  };
  const byModel = await digestFrom({ init: { type: 'run', path: run } });
  rmSync(path.join(run, 'model.safetensors'));
  t.is(await digestFrom({ init: { type: 'run', path: run } }), byModel);
  t.not(await digestFrom({}), byModel);
});

test.serial('all rows do the same work, to the bit, and the result has the promised shape', async (t) => {
  const events: SpeedupEvent[] = [];
  const run = measureSpeedup(experiment(), {
    workers: '1,2',
    mode: 'both',
    work: { steps: STEPS },
    repeats: 3,
    batch_sizes: [8, 16],
    baselines: ['sequential', 'unsliced'],
  });
  for await (const event of run) events.push(event);
  const result = await run.result;
  t.is(result.status, 'finished');
  t.deepEqual(
    result.tables.map(({ mode, batch_size, steps, repeats, rows }) => [
      mode,
      batch_size,
      steps,
      repeats,
      rows.map(({ kind, workers, batch_size: batch }) => `${kind} ${workers} ${batch}`),
    ]),
    [
      ['strong', 32, STEPS, 3, ['sequential 1 32', 'unsliced 1 32', 'workers 1 32', 'workers 2 32']],
      ['weak', 32, STEPS, 3, ['sequential 1 32', 'unsliced 1 32', 'workers 1 32', 'workers 2 64']],
      ['map', 8, STEPS, 3, ['workers 1 8', 'workers 2 8']],
      ['map', 16, STEPS, 3, ['workers 1 16', 'workers 2 16']],
    ],
  );
  for (const { rows } of result.tables) for (const row of rows) t.true(row.same_work, `${row.kind} ${row.workers}`);
  const [sequential, unsliced, one, two] = result.tables[0]!.rows;
  t.is(sequential!.digest, two!.digest);
  t.is(one!.digest, two!.digest);
  t.regex(unsliced!.digest, /^[0-9a-f]{64}$/);
  t.deepEqual(one!.speedup, { value: 1, low: 1, high: 1 });
  t.true(two!.over_sequential !== undefined && two!.karp_flatt !== undefined && one!.karp_flatt === undefined);
  t.true(two!.evaluation_seconds! > 0 && sequential!.evaluation_seconds === null);
  for (const row of [sequential!, one!, two!]) {
    t.true(row.samples_per_second.value > 0 && row.cpu_seconds > 0);
    const { compute, wait, reduce, other } = row.phases;
    t.true(compute > 0 && wait >= 0 && reduce > 0 && other >= 0 && compute + wait + reduce + other < 1.05, JSON.stringify(row.phases));
  }
  t.is(events[0]?.type, 'start');
  t.is(events.at(-1)?.type, 'end');
  t.deepEqual((JSON.parse(JSON.stringify(result)) as typeof result).tables, result.tables);
});

test.serial('work longer than the training starts it again, and has its rows', async (t) => {
  // 3 epochs of 320 rows, 10 steps each; 65 steps are two trainings and half an epoch.
  const run = measureSpeedup(experiment(), { workers: [1], work: { steps: 65 }, repeats: 3 });
  const [table] = (await run.result).tables;
  const [row] = table!.rows;
  t.is(Math.round(row!.samples_per_second.value * row!.seconds.toSorted((a, b) => a - b)[1]!), 2 * 960 + 160);
});

test.serial('work of several trainings ends where one does, to the bit, be it of a single step', async (t) => {
  for (const steps of [1, 7]) {
    const once = experimentFromObject({ ...SMALL, train: { batch_size: 32, steps } });
    const digestOf = async (work: number): Promise<string> => {
      const result = await measureSpeedup(once, { workers: [1], work: { steps: work }, repeats: 3, baselines: ['sequential'] }).result;
      const digests = new Set(result.tables[0]!.rows.map(({ digest }) => digest));
      t.is(digests.size, 1);
      return [...digests][0]!;
    };
    const expected = await digestOf(steps);
    t.is(await digestOf(2 * steps), expected, `${steps} steps`);
    if (steps > 1) t.not(await digestOf(steps + 1), expected);
  }
});

test.serial('the intervals of a measurement are those of the confidence that was asked for, for the seed of its experiment', async (t) => {
  const confidence = 0.8;
  const options = { workers: [1], work: { steps: STEPS }, repeats: 6, baselines: [], confidence };
  const small = experiment();
  const result = await measureSpeedup(small, options).result;
  t.is(result.settings.confidence, confidence);
  const [row] = result.tables[0]!.rows;
  const rates = row!.seconds.map((seconds) => (STEPS * 32) / seconds);
  const of = (share: number) =>
    bootstrap(rates.length, (drawn) => medianOf(rates, drawn), { confidence: share, seed: small.experiment.seed });
  const { low, high } = row!.samples_per_second;
  const [expected, wider] = [of(confidence), of(0.95)];
  t.true(Math.abs(low / expected.low - 1) < 1e-9 && Math.abs(high / expected.high - 1) < 1e-9, JSON.stringify([row, expected]));
  t.true(high - low < wider.high - wider.low, 'another confidence would show');
});

for (const [where, kernel, column] of [
  ['computing', 'dense_forward', 'compute'],
  ['the update', 'sgd_step', 'reduce'],
] as const) {
  test.serial(`a worker that is slow in ${where} shows in ${column}, and its peer waits`, async (t) => {
    const fault: Fault = { kind: 'slow', rank: 0, step: 3, kernel };
    const options = { workers: [1, 2], work: { steps: STEPS }, repeats: 3, baselines: [], engine: { entry: FAULTY_ENTRY } };
    const [table] = (await measureSpeedup(experiment(JSON.stringify(fault)), options).result).tables;
    const [, two] = table!.rows;
    // Bounds of the core seconds behind a median share: on a busy machine barriers take much of the rest.
    const most = (share: number): number => share * 2 * Math.max(...two!.seconds);
    const least = (share: number): number => share * 2 * Math.min(...two!.seconds);
    const shown = JSON.stringify(two);
    t.true(most(two!.phases[column]) > SLEEP_SECONDS, shown);
    t.true(most(two!.phases.wait) > SLEEP_SECONDS, shown);
    t.true(least(two!.phases[column === 'compute' ? 'reduce' : 'compute']) < SLEEP_SECONDS, shown);
    if (column === 'compute') t.true(most(two!.imbalance) > SLEEP_SECONDS, shown);
    else t.true(least(two!.imbalance) < SLEEP_SECONDS, shown);
    t.true(two!.same_work);
  });
}

test.serial('an abort ends after the repetition at hand and tells of the whole rounds', async (t) => {
  const abort = new AbortController();
  const run = measureSpeedup(experiment(), { workers: [1, 2], work: { steps: STEPS }, repeats: 50, signal: abort.signal });
  for await (const event of run) if (event.type === 'progress' && event.done >= 7) abort.abort();
  const result = await run.result;
  t.is(result.status, 'interrupted');
  const [table] = result.tables;
  t.true(table!.repeats >= 2 && table!.repeats < 50, String(table!.repeats));
  t.true(table!.rows.every(({ seconds }) => seconds.length === table!.repeats));
});

const refused: [title: string, options: Parameters<typeof measureSpeedup>[1], message: RegExp][] = [
  ['more workers than leaves', { workers: [17] }, /^17 workers, but numerics\.leaves is 16/],
  ['a batch above the training set', { batch_sizes: [321] }, /^a batch of 321 rows; the training set has 320$/],
  ['weak scaling beyond the training set', { workers: [11], mode: 'weak' }, /^weak scaling with 11 workers needs batches of 352 rows/],
];
for (const [title, options, message] of refused) {
  test.serial(`${title}: refused before anything starts`, async (t) => {
    await t.throwsAsync(measureSpeedup(experiment(), options).result, { message, code: 'E_CONFIG_RANGE' });
  });
}

test.serial('weak scaling of the full batch is refused', async (t) => {
  const loaded = experiment();
  const full = { experiment: { ...loaded.experiment, train: { ...loaded.experiment.train, batch_size: 'full' as const } } };
  await t.throwsAsync(measureSpeedup(full, { mode: 'weak' }).result, { code: 'E_CONFIG_VALUE', message: /train\.batch_size is full$/ });
});

test.serial('work that diverges is no work', async (t) => {
  const loaded = experiment();
  const { optimizer, ...rest } = loaded.experiment;
  const wild = { experiment: { ...rest, optimizer: { ...optimizer, lr: 1e30 } } };
  await t.throwsAsync(measureSpeedup(wild, { workers: [1], work: { steps: STEPS }, repeats: 3 }).result, { code: 'E_DIVERGED' });
});

test.serial('the step that reaches a target is found once, at an evaluation, and every row tells its time to it', async (t) => {
  const options = { workers: [1, 2], work: { steps: STEPS }, repeats: 3, time_to: 'val.loss=1.04' };
  const run = measureSpeedup(experiment(), options);
  const seen: [step: number, value: number][] = [];
  for await (const event of run) if (event.type === 'search') seen.push([event.step, event.value]);
  const { tables } = await run.result;
  const { time_to: target, rows } = tables[0]!;
  t.deepEqual(seen.at(-1), [target!.step, target!.reached]);
  t.true(target!.reached <= 1.04 && seen.slice(0, -1).every(([, value]) => value > 1.04), JSON.stringify(seen));
  t.is(target!.evaluations, seen.length);
  t.deepEqual([target!.step, target!.epochs], [20, 2]);
  for (const { time_to_seconds: seconds } of rows)
    t.true(seconds!.low > 0 && seconds!.low <= seconds!.value && seconds!.value <= seconds!.high);
});

const targets: [title: string, options: Parameters<typeof measureSpeedup>[1], code: ErrorCode, message: RegExp][] = [
  [
    'a value that is never reached',
    { time_to: 'val.loss=0' },
    'E_CONFIG_RANGE',
    /^val\.loss never reaches 0; its best is [\d.]+ at step \d+$/,
  ],
  [
    'a metric that nobody evaluates',
    { time_to: 'val.loos=0' },
    'E_CONFIG_VALUE',
    /^not evaluated during training; got val\.loos; expected/,
  ],
  ['a target of weak scaling', { time_to: 'val.loss=1', mode: 'weak' }, 'E_CONFIG_VALUE', /^in weak scaling the batch,/],
];
for (const [title, options, code, message] of targets) {
  test.serial(`${title}: refused before anything is measured`, async (t) => {
    const run = measureSpeedup(experiment(), { workers: [1], repeats: 3, ...options });
    await t.throwsAsync(run.result, { code, message });
    for await (const event of run) t.not(event.type, 'progress');
  });
}
