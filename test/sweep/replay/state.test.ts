import test from 'ava';
import type { LogEntry } from '../../../src/sweep/journal/entries.ts';
import { SweepFold, sweepState } from '../../../src/sweep/replay/state.ts';
import type { Trial } from '../../../src/sweep/trial.ts';
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

test('trials under way are put together again only once an entry has changed them, and a duplicate with its original', (t) => {
  const fold = thousand();
  for (let trial = 0; trial < 100; trial++) fold.add({ type: 'begin', trial, rung: 1, replicate: 0, workers: 1 });
  const parts = (): unknown[] => Array.from({ length: 100 }, (_, trial) => fold.trial(trial)?.values);
  const before = parts();
  t.true(parts().every((part, i) => part === before[i]));
  fold.add(result(7, 1, 0, 5000, 'reached'));
  t.deepEqual(
    parts().flatMap((part, i) => (part === before[i] ? [] : [i])),
    [7],
  );
  fold.add(result(7, 1, 1, 5000, 'reached'));
  t.is(fold.trial(999)?.curve.length, 6);
  t.is(fold.standing.best, 7);
});

/** What `standing` says, from all trials. */
function standingOf(trials: readonly Trial[]): { ended: number; resource: number; best: number | undefined } {
  const ended = trials.filter(({ status }) => !['queued', 'running', 'paused'].includes(status));
  const own = trials.filter(({ status }) => status !== 'duplicate');
  const finished = own.filter(({ status }) => status === 'finished');
  const valued = (finished.length > 0 ? finished : own).filter(({ value }) => value !== null);
  const [best] = valued.toSorted((a, b) => Number(b.value) - Number(a.value) || a.number - b.number);
  return { ended: ended.length, resource: own.reduce((sum, { resource = 0 }) => sum + resource, 0), best: best?.number };
}

test('the standing of a sweep, kept up to date, is that of all its trials, whatever the entries', (t) => {
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  const dice = new Dice(seed);
  for (let sweep = 0; sweep < 40; sweep++) {
    const fold = new SweepFold(SETTINGS);
    for (let i = 0; i < 100; i++) {
      const entry = anyEntry(dice, fold.count);
      fold.add(entry);
      if (dice.next() < 0.5) continue;
      const { ended, resource, best } = fold.standing;
      t.deepEqual(
        { ended, resource, best },
        standingOf(fold.trials()),
        `seed ${seed}, sweep ${sweep}, entry ${i}: ${JSON.stringify(entry)}`,
      );
    }
  }
});

test('what is handed out of a fold never changes it: not the trials of events, nor those of a state', (t) => {
  const fold = thousand();
  const trial = fold.trial(3);
  if (trial !== undefined) trial.status = 'failed';
  const state = sweepState(fold, { id: 'a', name: 'a', directory: '/a', settings: SETTINGS }, false);
  for (const one of state.trials) one.status = 'failed';
  t.is(fold.trial(3)?.status, 'paused');
});
