import test from 'ava';
import { Asha } from '../../../src/sweep/schedulers/asha.ts';
import { bracketPlans, Hyperband } from '../../../src/sweep/schedulers/hyperband.ts';
import { makeScheduler } from '../../../src/sweep/schedulers/index.ts';
import { MedianStopping } from '../../../src/sweep/schedulers/median.ts';
import { None } from '../../../src/sweep/schedulers/none.ts';
import { rungs } from '../../../src/sweep/schedulers/rungs.ts';
import type { RungDecision, Scheduler } from '../../../src/sweep/schedulers/scheduler.ts';
import { fewestTrials, tooFewTrials } from '../../../src/sweep/schedulers/too-few.ts';
import { Dice } from '../../engine/support/samples.ts';

/** A recorded curve: the value after `resource` epochs; lower is better, undefined: diverged. */
type Curve = (trial: number, resource: number) => number | undefined;

interface Played {
  /** `trial@resource`, in order of start. */
  jobs: string[];
  decisions: RungDecision[];
  notes: (string | undefined)[];
}

/** Plays a sweep of `count` trials with so many lanes, whose jobs end in the order in which they began. */
function play(scheduler: Scheduler, count: number, curve: Curve, lanes = 1): Played {
  const played: Played = { jobs: [], decisions: [], notes: [] };
  const running: { trial: number; rung: number }[] = [];
  let next = 0;
  const start = (trial: number, rung: number): void => {
    running.push({ trial, rung });
    played.jobs.push(`${trial}@${scheduler.rungs(trial)[rung]}`);
  };
  for (;;) {
    while (running.length < lanes) {
      const decision = scheduler.next(next === count && running.length === 0);
      if (decision !== undefined) {
        scheduler.apply(decision);
        played.decisions.push(decision);
        if (decision.type === 'promote') start(decision.trial, decision.rung + 1);
      } else if (next < count) {
        played.notes.push(scheduler.start(next));
        start(next++, 0);
        if (next === count) scheduler.close();
      } else break;
    }
    const ended = running.shift();
    if (ended === undefined) return played;
    const ends = scheduler.rungs(ended.trial);
    const points = ends.slice(0, ended.rung + 1).flatMap((resource) => curve(ended.trial, resource) ?? []);
    scheduler.report({ ...ended, value: curve(ended.trial, ends[ended.rung] ?? 0), points });
  }
}

/** Random curves that fall, cross, and sometimes diverge: a function of the seed. */
function recordedCurves(seed: number, count: number): Curve {
  const dice = new Dice(seed);
  const trials = Array.from({ length: count }, () => ({
    floor: dice.int(0, 20) / 10,
    drop: dice.next(),
    divergesAt: dice.next() < 0.1 ? 2 : 1e9,
  }));
  return (trial, resource) => {
    const { floor, drop, divergesAt } = trials[trial] ?? { floor: 0, drop: 0, divergesAt: 0 };
    return resource >= divergesAt ? undefined : floor + 3 * drop ** resource;
  };
}

// ---- asha ------------------------------------------------------------------------------------------------------------

/** Li et al. 2020, algorithm 2, get_job, written down again: lists of (trial, value) a rung, top 1/eta, highest rung first. */
class ReferenceAsha {
  readonly #eta: number;
  readonly #table: { trial: number; value: number; promoted: boolean }[][];

  constructor(rungs: number, eta: number) {
    this.#eta = eta;
    this.#table = Array.from({ length: rungs }, () => []);
  }

  told(trial: number, rung: number, value: number | undefined): void {
    this.#table[rung]?.push({ trial, value: value ?? Number.POSITIVE_INFINITY, promoted: value === undefined });
  }

