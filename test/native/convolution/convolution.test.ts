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

  test(`gradients of weight and bias have the kernel's bits for every number of leaves up to 20: ${way.title}`, (t) => {
    const dice = new Dice(SEED);
    const shape = geometry({ height: 3, width: 4, channels: 2, filters: 9, kernel: [2, 2] });
    for (let leaves = 1; leaves <= 20; leaves++) {
      for (const kind of ['conv weight gradient', 'conv bias gradient'] as const) {
        const product = { kind, geometry: shape, bounds: randomBounds(dice, 20 + (leaves % 3), leaves, false) };
        t.is(way.fault(product, dice, { zeros: 0.4, special: 0.01 }), undefined, JSON.stringify(product));
      }
    }
  });

  test(`pictures as lanes have the kernel's bits for any number of them: ${way.title}`, (t) => {
    const dice = new Dice(SEED);
    for (const padding of [0, 1] as const) {
      const shape = geometry({ height: 5, width: 17, channels: 1, filters: 3, padding: [padding, padding] });
      for (const rows of [1, 2, 7, 8, 9, 13, 15, 16, 17, 24, 31, 32, 33]) {
        const forward = { kind: 'conv forward' as const, rows, geometry: shape, hasBias: true, relu: true };
        t.is(way.fault(forward, dice, { zeros: 0.2, special: 0.01 }), undefined, JSON.stringify(forward));
        const gradient = { kind: 'conv input gradient' as const, rows, geometry: { ...shape, channels: 3, filters: 2 } };
        t.is(way.fault(gradient, dice, { zeros: 0.2, special: 0.01 }), undefined, JSON.stringify(gradient));
      }
    }
  });
}
