import { epochOrder } from '../../engine/plan/order.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { ChunkRecords, recordValues, verdictOf } from '../../engine/plan/records.ts';
import { bindKernels } from '../../kernels/bind.ts';
import { compileKernels } from '../../kernels/module.ts';
import { median } from '../statistics.ts';

/** Costs that do not need a run to be measured. */
export interface Probe {
  /** Seconds of adding a float to another, both beyond the caches that a core has for itself. */
  addFloat: number;
  /** Seconds of reading a float there. */
  readFloat: number;
  /** Seconds of finding an epoch's order. */
  order: number;
  /** Seconds of combining the records of all chunks. */
  verdict: number;
}

/** Larger than a core's own caches, and as many arrays as an addition reads. */
const ARRAY_FLOATS = 2 ** 21;
const PIECE_FLOATS = 2048;
const REPEATS = 5;
const PAGE_BYTES = 65_536;

/** Measures them, in the calling thread: a few hundredths of a second. */
export function probe(plan: EnginePlan, train: Uint32Array): Probe {
  const pages = (2 * ARRAY_FLOATS * Float32Array.BYTES_PER_ELEMENT) / PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = bindKernels(compileKernels(), memory);
  const bytes = ARRAY_FLOATS * Float32Array.BYTES_PER_ELEMENT;
  const eachPiece = (run: (at: number) => void): void => {
    for (let at = 0; at < bytes; at += PIECE_FLOATS * Float32Array.BYTES_PER_ELEMENT) run(at);
  };
  const records = new ChunkRecords(
    { at: 0, bytes: recordValues(plan.chunks.length) * Float64Array.BYTES_PER_ELEMENT },
    new ArrayBuffer(recordValues(plan.chunks.length) * Float64Array.BYTES_PER_ELEMENT),
  );
  return {
    addFloat: secondsOf(() => eachPiece((at) => kernels.add(at, bytes + at, PIECE_FLOATS))) / ARRAY_FLOATS,
    readFloat: secondsOf(() => eachPiece((at) => kernels.largest(at, PIECE_FLOATS))) / ARRAY_FLOATS,
    order: secondsOf(() => epochOrder(plan.experiment, train, 0)),
    verdict: secondsOf(() => verdictOf(records)),
  };
}

/** The median of some runs, after one that does not count. */
function secondsOf(run: () => unknown): number {
  run();
  return median(
    Array.from({ length: REPEATS }, () => {
      const started = performance.now();
      run();
      return (performance.now() - started) / 1000;
    }),
  );
}
