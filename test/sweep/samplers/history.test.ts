import test from 'ava';
import { History, historyOf } from '../../../src/sweep/samplers/history.ts';
import { makeSampler } from '../../../src/sweep/samplers/index.ts';
import type { Observation } from '../../../src/sweep/samplers/sampler.ts';
import { MOST_OBSERVATIONS } from '../../../src/sweep/samplers/tpe.ts';
import { categorical } from '../../../src/sweep/space/distributions.ts';
import { Dice } from '../../engine/support/samples.ts';
import { conditional, spaceOf } from '../support/functions.ts';

const finite = spaceOf(['a', 'b', 'c'].map((key) => ({ name: key, keys: [key], distribution: categorical([1, 2, 3, 4]), conditions: [] })));

/** Trials at random points; every tenth has no value. */
function observations(count: number, space = conditional.space): Observation[] {
  const random = makeSampler('random', space, 1);
  return Array.from({ length: count }, (_, number) => {
    const value = number % 10 === 9 ? undefined : (number * 7919) % 1009;
    return { number, assignment: random.suggest(number, []) ?? {}, value };
  });
}

test('a history that is kept up to date is the one made anew of the same observations', (t) => {
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  const dice = new Dice(seed);
  const history = new History();
  const known = new Map<number, Observation>();
  const pool = observations(200, finite);
  for (let step = 0; step < 1000; step++) {
    const one = { ...dice.pick(pool), value: dice.next() < 0.1 ? undefined : dice.int(0, 20) };
    if (dice.next() < 0.7) {
      history.set(one);
      known.set(one.number, one);
    } else {
      history.delete(one.number);
      known.delete(one.number);
    }
    if (step % 25 !== 0) continue;
    const fresh = new History([...known.values()]);
    t.deepEqual(history.all, fresh.all);
    t.deepEqual(history.best(12), fresh.best(12));
    const ranked = fresh.all.toSorted((a, b) => (a.value ?? Number.MAX_VALUE) - (b.value ?? Number.MAX_VALUE));
    t.deepEqual(
      history.best(12),
      ranked.slice(0, 12).toSorted((a, b) => a.number - b.number),
    );
    t.is(
      history.has(one.assignment),
      fresh.all.some(({ assignment }) => JSON.stringify(assignment) === JSON.stringify(one.assignment)),
    );
    t.is(historyOf(history.all), history);
  }
});

for (const method of ['random', 'tpe', 'cmaes'] as const) {
  test(`${method}: the same is suggested from a history that is kept as from a list of observations`, (t) => {
    const [kept, listed] = [makeSampler(method, finite, 3), makeSampler(method, finite, 3)];
    const all = observations(150, finite);
    const history = new History();
    for (const [number, one] of all.entries()) {
      if (number % 7 === 0) t.deepEqual(kept.suggest(number, history.all), listed.suggest(number, all.slice(0, number)));
      history.set(one);
    }
  });
}

test(`tpe looks at ${MOST_OBSERVATIONS} observations at most, the good ones and the latest, however many there are`, (t) => {
  const count = 10 * MOST_OBSERVATIONS;
  const looked = new Set<number>();
  const all = observations(count).map(({ number, assignment, value }) => ({
    number,
    value,
    get assignment() {
      looked.add(number);
      return assignment;
    },
  }));
  const history = new History(all);
  const suggestion = makeSampler('tpe', conditional.space, 3).suggest(count, history.all);
  t.is(looked.size, MOST_OBSERVATIONS);
  const good = history.best(25).map(({ number }) => number);
  const isGood = new Set(good);
  const latest = all.filter(({ number }) => !isGood.has(number)).slice(-(MOST_OBSERVATIONS - good.length));
  t.deepEqual(
    [...looked].toSorted((a, b) => a - b),
    [...good, ...latest.map(({ number }) => number)].toSorted((a, b) => a - b),
  );
  t.notDeepEqual(suggestion, makeSampler('tpe', conditional.space, 3, 2).suggest(count, history.all), 'a sweep of version 2 looks at all');
});

test('tpe: up to the most that count, sweeps of all versions are suggested the same', (t) => {
  const all = observations(MOST_OBSERVATIONS);
  const [now, before] = [makeSampler('tpe', conditional.space, 3), makeSampler('tpe', conditional.space, 3, 2)];
  for (const count of [11, 300, MOST_OBSERVATIONS])
    t.deepEqual(now.suggest(count, all.slice(0, count)), before.suggest(count, all.slice(0, count)));
});