  getJob(): { trial: number; rung: number } | undefined {
    for (let k = this.#table.length - 2; k >= 0; k--) {
      const row = this.#table[k] ?? [];
      const candidates = [...row].sort((a, b) => a.value - b.value || a.trial - b.trial).slice(0, Math.floor(row.length / this.#eta));
      const promotable = candidates.find(({ promoted }) => !promoted);
      if (promotable !== undefined) {
        promotable.promoted = true;
        return { trial: promotable.trial, rung: k + 1 };
      }
    }
    return undefined;
  }

  /** Nothing is under way and nothing is to come: while nobody has a value at the last rung, the best of the highest rung where one waits. */
  getLeader(): { trial: number; rung: number } | undefined {
    if (this.#table.at(-1)?.some(({ value }) => value < Number.POSITIVE_INFINITY)) return undefined;
    for (let k = this.#table.length - 2; k >= 0; k--) {
      const waiting = (this.#table[k] ?? []).filter(({ promoted }) => !promoted);
      const [best] = waiting.sort((a, b) => a.value - b.value || a.trial - b.trial);
      if (best === undefined) continue;
      best.promoted = true;
      return { trial: best.trial, rung: k + 1 };
    }
    return undefined;
  }
}

function referenceJobs(ends: readonly number[], eta: number, count: number, curve: Curve, lanes: number): string[] {
  const reference = new ReferenceAsha(ends.length, eta);
  const jobs: string[] = [];
  const queue: { trial: number; rung: number }[] = [];
  let next = 0;
  for (;;) {
    while (queue.length < lanes) {
      const isQuiet = next === count && queue.length === 0;
      const job = reference.getJob() ?? (next < count ? { trial: next++, rung: 0 } : isQuiet ? reference.getLeader() : undefined);
      if (job === undefined) break;
      queue.push(job);
      jobs.push(`${job.trial}@${ends[job.rung]}`);
    }
    const done = queue.shift();
    if (done === undefined) return jobs;
    reference.told(done.trial, done.rung, curve(done.trial, ends[done.rung] ?? 0));
  }
}

test('asha promotes as algorithm 2 of Li et al. and leads the best to its end, on 300 sets of recorded curves, 1 to 8 trials side by side', (t) => {
  for (let seed = 1; seed <= 300; seed++) {
    const dice = new Dice(seed);
    const config = { resource: 'epochs', min: dice.int(1, 3), max: dice.int(4, 81), eta: dice.int(2, 4) } as const;
    const [count, lanes] = [dice.int(1, 60), dice.int(1, 8)];
    const curve = recordedCurves(seed, count);
    const { jobs } = play(new Asha(config), count, curve, lanes);
    const ends = rungs(config.min, config.max, config.eta);
    t.deepEqual(jobs, referenceJobs(ends, config.eta, count, curve, lanes), `seed ${seed}`);
    const survives = Array.from({ length: count }, (_, trial) => trial).some((trial) =>
      ends.every((end) => curve(trial, end) !== undefined),
    );
    t.is(
      jobs.some((job) => job.endsWith(`@${config.max}`) && curve(Number.parseInt(job, 10), config.max) !== undefined),
      survives,
      `seed ${seed}`,
    );
  }
});

test('asha with fewer trials than eta: the best goes on when nothing is under way, and the next best if it diverges', (t) => {
  const config = { resource: 'epochs', min: 1, max: 9, eta: 3 } as const;
  const { jobs, decisions } = play(new Asha(config), 2, (trial) => [2, 1][trial], 2);
  t.deepEqual(jobs, ['0@1', '1@1', '1@3', '1@9']);
  t.deepEqual(
    decisions.map(({ trial, reason }) => `${trial} ${reason}`),
    [
      '1 promoted at 1 epoch: 1 of 2, nobody has come to the end, so the best that waits goes on',
      '1 promoted at 3 epochs: 1 of 1, nobody has come to the end, so the best that waits goes on',
      '0 stopped at 1 epoch: 2 of 2, the best 1 go on',
    ],
  );
  const diverging = play(new Asha(config), 2, (trial, resource) => (trial === 1 && resource > 3 ? undefined : [2, 1][trial]), 1);
  t.deepEqual(diverging.jobs, ['0@1', '1@1', '1@3', '1@9', '0@3', '0@9']);
  const hopeless = play(new Asha(config), 2, () => undefined, 1);
  t.deepEqual(hopeless.jobs, ['0@1', '1@1']);
});

test('asha with too few trials for the last rung leads the best of the highest rung to it', (t) => {
  const { jobs } = play(new Asha({ resource: 'epochs', min: 1, max: 9, eta: 3 }), 8, (trial) => trial, 1);
  t.deepEqual(jobs.slice(-4), ['1@3', '6@1', '7@1', '0@9']);
});

test('asha as logs of version 1 have it stops the best of too few', (t) => {
  const { jobs, decisions } = play(new Asha({ resource: 'epochs', min: 1, max: 9, eta: 3 }, false), 2, (trial) => trial, 1);
  t.deepEqual(jobs, ['0@1', '1@1']);
  t.deepEqual(
    decisions.map(({ reason }) => reason),
    ['stopped at 1 epoch: 1 of 2, the best 0 go on', 'stopped at 1 epoch: 2 of 2, the best 0 go on'],
  );
});

test('a log says by its version which rule its sweep goes by', (t) => {
  const settings = {
    early_terminate: { type: 'asha', resource: 'epochs', min: 1, eta: 3, promote: 'resume' },
    metric: { name: 'val.loss', goal: 'minimize', summary: 'best' },
  } as const;
  const jobs = (version?: 1 | 2): string[] => play(makeScheduler(settings, 9, version), 2, (trial) => trial, 1).jobs;
  t.deepEqual(jobs(1), ['0@1', '1@1']);
  t.deepEqual(jobs(2), ['0@1', '1@1', '0@3', '0@9']);
  t.deepEqual(jobs(), jobs(2));
});

for (const [title, config, length, fewest] of [
  ['asha, rungs 1, 3, 9', { type: 'asha', min: 1, eta: 3 }, 9, 9],
  ['asha, rungs 1, 3, 9, 27', { type: 'asha', min: 1, eta: 3 }, 27, 27],
  ['asha, eta 2.5, rungs 1, 3, 6, 10', { type: 'asha', min: 1, eta: 2.5 }, 10, 20],
  ['asha, one rung', { type: 'asha', min: 9, eta: 3 }, 9, 1],
  ['hyperband, a first bracket of 9', { type: 'hyperband', min: 1, eta: 3 }, 9, 9],
] as const) {
  test(`${title}: it takes ${fewest} trials, and fewer are told`, (t) => {
    const full = { ...config, resource: 'epochs', promote: 'resume' } as const;
    t.is(fewestTrials(full, length), fewest);
    t.is(tooFewTrials(full, length, fewest), undefined);
    if (fewest > 1) t.regex(tooFewTrials(full, length, fewest - 1) ?? '', new RegExp(`use run_cap >= ${fewest}, or a smaller eta$`));
    if (config.type !== 'asha') return;
    // Of so many, equally good or not, one is promoted to the last rung by the rule of the best 1/eta alone.
    const { jobs } = play(new Asha({ ...full, max: length }, false), fewest, (trial) => trial, 1);
    t.true(jobs.some((job) => job.endsWith(`@${length}`)));
    if (fewest === 1) return;
    const less = play(new Asha({ ...full, max: length }, false), fewest - 1, (trial) => trial, 1);
    t.false(less.jobs.some((job) => job.endsWith(`@${length}`)));
  });
}

test('asha by hand: six trials, rungs 1, 2, 4, the best half goes on', (t) => {
  // Trial:          0  1  2  3  4  5
  const values = [5, 3, 4, 1, 2, 6];
  const { jobs, decisions } = play(new Asha({ resource: 'epochs', min: 1, max: 4, eta: 2 }), 6, (trial) => values[trial], 1);
  t.deepEqual(jobs, ['0@1', '1@1', '1@2', '2@1', '3@1', '3@2', '3@4', '4@1', '4@2', '5@1']);
  t.deepEqual(
    decisions.map(({ type, trial, reason }) => `${trial} ${type}: ${reason}`),
    [
      '1 promote: promoted at 1 epoch: 1 of 2, the best 1 go on',
      '3 promote: promoted at 1 epoch: 1 of 4, the best 2 go on',
      '3 promote: promoted at 2 epochs: 1 of 2, the best 1 go on',
      '4 promote: promoted at 1 epoch: 2 of 5, the best 2 go on',
      '2 stop: stopped at 1 epoch: 4 of 6, the best 3 go on',
      '0 stop: stopped at 1 epoch: 5 of 6, the best 3 go on',
      '5 stop: stopped at 1 epoch: 6 of 6, the best 3 go on',
      '4 stop: stopped at 2 epochs: 2 of 3, the best 1 go on',
      '1 stop: stopped at 2 epochs: 3 of 3, the best 1 go on',
    ],
  );
});

test('asha promotes the earlier of two equal trials, and never one that diverged', (t) => {
  const asha = new Asha({ resource: 'steps', min: 10, max: 30, eta: 3 });
  for (const [trial, value] of [undefined, 1, 1].entries()) asha.report({ trial, rung: 0, value, points: [] });
  const first = asha.next(true);
  t.like(first, { type: 'promote', trial: 1, reason: 'promoted at 10 steps: 1 of 3, the best 1 go on' });
  if (first !== undefined) asha.apply(first);
  asha.report({ trial: 1, rung: 1, value: 1, points: [] });
  t.like(asha.next(true), { type: 'stop', trial: 2 });
  for (const trial of [3, 4, 5]) asha.report({ trial, rung: 0, value: undefined, points: [] });
  t.like(asha.next(false), { type: 'promote', trial: 2 });
});

// ---- hyperband -------------------------------------------------------------------------------------------------------

test('the brackets of hyperband are those of algorithm 1 for R = 81, eta = 3', (t) => {
  t.deepEqual(bracketPlans({ min: 1, max: 81, eta: 3 }), [
    { trials: 81, rungs: [1, 3, 9, 27, 81] },
    { trials: 34, rungs: [3, 9, 27, 81] },
    { trials: 15, rungs: [9, 27, 81] },
    { trials: 8, rungs: [27, 81] },
    { trials: 5, rungs: [81] },
  ]);
});

test('a bracket passes on the best floor(n/eta) of each full rung, whatever arrives first', (t) => {
  for (const lanes of [1, 3, 7]) {
    const { jobs, notes } = play(new Hyperband({ resource: 'epochs', min: 1, max: 9, eta: 3 }), 17, (trial) => (trial * 7) % 17, lanes);
    // Bracket 1: trials 0..8 at 1, the best three of (0 7 14 4 11 1 8 15 5) at 3, the best one at 9.
    t.deepEqual(
      jobs.filter((job) => Number.parseInt(job, 10) < 9).toSorted(),
      [...Array.from({ length: 9 }, (_, trial) => `${trial}@1`), '0@3', '3@3', '5@3', '0@9'].toSorted(),
    );
    // Bracket 2: five trials at 3, the best one at 9; bracket 3: three at 9.
    const later = jobs.filter((job) => Number.parseInt(job, 10) >= 9).toSorted();
    t.deepEqual(later, ['10@3', '10@9', '11@3', '12@3', '13@3', '14@9', '15@9', '16@9', '9@3']);
    t.is(notes[9], 'in bracket 2: 5 trials, compared at 3, 9 epochs');
    t.is(notes[14], 'in bracket 3: 3 trials, compared at 9 epochs');
  }
});

test('a bracket that the sweep leaves short still passes on its best trial', (t) => {
  const { jobs, decisions } = play(new Hyperband({ resource: 'steps', min: 1, max: 9, eta: 3 }), 2, (trial) => trial, 2);
  t.deepEqual(jobs, ['0@1', '1@1', '0@3', '0@9']);
  t.deepEqual(
    decisions.map(({ reason }) => reason),
    [
      'promoted at 1 step of bracket 1: 1 of 2, the best 1 go on',
      'stopped at 1 step of bracket 1: 2 of 2, the best 1 go on',
      'promoted at 3 steps of bracket 1: 1 of 1, the best 1 go on',
    ],
  );
});

test('a bracket whose trials all diverge ends there', (t) => {
  const { jobs } = play(new Hyperband({ resource: 'epochs', min: 3, max: 9, eta: 3 }), 4, (trial) => (trial < 3 ? undefined : 1), 2);
  t.deepEqual(jobs, ['0@3', '1@3', '2@3', '3@9']);
});

// ---- median ----------------------------------------------------------------------------------------------------------

test('the median rule stops a trial whose best value is worse than the median of the running averages', (t) => {
  const curves = [
    [4, 2, 1],
    [6, 4, 2],
    [8, 6, 6],
    [9, 3.1, 1],
    [9, 5, 1],
    [4, 4, 4],
  ];
  const rule = new MedianStopping({ resource: 'epochs', min: 1, max: 3, startup: 3, goal: 'minimize' });
  const { jobs, decisions } = play(rule, 6, (trial, resource) => curves[trial]?.[resource - 1], 1);
  // Averages of trials 0..2 at 1: 4, 6, 8, median 6; at 2: 3, 5, 7, median 5.
  t.deepEqual(jobs, ['0@1', '0@2', '0@3', '1@1', '1@2', '1@3', '2@1', '2@2', '2@3', '3@1', '4@1', '5@1', '5@2', '5@3']);
  t.deepEqual(
    decisions.filter(({ trial }) => trial >= 2).map(({ trial, reason }) => `${trial} ${reason}`),
    [
      '2 went on at 1 epoch: only 2 trials ended before it',
      '2 went on at 2 epochs: only 2 trials ended before it',
      '3 stopped at 1 epoch: best 9 is worse than the median 6 of 3',
      '4 stopped at 1 epoch: best 9 is worse than the median 7 of 4',
      '5 went on at 1 epoch: best 4 against the median 8 of 5',
      '5 went on at 2 epochs: best 4 against the median 5 of 3',
    ],
  );
});

test('the reasons of the median rule show values as the metric has them, though lower is better inside', (t) => {
  const rule = new MedianStopping({ resource: 'steps', min: 5, max: 10, startup: 1, goal: 'maximize' });
  rule.report({ trial: 0, rung: 1, value: -0.9, points: [-0.5, -0.9] });
  rule.report({ trial: 0, rung: 0, value: -0.5, points: [-0.5] });
  const own = rule.next();
  if (own !== undefined) rule.apply(own);
  rule.report({ trial: 1, rung: 0, value: -0.25, points: [-0.25] });
  t.is(rule.next()?.reason, 'stopped at 5 steps: best 0.25 is worse than the median 0.5 of 1');
});

test('without early termination every trial has one rung, and nothing is decided', (t) => {
  t.deepEqual(
    play(new None(12), 3, (trial) => trial, 2),
    { jobs: ['0@12', '1@12', '2@12'], decisions: [], notes: [undefined, undefined, undefined] },
  );
});

test('next changes nothing: asked twice it says the same', (t) => {
  const asha = new Asha({ resource: 'epochs', min: 1, max: 9, eta: 3 });
  for (let trial = 0; trial < 3; trial++) asha.report({ trial, rung: 0, value: trial, points: [trial] });
  t.deepEqual(asha.next(false), asha.next(false));
});
