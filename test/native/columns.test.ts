import test from 'ava';
import { Columns, split } from '../../src/native/columns.ts';
import { AVX2, AVX512 } from '../../src/native/isa.ts';

test('a total is split into the fewest parts of at most so much, that differ by one, larger ones first', (t) => {
  t.deepEqual(split(0, 4), []);
  for (let total = 1; total <= 60; total++) {
    for (let most = 1; most <= 15; most++) {
      const parts = split(total, most).flatMap(({ size, count }) => Array.from({ length: count }, () => size));
      t.is(
        parts.reduce((sum, part) => sum + part, 0),
        total,
      );
      t.is(parts.length, Math.ceil(total / most));
      t.true(Math.max(...parts) - Math.min(...parts) <= 1);
      t.deepEqual(
        parts,
        parts.toSorted((a, b) => b - a),
      );
    }
  }
});

test('panels cover all vectors once, in order, and only the very last one has a tail', (t) => {
  for (const isa of [AVX2, AVX512]) {
    for (let count = 1; count <= 8 * isa.lanes + 1; count += 3) {
      const columns = new Columns(isa, count, 0);
      for (const most of [1, 2, 3, 8]) {
        for (const perGroup of [1, 2, 5, 100]) {
          let next = 0;
          const tails: boolean[] = [];
          for (const { first, runs } of columns.groups(most, perGroup)) {
            t.is(first, next);
            t.true(runs.reduce((sum, run) => sum + run.count, 0) <= perGroup);
            for (const run of runs) {
              t.true(run.vectors <= most);
              next += run.vectors * run.count;
              for (let i = 0; i < run.count; i++) tails.push(run.hasTail);
            }
          }
          t.is(next, Math.ceil(count / isa.lanes));
          t.is(tails.pop(), count % isa.lanes > 0);
          t.false(tails.includes(true));
        }
      }
    }
  }
});
