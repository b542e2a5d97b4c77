import { rankWords, WORD } from '../plan/control.ts';

/** Sleeps are cut into slices, so that an abort whose wake-up was missed is still seen. */
const SLEEP_SLICE_MS = 250;
/** Loads between two looks at the clock while spinning. */
const SPINS_PER_CLOCK = 64;

/** Thrown out of a wait when a peer or the coordinator declared the run broken. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

/**
 * The barrier of a run's ranks on shared control words (control.ts): spin briefly, then sleep.
 *
 * Order: a sleeper raises `sleepers` before it checks `generation` inside Atomics.wait; the last to arrive raises `generation` before it
 * reads `sleepers`. All are sequentially consistent, so either the sleeper sees the new generation or the last one sees the sleeper.
 */
export class Barrier {
  readonly #control: Int32Array;
  readonly #workers: number;
  readonly #spinMs: number;
  readonly #arrivedWord: number;

  constructor(control: Int32Array, rank: number, workers: number, spinUs: number) {
    this.#control = control;
    this.#workers = workers;
    this.#spinMs = spinUs / 1000;
    this.#arrivedWord = rankWords(rank).arrived;
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
    if (Atomics.add(control, WORD.arrivals, 1) + 1 === this.#workers) {
      Atomics.store(control, WORD.arrivals, 0);
      Atomics.store(control, WORD.generation, (generation + 1) | 0);
      if (Atomics.load(control, WORD.sleepers) > 0) Atomics.notify(control, WORD.generation);
      return;
    }
    if (this.#spin(generation)) return;
    this.#sleep(generation);
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
