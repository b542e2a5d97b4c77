import test from 'ava';
import { Dice } from '../../engine/support/samples.ts';
import { faultsAtEdges, WAYS } from '../support/judge.ts';
import type { ProductKind } from '../support/products.ts';
import { randomBounds } from '../support/shapes.ts';

const SEED = 20261129;
const SPARSE: readonly ProductKind[] = ['sparse forward', 'sparse gradient'];
const SHARES = [0, 0.5, 0.9, 1];

for (const way of WAYS) {
  for (const kind of SPARSE) {
    test(`${kind} has the kernel's bits at every edge, special values among them: ${way.title}`, (t) => {
      t.true(way.edges(kind).length > 40);
      t.deepEqual(faultsAtEdges(way, kind, SEED), []);
    });
  }

  test(`sparse forward has the kernel's bits with no zero and with nothing else: ${way.title}`, (t) => {
    const dice = new Dice(SEED);
    // In place, two rows at a time, and in blocks; one row of two may be the longer one.
    for (const [m, n, k] of [
      [5, 21, 40],
      [49, 10, 40],
      [50, 10, 3],
      [48, 70, 30],
      [48, 70, 120],
    ] as const) {
      for (const zeros of SHARES) {
        const product = { kind: 'sparse forward' as const, m, n, k, hasBias: true, relu: true };
        t.is(way.fault(product, dice, { zeros, special: 0 }), undefined, `${JSON.stringify(product)}, ${zeros} zeros`);
      }
    }
  });

  test(`sparse gradient has the kernel's bits for every number of leaves up to 40, with and without rows: ${way.title}`, (t) => {
    const dice = new Dice(SEED);
    for (let leaves = 1; leaves <= 40; leaves++) {
      const bounds = randomBounds(dice, dice.int(1, 20), leaves, true);
      const product = { kind: 'sparse gradient' as const, i: 16 + (leaves % 5), o: 9, xWidth: 21, bounds };
      t.is(way.fault(product, dice, { zeros: dice.pick(SHARES), special: 0.01 }), undefined, JSON.stringify(product));
    }
  });
}
