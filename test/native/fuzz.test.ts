import test from 'ava';
import { AVX2, AVX512 } from '../../src/native/isa.ts';
import { fuzzInterpreted, fuzzNatively } from './support/fuzz.ts';
import { nativeIsas } from './support/native.ts';

const SEED = Math.floor(Math.random() * 2 ** 31);
/** A part of what scripts/fuzz-native.mjs does in full. */
const NATIVE = 150;
const INTERPRETED = 60;

for (const isa of nativeIsas()) {
  test(`${NATIVE} random products between guard pages have the kernels' bits: ${isa.name} on this processor (seed ${SEED})`, async (t) => {
    t.deepEqual(await fuzzNatively(isa, SEED, NATIVE), []);
  });
}

for (const isa of [AVX512, AVX2]) {
  test(`${INTERPRETED} random products have the kernels' bits: ${isa.name}, interpreted (seed ${SEED})`, (t) => {
    t.deepEqual(fuzzInterpreted(isa, SEED, INTERPRETED), []);
  });
}
