import { readdirSync } from 'node:fs';
import test from 'ava';
import { nativeIsas } from '../../native/support/native.ts';
import { compareShipped, shippedExperiments } from '../support/shipped.ts';

/** A part of what scripts/check-native-runs.mjs does in full: another worker count for each. */
const WORKERS = [1, 2, 3, 7] as const;

const onNative = nativeIsas().length > 0 ? test.serial : test.skip;

onNative('N6 every experiment that is shipped, shortened, has the digest and the metrics of WebAssembly by machine code', async (t) => {
  t.timeout(300_000);
  t.deepEqual(await compareShipped((index) => [WORKERS[index % 4]!]), []);
});

test('every experiment file that is shipped is among them', (t) => {
  const shipped = readdirSync(new URL('../../../../configs/', import.meta.url)).filter(
    (name) => name.endsWith('.yaml') && !/^(?:sweep|speedup)-/.test(name),
  );
  t.deepEqual(
    shippedExperiments('')
      .map(({ file }) => file)
      .toSorted(),
    shipped.toSorted(),
  );
});
