import { constants } from 'node:os';
import type { Display } from './display.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof SIGNALS)[number];

/** `timeout` and `npm` hand a signal on to a process that already has it from its group; nobody presses Ctrl-C twice as fast. */
const ECHO_MS = 50;

export interface StopOptions {
  onFirst: (signal: StopSignal) => void;
  /** Must end the process. */
  onSecond: (exitCode: number) => void;
}

/** Turns the first signal into an abort and the second into the end. A terminal that closes hurries nobody: SIGHUP is never the second. */
export class Stop {
  readonly #controller = new AbortController();
  readonly #listeners: readonly (readonly [StopSignal, () => void])[];
  #first: { name: StopSignal; at: number } | undefined;

  constructor({ onFirst, onSecond }: StopOptions) {
    this.#listeners = SIGNALS.map((name) => [
      name,
      () => {
        const now = performance.now();
        if (this.#first === undefined) {
          this.#first = { name, at: now };
          onFirst(name);
          this.#controller.abort();
        } else if (name !== 'SIGHUP' && (name !== this.#first.name || now - this.#first.at > ECHO_MS)) {
          onSecond(exitCodeOf(name));
        }
      },
    ]);
    for (const [name, listener] of this.#listeners) process.on(name, listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What to exit with when the signal ended the work; undefined if there was none. */
  get exitCode(): number | undefined {
    return this.#first && exitCodeOf(this.#first.name);
  }

  /** From here on signals do again what they do by default. */
  release(): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener);
  }
}

/** What a session does with its signals. */
export interface SessionSignals {
  display: Pick<Display, 'say' | 'clear'>;
  /** What the first signal starts, to be said after its name: `finishing the step and saving; once more to stop at once`. */
  onFirst: string;
  /** Ends the process. */
  exitNow: (code: number) => void;
}

/** Does the work of a session: the first signal ends it in order, the second at once, and after it they do again what they do by default. */
export async function stoppable<T>({ display, onFirst, exitNow }: SessionSignals, work: (stop: Stop) => Promise<T>): Promise<T> {
  const stop = new Stop({
    onFirst: (signal) => display.say(`${signal}: ${onFirst}`),
    onSecond: (code) => {
      display.clear();
      exitNow(code);
    },
  });
  try {
    return await work(stop);
  } finally {
    stop.release();
  }
}

/** The shell's convention: 130, 143, 129. */
function exitCodeOf(name: StopSignal): number {
  return 128 + constants.signals[name];
}
