import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { conventionHere } from '../../../src/native/routine.ts';
import { RoutineStore } from '../../../src/native/store.ts';
import { Dice } from '../../engine/support/samples.ts';
import { mappings } from './mappings.ts';
import { nativeIsas } from './native.ts';
import type { ThreadWork } from './native-thread.ts';
import { faultOf, makeTrial } from './trial.ts';

const ENTRY = fileURLToPath(new URL('./native-thread.js', import.meta.url));
const AT_ONCE = 4;
const CALLS = 3;
/** Of 64 KiB, for the operands of all that run at a time. */
const PAGES = 16;
const LINE_BYTES = 64;
/** Threads that show what koffi keeps for each thread to the end of the process: three mappings in 3.3.4. */
const CONTROLS = 24;

export interface ThreadReport {
  threads: number;
  faults: string[];
  /** Mappings that stay for each thread which only loads koffi, and for each that calls native code; 0 where they cannot be counted. */
  keptByKoffi: number;
  kept: number;
}

const countMappings = (): number => (process.platform === 'linux' ? mappings().length : 0);

/** Starts threads that call a routine, some at a time; of each two, one ends by itself, the other is ended in the middle of its calls. */
export async function startAndStop(count: number, seed: number): Promise<ThreadReport> {
  const [isa] = nativeIsas();
  if (isa === undefined) throw new Error('this processor has no routines');
  const trial = makeTrial(isa, { kind: 'forward', m: 9, n: 37, k: 21, hasBias: true, relu: true }, new Dice(seed));
  const store = new RoutineStore();
  const key = 'threads';
  store.place([{ key, args: trial.before.length, code: trial.specialised.make(conventionHere()).code() }]);
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  let next = LINE_BYTES;
  const lanes = Array.from({ length: AT_ONCE }, () =>
    trial.before.map((words) => {
      const place = new Int32Array(memory.buffer, next, words.length);
      next += Math.ceil(words.byteLength / LINE_BYTES) * LINE_BYTES;
      return place;
    }),
  );
  const faults: string[] = [];

  const one = async (index: number, places: readonly Int32Array[], isControl: boolean): Promise<void> => {
    for (const [i, place] of places.entries()) place.set(trial.before[i]!);
    const isEndless = !isControl && index % 2 === 1;
    const routine = isControl ? undefined : store.find(key);
    const workerData: ThreadWork = { routine, memory, offsets: places.map(({ byteOffset }) => byteOffset), calls: CALLS, isEndless };
    const worker = new Worker(ENTRY, { workerData, stdout: true, stderr: true });
    await new Promise<void>((resolve) => {
      worker.on('error', (error) => faults.push(`thread ${index}: ${String(error)}`));
      worker.on('message', () => void (isEndless && worker.terminate()));
      worker.on('exit', (code) => {
        // A thread that is ended leaves with 1.
        if (code !== (isEndless ? 1 : 0)) faults.push(`thread ${index} left with ${code}`);
        resolve();
      });
    });
    const fault = isControl ? undefined : faultOf(trial, places);
    if (fault !== undefined) faults.push(`thread ${index}: ${fault}`);
  };

  /** @returns mappings that stay for each of the threads */
  const run = async (threads: number, isControl: boolean): Promise<number> => {
    const before = countMappings();
    let started = 0;
    const lane = async (places: readonly Int32Array[]): Promise<void> => {
      while (started < threads) await one(started++, places, isControl);
    };
    await Promise.all(lanes.map(lane));
    return (countMappings() - before) / threads;
  };
  // What the process keeps for any threads at all is there after the first ones.
  await run(2 * AT_ONCE, true);
  const keptByKoffi = await run(CONTROLS, true);
  const kept = await run(count, false);
  return { threads: count, faults, keptByKoffi, kept };
}
