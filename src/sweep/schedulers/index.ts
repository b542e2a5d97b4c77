import { LOG_VERSION, type SweepEntry } from '../journal/entries.ts';
import type { SweepSettings } from '../schema.ts';
import { Asha } from './asha.ts';
import { Hyperband } from './hyperband.ts';
import { MedianStopping } from './median.ts';
import { None } from './none.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * The scheduler that the settings name.
 *
 * @param length   epochs or steps (`early_terminate.resource`) of a trial that is never stopped
 * @param version  of the sweep's log: decisions that an older one holds are made as they were made then
 */
export function makeScheduler(
  { early_terminate: config, metric }: Pick<SweepSettings, 'early_terminate' | 'metric'>,
  length: number,
  version: SweepEntry['version'] = LOG_VERSION,
): Scheduler {
  switch (config.type) {
    case 'none':
      return new None(length);
    case 'asha':
      return new Asha({ ...config, max: length }, version >= 2);
    case 'hyperband':
      return new Hyperband({ ...config, max: length });
    case 'median':
      return new MedianStopping({ ...config, max: length, goal: metric.goal });
  }
}
