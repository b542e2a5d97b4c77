import test from 'ava';
import { scratchFloats } from '../../../src/kernels/sizes.ts';

const MIB = 2 ** 20 / 4;

test('scratch stays modest for large layers and large batches', (t) => {
  t.true(scratchFloats(5000, 784, 45, 16) < 2 * MIB);
  t.true(scratchFloats(1024, 2048, 2048, 16) < 2 * MIB);
  t.true(scratchFloats(64, 784, 128, 16) < 1 * MIB);
});

test('scratch for a layer is enough for every smaller one', (t) => {
  const sizes = [0, 1, 7, 64, 200, 784, 5000, 20000];
  for (const rows of sizes) {
    for (const inputs of sizes) {
      for (const outputs of sizes) {
        const here = scratchFloats(rows, inputs, outputs, 16);
        t.true(here <= scratchFloats(rows + 1, inputs, outputs, 16));
        t.true(here <= scratchFloats(rows, inputs + 1, outputs, 16));
        t.true(here <= scratchFloats(rows, inputs, outputs + 1, 16));
        t.true(here <= scratchFloats(rows, inputs, outputs, 17));
      }
    }
  }
});
