import { parentPort, workerData } from 'node:worker_threads';
import type { PlacedRoutine } from '../../../src/native/store.ts';
import { addressOf, callable } from '../../../src/native/system/foreign.ts';

/** What a thread computes: a routine on operands in a memory that all threads share. */
export interface ThreadWork {
  /** Without, the thread only gets ready to call. */
  routine: PlacedRoutine | undefined;
  memory: WebAssembly.Memory;
  /** Byte offsets of the routine's arguments. */
  offsets: readonly number[];
  calls: number;
  /** Goes on after that until it is ended. */
  isEndless: boolean;
}

const { routine, memory, offsets, calls, isEndless } = workerData as ThreadWork;
const base = addressOf(memory);
const call = routine === undefined ? (): void => undefined : callable(routine.address, routine.args);
const run = (): void => void call(...offsets.map((offset) => base + offset));
for (let i = 0; i < calls; i++) run();
parentPort?.postMessage('computed');
for (let i = 0; i < (isEndless ? Number.POSITIVE_INFINITY : 0); i++) run();
