import test from 'ava';
import { nativeIsas } from '../native/support/native.ts';
import { compareCode } from './support/code-runs.ts';

const SEED = Math.floor(Math.random() * 2 ** 31);
/** A part of what scripts/check-native-runs.mjs does in full. */
const EXPERIMENTS = 6;
const WORKERS = [1, 2, 3, 7] as const;

const onNative = nativeIsas().length > 0 ? test.serial : test.skip;

onNative(
  `N6 ${EXPERIMENTS} random experiments have the bits of WebAssembly by machine code, workers 1, 2, 3, 7 (seed ${SEED})`,
  async (t) => {
    t.timeout(300_000);
    t.deepEqual(await compareCode(SEED, EXPERIMENTS, (index) => [WORKERS[index % 4]!, WORKERS[(index + 1) % 4]!]), []);
  },
);
