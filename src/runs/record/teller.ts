import type { RunEvent } from '../events.ts';

/** How many events the steps so far have had; plain data, kept in checkpoints. */
export interface TellerState {
  events: number;
}

/** Passes on the events that the experiment determines, each once: training that is repeated after a restart repeats them in the same order. */
export class Teller {
  readonly #emit: (event: RunEvent) => void;
  #state: TellerState;
  #told: number;

  /** @param state  is kept up to date */
  constructor(emit: (event: RunEvent) => void, state: TellerState) {
    this.#emit = emit;
    this.#state = state;
    this.#told = state.events;
  }

  readonly tell = (event: RunEvent): void => {
    this.#state.events++;
    if (this.#state.events <= this.#told) return;
    this.#told = this.#state.events;
    this.#emit(event);
  };

  /** Training is where another state says, which is kept up to date from now on. */
  restore(state: TellerState): void {
    this.#state = state;
    this.#told = Math.max(this.#told, state.events);
  }
}
