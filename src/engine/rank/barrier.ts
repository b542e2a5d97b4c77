import { GROUP_RANKS, groupArrivals, rankWords, WORD } from '../plan/control.ts';

/** Sleeps are cut into slices, so that an abort whose wake-up was missed is still seen. */
const SLEEP_SLICE_MS = 250;
/** Loads between two looks at the clock while spinning. */
const SPINS_PER_CLOCK = 64;

/** Thrown out of a wait when a peer or the coordinator declared the run broken. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

/** Who meets at a barrier, and how they wait. */
export interface BarrierPlan {
  workers: number;
  /** Ranks that can run at the same time. */
  cores: number;
  spinUs: number;
}

/**
 * The barrier of a run's ranks on shared control words (control.ts): spin briefly, then sleep.
 *
 * Many ranks that have a core each arrive by groups, the last of each group for all of it. A rank spins only while those that have not
 * arrived leave a core free; else its core is needed by one of them, and it sleeps at once.
 *
 * Order: a sleeper raises `sleepers` before it checks `generation` inside Atomics.wait; the last to arrive raises `generation` before it
 * reads `sleepers`. All are sequentially consistent, so either the sleeper sees the new generation or the last one sees the sleeper.
 * Counts are back at 0 before `generation` is raised, and nobody arrives again before that.
 */
export class Barrier {
  readonly #control: Int32Array;
  readonly #workers: number;
  readonly #cores: number;
  readonly #spinMs: number;
  readonly #arrivedWord: number;
  /** Arrivals of the rank's group and how many it has; undefined where all ranks count together. */
  readonly #group: { arrivals: number; ranks: number } | undefined;
  readonly #groups: number;

  constructor(control: Int32Array, rank: number, { workers, cores, spinUs }: BarrierPlan) {
    this.#control = control;
    this.#workers = workers;
    this.#cores = cores;
    this.#spinMs = spinUs / 1000;
    this.#arrivedWord = rankWords(rank).arrived;
    this.#groups = Math.ceil(workers / GROUP_RANKS);
    // With fewer cores than ranks it counts who is still to come, and that is known of all ranks together only.
    if (this.#groups < 2 || workers > cores) return;
    const first = Math.floor(rank / GROUP_RANKS) * GROUP_RANKS;
    this.#group = { arrivals: groupArrivals(rank, workers), ranks: Math.min(GROUP_RANKS, workers - first) };
  }

  /**
   * Returns when all ranks have called it.
   * @throws Aborted if the run was declared broken; nothing shared may be written after that
   */
  wait(): void {
    const control = this.#control;
    if (Atomics.load(control, WORD.abort) !== 0) throw new Aborted();
    const generation = Atomics.load(control, WORD.generation);
    Atomics.store(control, this.#arrivedWord, generation + 1);
    const missing = this.#arrive();
    if (missing === 0) {
      Atomics.store(control, WORD.generation, (generation + 1) | 0);
      if (Atomics.load(control, WORD.sleepers) > 0) Atomics.notify(control, WORD.generation);
      return;
    }
    if (missing < this.#cores && this.#spin(generation)) return;
    this.#sleep(generation);
  }

  /** @returns how many ranks are still to come, at least one of them if not 0; exact where there are fewer cores than ranks */
  #arrive(): number {
    const group = this.#group;
    if (group === undefined) return this.#count(WORD.arrivals, this.#workers);
    return this.#count(group.arrivals, group.ranks) === 0 ? this.#count(WORD.arrivals, this.#groups) : 1;
  }

  /** Counts an arrival on a word; the last of `all` sets it back. Returns how many are still to come. */
  #count(word: number, all: number): number {
    const missing = all - 1 - Atomics.add(this.#control, word, 1);
    if (missing === 0) Atomics.store(this.#control, word, 0);
    return missing;
  }

  /** True when the barrier completed while spinning. */
  #spin(generation: number): boolean {
    const control = this.#control;
    if (this.#spinMs === 0) return false;
    const end = performance.now() + this.#spinMs;
    do {
      for (let i = 0; i < SPINS_PER_CLOCK; i++) {
        if (Atomics.load(control, WORD.generation) !== generation) return true;
      }
      if (Atomics.load(control, WORD.abort) !== 0) throw new Aborted();
    } while (performance.now() < end);
    return false;
  }

  #sleep(generation: number): void {
    const control = this.#control;
    Atomics.add(control, WORD.sleepers, 1);
    try {
      while (Atomics.load(control, WORD.generation) === generation) {
        if (Atomics.load(control, WORD.abort) !== 0) throw new Aborted();
        Atomics.wait(control, WORD.generation, generation, SLEEP_SLICE_MS);
      }
    } finally {
      Atomics.sub(control, WORD.sleepers, 1);
    }
  }
}
