import { makeSampler } from '../samplers/index.ts';
import type { TrialSource } from './experiment.ts';

/** Number of trials in all; undefined where only a budget of time ends the sweep. */
export function trialCount({ settings, space }: Pick<TrialSource, 'settings' | 'space'>): number | undefined {
  const { total } = makeSampler(settings.method, space, settings.seed);
  const caps = [total, settings.run_cap].filter((cap) => cap !== undefined);
  return caps.length === 0 ? undefined : Math.min(...caps);
}
