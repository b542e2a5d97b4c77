import test from 'ava';
import { fuzzSweeps } from '../support/fuzz.ts';

test('mutated sweep files are read or refused with a place, never anything else; saved ones suggest the same', (t) => {
  const { accepted, rejected, failures } = fuzzSweeps(1, 150);
  t.deepEqual(failures, []);
  t.true(accepted > 10 && rejected > 10, `${accepted} accepted, ${rejected} rejected`);
});
