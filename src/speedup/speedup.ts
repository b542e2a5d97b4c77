import type { LoadedExperiment } from '../config/validate.ts';
import { startWork, type UnderWay } from '../runs/training/under-way.ts';
import type { SpeedupEvent, SpeedupResult } from './events.ts';
import { settingsFromObject } from './load.ts';
import { Measurement, type MeasureOptions } from './measurement/measure.ts';
import type { SpeedupInput } from './schema.ts';

/** A comparison under way. */
export interface SpeedupRun extends UnderWay<SpeedupEvent, SpeedupResult> {
  /** Also of an interrupted comparison. Rejects with a GradloomError. */
  readonly result: Promise<SpeedupResult>;
}

/** What to compare, and how a program may end it. */
export type SpeedupOptions = SpeedupInput & MeasureOptions;

/**
 * Measures what more workers buy on an experiment: the same work at each worker count, repeated and interleaved.
 * Nothing is written.
 *
 * @example
 * const run = measureSpeedup(loadExperiment('configs/mnist.yaml'), { workers: [1, 2], repeats: 5 });
 * for await (const event of run) if (event.type === 'progress') console.log(event.done, event.total);
 * console.log((await run.result).verdict.text);
 * @throws GradloomError E_CONFIG_... if the settings are wrong
 */
export function measureSpeedup(loaded: Pick<LoadedExperiment, 'experiment'>, options: SpeedupOptions = {}): SpeedupRun {
  const { signal, engine, ...input } = options;
  const settings = settingsFromObject(input);
  return startWork((emit) => new Measurement(loaded.experiment, settings, { signal, engine }, emit).run());
}
