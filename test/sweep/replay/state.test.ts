import test from 'ava';
import type { LogEntry } from '../../../src/sweep/journal/entries.ts';
import { SweepFold, sweepState } from '../../../src/sweep/replay/state.ts';
import { Dice } from '../../engine/support/samples.ts';
import { settings } from '../support/states.ts';

const SEEDS = 2;
const SETTINGS = settings({ early_terminate: { type: 'asha', min: 1, max: 9, eta: 3 }, seeds: SEEDS });

function result(trial: number, rung: number, replicate: number, value: number, status: 'reached' | 'diverged' | 'failed'): LogEntry {
  const curve = Array.from({ length: 3 * (rung + 1) }, (_, i) => ({ step: 5 * i, epoch: i, value: value / (i + 1) }));
  const fault = { code: 'E_TEST', message: 'on purpose' };
  const part = { rung, resource: 3 ** rung, isLast: rung === 2, steps: 5, seconds: 1, digest: '' };
  return { type: 'run', trial, replicate, ...part, status, curve, ...(status !== 'reached' && { fault }) };
}

/** Any entry, whether a search would say it or not. */
function anyEntry(dice: Dice, trials: number): LogEntry {
  const trial = dice.int(0, Math.max(0, trials - 1));
  const [rung, replicate] = [dice.int(0, 2), dice.int(0, SEEDS - 1)];
  const kind = dice.int(0, 11);
  switch (kind) {
    case 0:
    case 1: {
      const isDuplicate = trials > 0 && dice.next() < 0.3;
      const entry = { type: 'trial', trial: trials, assignment: { a: trials }, origin: 'random', key: '', after: 0 } as const;
      return { ...entry, ...(isDuplicate && { duplicateOf: trial }) };
    }
    case 2:
      return { type: 'begin', trial, rung, replicate, workers: 1 };
    case 3:
      return { type: 'retry', trial, rung, replicate, fault: { code: 'E_TEST', message: 'again' } };
    case 4:
      return { type: dice.next() < 0.5 ? 'promote' : 'stop', trial, rung, reason: 'so', after: 0 };
    case 5:
      return { type: 'over', cause: 'budget', reason: 'enough', dropped: [trial], after: 0 };
    case 6:
      return { type: 'reopen', retried: [trial], after: 0 };
    case 7:
      return { type: 'pause', reason: 'interrupted' };
    default:
      return result(
        trial,
        rung,
        replicate,
        dice.next(),
        (['reached', 'reached', 'diverged', 'failed'] as const)[dice.int(0, 3)] ?? 'reached',
      );
  }
}

test('a fold that is looked at after every entry tells the same as one that is looked at once, whatever the entries', (t) => {
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  const dice = new Dice(seed);
  for (let sweep = 0; sweep < 8; sweep++) {
    const watched = new SweepFold(SETTINGS);
    const entries: LogEntry[] = [];
    for (let i = 0; i < 60; i++) {
      const entry = anyEntry(dice, watched.count);
      entries.push(entry);
      watched.add(entry);
      const fresh = new SweepFold(SETTINGS);
      for (const one of entries) fresh.add(one);
      t.deepEqual(watched.trials(), fresh.trials(), `seed ${seed}, sweep ${sweep}, entry ${i}: ${JSON.stringify(entry)}`);
    }
  }
});

function thousand(): SweepFold {
  const fold = new SweepFold(SETTINGS);
  for (let trial = 0; trial < 1000; trial++) {
    const isDuplicate = trial === 999;
    const entry = { type: 'trial', trial, assignment: {}, origin: 'random', key: '', after: 0 } as const;
    fold.add({ ...entry, ...(isDuplicate && { duplicateOf: 7 }) });
    for (let replicate = 0; replicate < SEEDS; replicate++) if (!isDuplicate) fold.add(result(trial, 0, replicate, trial + 1, 'reached'));
  }
  return fold;
}

test('of 1,000 trials a result puts its own together again, and its duplicates, and no other', (t) => {
  const fold = thousand();
  const before = fold.trials();
  t.deepEqual(
    fold
      .trials()
      .map((trial, i) => trial === before[i])
      .indexOf(false),
    -1,
  );
  for (let replicate = 0; replicate < SEEDS; replicate++) fold.add(result(7, 1, replicate, 5000, 'reached'));
  const after = fold.trials();
  t.deepEqual(
    after.flatMap((trial, i) => (trial === before[i] ? [] : [i])),
    [7, 999],
  );
  t.is(after[999]?.curve.length, 6);
  t.is(fold.best(), 7);
});

test('what is handed out of a fold never changes it: not the trials of events, nor those of a state', (t) => {
  const fold = thousand();
  const trial = fold.trial(3);
  if (trial !== undefined) trial.status = 'failed';
  const state = sweepState(fold, { id: 'a', name: 'a', directory: '/a', settings: SETTINGS }, false);
  for (const one of state.trials) one.status = 'failed';
  t.is(fold.trial(3)?.status, 'paused');
});
