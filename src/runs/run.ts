import { Channel } from './channel.ts';
import type { RunEvent, Summary } from './events.ts';

/** A run under way: iterate over it for events, await `result` for the outcome; either alone is enough. */
export interface TrainRun extends AsyncIterable<RunEvent> {
  /**
   * The summary, also of an interrupted run.
   * Rejects with a GradloomError (E_DIVERGED, E_WORKER..., E_STORAGE, E_DATA..., E_MEMORY) once everything that can be saved is saved.
   */
  readonly result: Promise<Summary>;
}

/** Starts something that tells events and ends with a summary. */
export function startRun(run: (emit: (event: RunEvent) => void) => Promise<Summary>): TrainRun {
  const events = new Channel<RunEvent>(['progress']);
  const result = run((event) => events.push(event)).finally(() => events.close());
  // Whoever only iterates must not be killed by a rejection that nobody awaits; `result` still rejects for those who do.
  result.catch(() => undefined);
  return { result, [Symbol.asyncIterator]: () => events };
}
