import { parentPort, workerData } from 'node:worker_threads';
import { abort } from '../../../src/engine/plan/control.ts';
import { Aborted, Barrier } from '../../../src/engine/rank/barrier.ts';

/** What a thread of the barrier tests is asked to do; each task has its own control words. */
export interface BarrierTask {
  control: SharedArrayBuffer;
  /** i32 per rank: the round it is in. */
  rounds: SharedArrayBuffer;
  workers: number;
  cores: number;
  spinUs: number;
  /** Rounds of two barriers; Infinity: until aborted. */
  count: number;
  /** This rank declares the run broken instead of entering this barrier. */
  abortAt?: number | undefined;
  /** Iterations of busy work between barriers, at most. */
  work?: number;
}

export interface BarrierReport {
  rank: number;
  /** Barriers left through their opening. */
  passed: number;
  aborted: boolean;
  /** hrtime (ns) of the end: the same clock in all threads. */
  endedAt: bigint;
  /** A round in which a peer was not where the barrier promises. */
  mismatch: string | undefined;
}

const { rank } = workerData as { rank: number };

function run({ control: buffer, rounds: shared, workers, cores, spinUs, count, abortAt, work = 0 }: BarrierTask): BarrierReport {
  const control = new Int32Array(buffer);
  const rounds = new Int32Array(shared);
  const barrier = new Barrier(control, rank, { workers, cores, spinUs });
  let passed = 0;
  let mismatch: string | undefined;
  let sink = rank;
  const pass = (): void => {
    if (passed === abortAt) {
      abort(control, rank);
      throw new Aborted();
    }
    barrier.wait();
    passed++;
  };
  try {
    for (let round = 1; round <= count; round++) {
      for (let i = (work * ((round * 31 + rank * 17) % 8)) / 8; i > 0; i--) sink = (sink * 1103515245 + 12345) | 0;
      // A plain store: the barrier itself must make it visible.
      rounds[rank] = round;
      pass();
      for (let peer = 0; peer < workers; peer++) {
        if (rounds[peer] !== round) mismatch ??= `round ${round}: rank ${rank} sees rank ${peer} in round ${rounds[peer]}`;
      }
      pass();
    }
  } catch (error) {
    if (!(error instanceof Aborted)) throw error;
    return { rank, passed, aborted: true, endedAt: process.hrtime.bigint(), mismatch };
  }
  return { rank, passed, aborted: false, endedAt: process.hrtime.bigint(), mismatch };
}

parentPort?.on('message', (task: BarrierTask) => parentPort?.postMessage(run(task)));
