import test from 'ava';
import { fuzzTables } from './support/fuzz.ts';

const seed = Date.now() % 2 ** 32;

for (const [format, count] of [
  ['csv', 300],
  ['parquet', 60],
] as const) {
  test(`mutated ${format} files are read, or refused with their place`, async (t) => {
    t.log(`seed ${seed}`);
    const { accepted, rejected, failures } = await fuzzTables(format, seed, count);
    t.deepEqual(failures, []);
    t.is(accepted + rejected, count);
    t.true(accepted > 0 && rejected > 0);
  });
}
