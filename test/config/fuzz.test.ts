import test from 'ava';
import { fuzz, roundTrips } from './support/fuzz.ts';

const SEED = 20261123;

test(`2,000 random and mutated files (seed ${SEED}) are accepted or refused with a position, none over 1 s`, (t) => {
  const { failures, accepted, rejected } = fuzz(SEED, 2000);
  t.deepEqual(failures, []);
  // Both outcomes must be common, or the cases test little.
  t.true(accepted > 100 && rejected > 100, `${accepted} accepted, ${rejected} rejected`);
});

test(`1,000 random experiments (seed ${SEED}) are the same after they were written and read`, (t) => {
  const { failures, accepted, rejected } = roundTrips(SEED, 1000);
  t.deepEqual(failures, []);
  t.true(rejected < 20 * accepted, `${accepted} accepted, ${rejected} rejected`);
});
