import test from 'ava';
import { Asha } from '../../../src/sweep/schedulers/asha.ts';
import { Hyperband } from '../../../src/sweep/schedulers/hyperband.ts';
import { MedianStopping } from '../../../src/sweep/schedulers/median.ts';
import type { Report, RungDecision, Scheduler } from '../../../src/sweep/schedulers/scheduler.ts';
import { Dice } from '../../engine/support/samples.ts';
import { PlainAsha, PlainHyperband, PlainMedian } from '../support/plain-schedulers.ts';

const halving = (eta: number, max: number) => ({ resource: 'epochs', min: 1, max, eta }) as const;
const median = { resource: 'epochs', min: 1, max: 5, startup: 3, goal: 'maximize' } as const;

const PAIRS: [title: string, quick: () => Scheduler, plain: () => Scheduler][] = [
  ['asha', () => new Asha(halving(3, 9)), () => new PlainAsha(halving(3, 9))],
  ['asha of eta 2', () => new Asha(halving(2, 8)), () => new PlainAsha(halving(2, 8))],
  ['hyperband', () => new Hyperband(halving(3, 9)), () => new PlainHyperband(halving(3, 9))],
  ['median', () => new MedianStopping(median), () => new PlainMedian(median)],
];

for (const [title, quick, plain] of PAIRS) {
  test(`${title}: decisions and their reasons are those of the plain definition, whatever comes in which order, also again after a failure`, (t) => {
    const seed = Date.now() % 2 ** 31;
    t.log(`seed ${seed}`);
    const dice = new Dice(seed);
    for (let sweep = 0; sweep < 25; sweep++) {
      const [a, b] = [quick(), plain()];
      const total = dice.int(1, 60);
      const running: { trial: number; rung: number }[] = [];
      const failed: { trial: number; rung: number }[] = [];
      let started = 0;
      let isAgain = false;
      for (;;) {
        const isQuiet = started === total && running.length === 0;
        const decision: RungDecision | undefined = a.next(isQuiet);
        t.deepEqual(decision, b.next(isQuiet), `seed ${seed}, sweep ${sweep}`);
        if (decision !== undefined) {
          for (const one of [a, b]) one.apply(decision);
          if (decision.type === 'promote') running.push({ trial: decision.trial, rung: decision.rung + 1 });
        } else if (started < total && (running.length === 0 || dice.next() < 0.5)) {
          t.is(a.start(started), b.start(started));
          t.deepEqual(a.rungs(started), b.rungs(started));
          running.push({ trial: started++, rung: 0 });
          if (started === total) for (const one of [a, b]) one.close();
        } else if (running.length > 0) {
          const [job] = running.splice(dice.int(0, running.length - 1), 1);
          if (job === undefined) continue;
          // Few values, so that many are equal.
          const points = Array.from({ length: job.rung + 1 }, () => dice.int(0, 6) / 8);
          const hasFailed = dice.next() < 0.15;
          if (hasFailed) failed.push(job);
          const report: Report = { ...job, value: hasFailed ? undefined : points.at(-1), points: hasFailed ? [] : points };
          for (const one of [a, b]) one.report(report);
        } else if (!isAgain && failed.length > 0) {
          isAgain = true;
          running.push(...failed.splice(0));
        } else break;
      }
    }
  });

  test(`${title}: what a result costs does not grow with the trials before it`, (t) => {
    let reads = 0;
    const count = 3000;
    const scheduler = quick();
    const report = (trial: number, rung: number): Report => ({
      trial,
      rung,
      get value() {
        reads++;
        return (trial * 7919) % 1009;
      },
      get points() {
        reads++;
        return Array.from({ length: rung + 1 }, () => trial % 101);
      },
    });
    const settle = (): void => {
      for (let decision = scheduler.next(false); decision !== undefined; decision = scheduler.next(false)) {
        scheduler.apply(decision);
        if (decision.type === 'promote') scheduler.report(report(decision.trial, decision.rung + 1));
      }
    };
    for (let trial = 0; trial < count; trial++) {
      scheduler.start(trial);
      scheduler.report(report(trial, 0));
      settle();
    }
    // A trial comes to five rungs at most, and is read a few times at each.
    t.true(reads < 50 * count, `${reads} reads of ${count} trials`);
  });
}
