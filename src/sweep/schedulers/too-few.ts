import type { EarlyTerminateConfig } from '../schema.ts';
import { bracketPlans } from './hyperband.ts';
import { rungs } from './rungs.ts';
import { amount, leastFor, topCount } from './scheduler.ts';

/**
 * Trials that it takes for the best 1/eta to reach the last rung; with hyperband, to fill the bracket that stops most. One, where nothing
 * is halved.
 *
 * @param length  epochs or steps of a trial that is never stopped
 */
export function fewestTrials(config: EarlyTerminateConfig, length: number): number {
  if (config.type === 'hyperband') return bracketPlans({ min: config.min, max: length, eta: config.eta })[0]?.trials ?? 1;
  if (config.type !== 'asha') return 1;
  const above = rungs(config.min, length, config.eta).slice(1);
  return above.reduce((trials) => leastFor(trials, config.eta), 1);
}

/** What it means that there are fewer trials; undefined for enough of them. */
export function tooFewTrials(config: EarlyTerminateConfig, length: number, trials: number): string | undefined {
  const fewest = fewestTrials(config, length);
  if (trials >= fewest || config.type === 'none' || config.type === 'median') return undefined;
  const { type, min, eta, resource } = config;
  const remedy = `use run_cap >= ${fewest}, or a smaller eta`;
  if (type === 'hyperband') {
    const found = `${amount(trials, 'trials')} where the first bracket compares ${fewest}`;
    return `early_terminate: ${found}: its best goes on to its end, chosen among few; ${remedy}`;
  }
  const ends = rungs(min, length, eta);
  let [rung, left] = [0, trials];
  for (; topCount(left, eta) > 0; rung++) left = topCount(left, eta);
  const found = `no best 1/${eta} gets beyond ${amount(ends[rung] ?? length, resource)} (${amount(trials, 'trials')}, eta ${eta})`;
  const chosen = left === 1 ? 'the one that comes so far' : `the best of the ${left} that come so far`;
  return `early_terminate: ${found}: ${chosen} goes on to its end; ${remedy}`;
}
