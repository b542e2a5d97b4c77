import type { EarlyTerminateConfig } from '../schema.ts';
import { bracketPlans } from './hyperband.ts';
import { rungs } from './rungs.ts';
import { topCount } from './scheduler.ts';

/** So many trials, so many epochs or steps each, on top of what they have had before. */
export interface BudgetPart {
  trials: number;
  /** Where they come from and where they are compared: epochs or steps. */
  from: number;
  to: number;
}

/** What a sweep would train if every rung passed on exactly its best 1/eta, and at least one. */
export interface Budget {
  resource: 'epochs' | 'steps';
  /** From the lowest rung up, bracket by bracket. */
  parts: readonly BudgetPart[];
  /** Epochs or steps in all. */
  total: number;
  /** The same without early termination. */
  full: number;
  /** `60x1 + 20x2 + 6x6 + 2x18 = 172 epochs` */
  text: string;
}

/** Epochs or steps of a trial that is never stopped; without early termination trials count as one each. */
export function lengthOf(stopping: EarlyTerminateConfig): number {
  return stopping.type === 'none' ? 1 : (stopping.max ?? stopping.min);
}

/**
 * The budget of `trials` trials; of median stopping, which no number foretells, as if nothing was stopped.
 *
 * @param length    epochs or steps of a trial that is never stopped
 * @param resource  the unit of `length`, where `config` has none
 */
export function budgetOf(config: EarlyTerminateConfig, trials: number, length: number, resource: Budget['resource'] = 'epochs'): Budget {
  const parts = partsOf(config, trials, length);
  const unit = config.type === 'none' ? resource : config.resource;
  const total = parts.reduce((sum, part) => sum + part.trials * (part.to - part.from), 0);
  const text = `${parts.map((part) => `${part.trials}x${part.to - part.from}`).join(' + ')} = ${total} ${unit}`;
  return { resource: unit, parts, total, full: trials * length, text };
}

function partsOf(config: EarlyTerminateConfig, trials: number, length: number): BudgetPart[] {
  switch (config.type) {
    case 'none':
    case 'median':
      return [{ trials, from: 0, to: length }];
    case 'asha':
      return halving(rungs(config.min, length, config.eta), trials, config.eta);
    case 'hyperband': {
      const plans = bracketPlans({ min: config.min, max: length, eta: config.eta });
      const parts: BudgetPart[] = [];
      for (let left = trials, i = 0; left > 0; i++) {
        const plan = plans[i % plans.length] ?? { trials: left, rungs: [length] };
        const started = Math.min(left, plan.trials);
        parts.push(...halving(plan.rungs, started, config.eta));
        left -= started;
      }
      return parts;
    }
  }
}

/** Of each rung the best 1/eta go on, and at least the best. */
function halving(ends: readonly number[], trials: number, eta: number): BudgetPart[] {
  const parts: BudgetPart[] = [];
  let count = trials;
  for (const [i, to] of ends.entries()) {
    if (count === 0) break;
    parts.push({ trials: count, from: ends[i - 1] ?? 0, to });
    count = Math.max(1, topCount(count, eta));
  }
  return parts;
}
