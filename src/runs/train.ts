import type { LoadedExperiment } from '../config/load.ts';
import { Channel } from './channel.ts';
import type { RunEvent, Summary } from './events.ts';
import { Trainer, type TrainOptions } from './trainer.ts';

/** A run under way: iterate over it for events, await `result` for the outcome; either alone is enough. */
export interface TrainRun extends AsyncIterable<RunEvent> {
  /**
   * The summary, also of an interrupted run.
   * Rejects with a GradloomError (E_DIVERGED, E_WORKER..., E_STORAGE, E_DATA..., E_MEMORY) once everything that can be saved is saved.
   */
  readonly result: Promise<Summary>;
}

/**
 * Trains an experiment and writes its run directory.
 *
 * @example
 * const run = train(loadExperiment('configs/mnist.yaml'));
 * for await (const event of run) if (event.type === 'epoch') console.log(event.epoch, event.trainLoss);
 * const summary = await run.result;
 */
export function train(loaded: Pick<LoadedExperiment, 'experiment'>, options: TrainOptions = {}): TrainRun {
  const events = new Channel<RunEvent>(['progress']);
  const result = new Trainer(loaded.experiment, options, (event) => events.push(event)).run().finally(() => events.close());
  // Whoever only iterates must not be killed by a rejection that nobody awaits; `result` still rejects for those who do.
  result.catch(() => undefined);
  return { result, [Symbol.asyncIterator]: () => events };
}
