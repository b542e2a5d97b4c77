import test from 'ava';
import { BINARY_FORMATS, fuzzArrays } from '../support/fuzz-arrays.ts';

const SEED = 20_260_728;
const COUNT = 300;

for (const format of BINARY_FORMATS) {
  test(`${COUNT} mutated ${format} files give numbers, or an error with its place (seed ${SEED})`, async (t) => {
    t.timeout(120_000);
    const { accepted, rejected, failures } = await fuzzArrays(format, SEED, COUNT);
    t.deepEqual(failures, []);
    t.is(accepted + rejected, COUNT);
    t.true(accepted > 0 && rejected > COUNT / 3, `${accepted} accepted, ${rejected} rejected`);
  });
}
