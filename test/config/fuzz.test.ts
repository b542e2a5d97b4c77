import test from 'ava';
import { fuzz, roundTrips } from './support/fuzz.ts';

const SEED = 20261123;

test(`1,000 random and mutated files (seed ${SEED}) are accepted or refused with a position, none over 1 s`, (t) => {
  const { failures, accepted, rejected } = fuzz(SEED, 1000);
  t.deepEqual(failures, []);
  // Both outcomes must be common, or the cases test little.
  t.true(accepted > 20 && rejected > 20, `${accepted} accepted, ${rejected} rejected`);
});

test(`200 random experiments (seed ${SEED}) are the same after they were written and read`, (t) => {
  const { failures, accepted, rejected } = roundTrips(SEED, 200);
  t.deepEqual(failures, []);
  t.true(rejected < 20 * accepted, `${accepted} accepted, ${rejected} rejected`);
});
