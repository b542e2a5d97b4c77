import { GraphIndex } from '../../graph/graph.ts';
import { opType } from '../../graph/op.ts';
import { rankWords } from '../plan/control.ts';
import type { EnginePlan } from '../plan/plan.ts';

const TICK_MS = 250;
/** A tick this late means that the whole process stood still (stopped, suspended, throttled): nobody is to blame. */
const LATE_MS = 1000;
const MIN_HANG_MS = 10_000;
/** Even so slow a machine gets 20 times the length of the largest kernel call. */
const SLOWEST_FLOPS_PER_SECOND = 1e9;

/** A rank that gave no sign of life. */
export interface Hang {
  rank: number;
  /** Index of the kernel call it is in. */
  call: number;
  seconds: number;
}

/**
 * Watches the ranks' signs of life while a task runs. Its timer also keeps the process alive while the coordinator only waits
 * for other threads.
 */
export class Supervisor {
  readonly #control: Int32Array;
  readonly #workers: number;
  readonly #limitMs: number;
  readonly #onHang: (hang: Hang) => void;
  /** Ranks whose task has ended: they have a right to be silent. */
  readonly #ended = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(control: Int32Array, workers: number, limitMs: number, onHang: (hang: Hang) => void) {
    this.#control = control;
    this.#workers = workers;
    this.#limitMs = limitMs;
    this.#onHang = onHang;
  }

  start(): void {
    let signs = this.#signsOfLife();
    let movedAt = performance.now();
    let tickAt = movedAt;
    this.#timer = setInterval(() => {
      const now = performance.now();
      const current = this.#signsOfLife();
      const stoodStill = now - tickAt > TICK_MS + LATE_MS;
      if (stoodStill || current.some((sign, i) => sign !== signs[i])) movedAt = now;
      signs = current;
      tickAt = now;
      if (now - movedAt > this.#limitMs) {
        this.stop();
        this.#onHang({ ...this.#laggard(), seconds: (now - movedAt) / 1000 });
      }
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A rank's task has ended, in whatever way. */
  ended(rank: number): void {
    this.#ended.add(rank);
  }

  #signsOfLife(): number[] {
    return Array.from({ length: this.#workers }, (_, rank) => {
      const { arrived, beat } = rankWords(rank);
      return Atomics.load(this.#control, arrived) + Atomics.load(this.#control, beat);
    });
  }

  /** The rank still at work that entered the fewest barriers: the others wait for it. */
  #laggard(): { rank: number; call: number } {
    const arrived = (rank: number): number => Atomics.load(this.#control, rankWords(rank).arrived);
    let rank: number | undefined;
    for (let r = 0; r < this.#workers; r++) {
      if (!this.#ended.has(r) && (rank === undefined || arrived(r) < arrived(rank))) rank = r;
    }
    const found = rank ?? 0;
    return { rank: found, call: Atomics.load(this.#control, rankWords(found).call) };
  }
}

/** How long the ranks of a plan may show no sign of life: 10 s, or longer where a single kernel call may take that long. */
export function hangLimitMs(plan: EnginePlan): number {
  const rows = Math.max(plan.batches.batchRows, plan.experiment.train.eval.batch_size);
  const { graph } = plan.network;
  const { shapeOf } = new GraphIndex(graph);
  const largest = Math.max(...graph.ops.map((op) => opType(op).flops?.(op, shapeOf).forward ?? 0));
  return Math.max(MIN_HANG_MS, (20_000 * rows * largest) / SLOWEST_FLOPS_PER_SECOND);
}
