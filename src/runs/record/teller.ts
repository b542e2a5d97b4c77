import type { RunEvent } from '../events.ts';

/** Passes on the events that the experiment determines, each once: training that is repeated after a restart repeats them in the same order. */
export class Teller {
  readonly #emit: (event: RunEvent) => void;
  #count: number;
  #told: number;

  /** @param count  events that earlier parts of the run have told */
  constructor(emit: (event: RunEvent) => void, count = 0) {
    this.#emit = emit;
    this.#count = count;
    this.#told = count;
  }

  readonly tell = (event: RunEvent): void => {
    this.#count++;
    if (this.#count <= this.#told) return;
    this.#told = this.#count;
    this.#emit(event);
  };

  /** How many events the steps so far have had. */
  get count(): number {
    return this.#count;
  }

  /** Training is back where it had told `count` events. */
  rewind(count: number): void {
    this.#count = count;
    this.#told = Math.max(this.#told, count);
  }
}
