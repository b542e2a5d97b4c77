import test from 'ava';
import { nativeIsas } from './support/native.ts';
import { startAndStop } from './support/threads.ts';

/** A part of what scripts/native-threads.mjs does in full. */
const THREADS = 48;

const onNative = nativeIsas().length > 0 ? test : test.skip;

onNative(
  `${THREADS} threads that call native code come and go, half of them ended in a call, and leave no more than koffi does`,
  async (t) => {
    const { threads, faults, keptByKoffi, kept } = await startAndStop(THREADS, 1);
    t.deepEqual(faults, []);
    t.is(threads, THREADS);
    t.true(kept < keptByKoffi + 1, `${kept} mappings a thread, ${keptByKoffi} by koffi`);
  },
);
