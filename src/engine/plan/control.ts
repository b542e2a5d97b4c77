/**
 * The control words at the start of a run's shared memory: i32, two cache lines each, because processors fetch lines in pairs: no two
 * writers share a pair.
 *
 *   word          written by                      read by
 *   abort         whoever sees a failure first    everyone, in every wait; 0, or 1 + rank (workers + 1: the coordinator)
 *   generation    the last to arrive              the waiting ranks; counts completed barriers
 *   arrivals      every rank, or the last of      the last to arrive, who sets it back to 0
 *                 each group, atomically
 *   sleepers      ranks about to sleep            the last to arrive, who skips the wake-up call at 0
 *   stopRequest   the coordinator                 rank 0, between the barriers of a step
 *   stopAgreed    rank 0                          all ranks, after the second barrier: they leave at the same step
 *   stepsDone     rank 0                          the coordinator, for progress and for metrics as the run goes
 *
 * then per rank one line: `arrived` (barriers entered: tells who is missing), `beat` (kernel calls so far: the watchdog's sign of life),
 * `call` (index in the program of the kernel call under way), `step` (the step under way, counted from the segment's first; stepsDone may
 * lag behind it: it tells where a rank died), and one line of f64 with the seconds spent per phase; then per group of GROUP_RANKS ranks one
 * line with its `arrivals`.
 */
const LINE_BYTES = 128;
const LINE_WORDS = LINE_BYTES / Int32Array.BYTES_PER_ELEMENT;

export const WORD = {
  abort: 0,
  generation: LINE_WORDS,
  arrivals: 2 * LINE_WORDS,
  sleepers: 3 * LINE_WORDS,
  stopRequest: 4 * LINE_WORDS,
  stopAgreed: 5 * LINE_WORDS,
  stepsDone: 6 * LINE_WORDS,
} as const;

const COMMON_LINES = 7;
const RANK_LINES = 2;

/** Ranks that count their arrivals at a barrier on a line of their own: a line that all of many cores write takes them one after the other. */
export const GROUP_RANKS = 8;

/** Bytes of the control region. */
export function controlBytes(workers: number): number {
  return (COMMON_LINES + RANK_LINES * workers + Math.ceil(workers / GROUP_RANKS)) * LINE_BYTES;
}

/** Index (i32) of the arrivals of a rank's group, among `workers` ranks. */
export function groupArrivals(rank: number, workers: number): number {
  return (COMMON_LINES + RANK_LINES * workers + Math.floor(rank / GROUP_RANKS)) * LINE_WORDS;
}

/** Index (i32) of a rank's own words. */
export function rankWords(rank: number): { arrived: number; beat: number; call: number; step: number } {
  const line = (COMMON_LINES + RANK_LINES * rank) * LINE_WORDS;
  return { arrived: line, beat: line + 1, call: line + 2, step: line + 3 };
}

/** Where the time of a rank goes, in seconds since the start of the run. */
export interface PhaseSeconds {
  compute: number;
  wait: number;
  reduce: number;
}

/** f64[4] of a rank: compute, wait, reduce; and of rank 0 in a team, the part of its wait that it spends with the other members. */
export function rankClocks(buffer: ArrayBufferLike, rank: number): Float64Array {
  return new Float64Array(buffer, (COMMON_LINES + RANK_LINES * rank + 1) * LINE_BYTES, 4);
}

/** Declares the run broken; the first cause wins, and a broken run stays broken. Wakes every sleeper. */
export function abort(control: Int32Array, by: number): void {
  Atomics.compareExchange(control, WORD.abort, 0, by + 1);
  Atomics.notify(control, WORD.generation);
}
