import type { ExecutionConfig } from '../schema.ts';

/** Something to run on one or more cores. */
export interface Task {
  /** Smaller comes first: what the next decision waits for. */
  readonly priority: readonly [number, number];
  /** More have no use. */
  readonly maxWorkers: number;
  /** Runs to an end, of whatever kind; never rejects. @returns whether it is to be run again, because `pause` was called */
  run(workers: number): Promise<boolean>;
  /** Asks it to stop where it can go on later; `isDropped`: nobody will ask for that. */
  pause(isDropped?: boolean): void;
  /** Seconds that it still takes; undefined as long as that is unknown. */
  secondsLeft(): number | undefined;
}

/** A restart from a checkpoint costs some 50 ms; a shorter rest is not worth it. */
const WORTH_SECONDS = 2;
const LOOK_MS = 250;

/**
 * Shares the cores among tasks: by default one worker each, as many side by side as there are cores, which is nearly linear; when fewer
 * tasks are left than cores, the remaining ones get more workers, by a restart from their checkpoint. How many workers a trial has never
 * changes a bit of it.
 */
export class Crew {
  readonly #cores: number;
  readonly #limit: number;
  readonly #least: number;
  readonly #isElastic: boolean;
  readonly #queue: Task[] = [];
  readonly #running = new Map<Task, number>();
  readonly #onIdle: () => void;
  #looking: NodeJS.Timeout | undefined;
  /** When a core became idle with nothing to do. */
  #idleSince: number | undefined;
  /** Paused for good. */
  readonly #dropped = new WeakSet<Task>();
  #isScheduled = false;
  #isStopped = false;

  /** @param onIdle  called whenever no task is left */
  constructor(
    { trials, workers_per_trial: workers }: Pick<ExecutionConfig, 'trials' | 'workers_per_trial'>,
    cores: number,
    onIdle: () => void,
  ) {
    this.#cores = cores;
    this.#isElastic = workers === 'auto';
    this.#least = workers === 'auto' ? (trials === 'auto' ? 1 : Math.max(1, Math.floor(cores / trials))) : workers;
    this.#limit = trials === 'auto' ? Math.max(1, Math.floor(cores / this.#least)) : trials;
    this.#onIdle = onIdle;
  }

  /** Tasks side by side, at most. */
  get limit(): number {
    return this.#limit;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#running.size === 0;
  }

  /** Tasks that wait for a core. */
  get waiting(): number {
    return this.#queue.length;
  }

  push(task: Task): void {
    if (this.#isStopped) {
      this.#schedule();
      return;
    }
    const at = this.#queue.findIndex(({ priority }) => compare(task.priority, priority) < 0);
    this.#queue.splice(at < 0 ? this.#queue.length : at, 0, task);
    this.#schedule();
  }

  /** Forgets tasks that wait, and pauses those that run. */
  drop(isDropped: (task: Task) => boolean): void {
    for (let i = this.#queue.length - 1; i >= 0; i--) if (isDropped(this.#queue[i] as Task)) this.#queue.splice(i, 1);
    for (const task of [...this.#running.keys()].filter(isDropped)) {
      this.#dropped.add(task);
      task.pause(true);
    }
    this.#schedule();
  }

  /** Whether a task runs, not only waits. */
  isRunning(isMeant: (task: Task) => boolean): boolean {
    return [...this.#running.keys()].some(isMeant);
  }

  /** Nothing is started any more; what runs is paused. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#looking);
    this.#queue.length = 0;
    for (const task of this.#running.keys()) task.pause();
    this.#schedule();
  }

  start(): void {
    if (this.#isElastic) this.#looking = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Later, so that tasks pushed together are seen together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#fill();
      if (this.isIdle) this.#onIdle();
    });
  }

  #fill(): void {
    for (;;) {
      const slots = this.#limit - this.#running.size;
      const share = Math.floor(this.#free / Math.max(1, Math.min(slots, this.#queue.length)));
      const workers = this.#isElastic ? Math.max(this.#least, share) : this.#least;
      if (slots <= 0 || (this.#isElastic && this.#running.size > 0 && this.#free < this.#least)) return;
      const task = this.#queue.shift();
      if (task === undefined) return;
      void this.#run(task, Math.min(workers, task.maxWorkers));
    }
  }

  get #free(): number {
    let used = 0;
    for (const workers of this.#running.values()) used += workers;
    return this.#cores - used;
  }

  async #run(task: Task, workers: number): Promise<void> {
    this.#running.set(task, workers);
    const isPaused = await task.run(workers);
    this.#running.delete(task);
    if (isPaused && !this.#dropped.has(task)) this.push(task);
    else this.#schedule();
  }

  /** Idle cores go to the task that the next decision waits for. */
  #look(): void {
    const isIdle = this.#queue.length === 0 && this.#free > 0 && this.#running.size > 0;
    if (!isIdle) {
      this.#idleSince = undefined;
      return;
    }
    this.#idleSince ??= performance.now();
    if (performance.now() - this.#idleSince < 2 * LOOK_MS) return;
    this.#idleSince = undefined;
    const worth = [...this.#running].filter(
      ([task, workers]) => workers < task.maxWorkers && (task.secondsLeft() ?? 0) > WORTH_SECONDS * (1 + workers / this.#free),
    );
    const [first] = worth.toSorted(([a], [b]) => compare(a.priority, b.priority));
    first?.[0].pause();
  }
}

function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}
