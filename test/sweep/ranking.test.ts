import test from 'ava';
import { Ranking } from '../../src/sweep/ranking.ts';
import { Dice } from '../engine/support/samples.ts';

type Entry = readonly [value: number, number: number];

test('a ranking is the sorted list, whatever is added and taken out, also beyond what lies in one chunk', (t) => {
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  const dice = new Dice(seed);
  for (const [steps, values] of [
    [300, 5],
    [6000, 40],
    [6000, 1e9],
  ] as const) {
    const ranking = new Ranking();
    let entries: Entry[] = [];
    const sorted = (): Entry[] => entries.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (let step = 0; step < steps; step++) {
      // It grows, then shrinks to nothing.
      if (entries.length === 0 || dice.next() < (step < 0.6 * steps ? 0.9 : 0.1)) {
        const entry = [dice.int(-values, values) / 4, step] as const;
        entries.push(entry);
        ranking.add(...entry);
      } else {
        const [value, number] = entries[dice.int(0, entries.length - 1)] as Entry;
        entries = entries.filter((one) => one[1] !== number);
        t.true(ranking.delete(value, number));
        t.false(ranking.delete(value, number));
      }
      t.is(ranking.size, entries.length);
      if (step % 97 !== 0 && step < steps - 20) continue;
      const order = sorted();
      t.is(ranking.first, order[0]?.[1]);
      t.deepEqual(
        ranking.take(30),
        order.slice(0, 30).map(([, number]) => number),
      );
      const place = dice.int(0, entries.length);
      t.is(ranking.valueAt(place), order[place]?.[0]);
      const [value, number] = order[place] ?? [values, 0];
      t.is(ranking.placeOf(value, number), place);
      t.is(
        ranking.placeOf(value, -1),
        order.findIndex((one) => one[0] >= value) < 0 ? order.length : order.findIndex((one) => one[0] >= value),
      );
    }
  }
});
