import test from 'ava';
import { Dice } from '../../engine/support/samples.ts';
import { geometry } from '../../kernels/support/geometries.ts';
import { faultsAtEdges, WAYS } from '../support/judge.ts';
import { CONV_KINDS, POOL_KINDS } from '../support/products.ts';
import { randomBounds } from '../support/shapes.ts';

const SEED = 20261129;

for (const way of WAYS) {
  for (const kind of [...CONV_KINDS, ...POOL_KINDS]) {
    test(`${kind} has the kernel's bits at every edge, special values among them: ${way.title}`, (t) => {
      t.true(way.edges(kind).length >= 39);
      t.deepEqual(faultsAtEdges(way, kind, SEED), []);
    });
  }

  test(`conv weight gradient has the kernel's bits for every number of leaves up to 20: ${way.title}`, (t) => {
    const dice = new Dice(SEED);
    const shape = geometry({ height: 3, width: 4, channels: 2, filters: 9, kernel: [2, 2] });
    for (let leaves = 1; leaves <= 20; leaves++) {
      const product = {
        kind: 'conv weight gradient' as const,
        geometry: shape,
        bounds: randomBounds(dice, 20 + (leaves % 3), leaves, false),
      };
      t.is(way.fault(product, dice, { zeros: 0.4, special: 0.01 }), undefined, JSON.stringify(product));
    }
  });
}
