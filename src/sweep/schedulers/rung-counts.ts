import type { EarlyTerminateConfig } from '../schema.ts';
import type { SweepState } from '../trial.ts';
import { bracketPlans } from './hyperband.ts';
import { rungs } from './rungs.ts';

/** How far trials got under early termination. */
export interface RungCount {
  /** Epochs or steps trained. */
  resource: number;
  /** Trials that trained so long or longer. */
  reached: number;
  /** Trials whose training ended there. */
  ended: number;
}

/**
 * The lengths at which trials are compared, shortest first; empty without halving: median stopping has a rung at every evaluation.
 * A trial without a step, and a duplicate, which has the length of another, reached none.
 */
export function countRungs({ settings, trials }: Pick<SweepState, 'settings' | 'trials'>): RungCount[] {
  const { early_terminate: stopping } = settings;
  if (stopping.type !== 'asha' && stopping.type !== 'hyperband') return [];
  const lengths = trials.flatMap(({ status, resource }) => (status === 'duplicate' || resource === undefined ? [] : [resource]));
  const longest = Math.max(0, ...lengths);
  // A rung that every trial passed is one too.
  const passed = laddersOf(stopping).filter((resource) => resource < longest);
  const distinct = [...new Set([...passed, ...lengths])].toSorted((a, b) => a - b);
  return distinct.map((resource) => ({
    resource,
    reached: lengths.filter((length) => length >= resource).length,
    ended: lengths.filter((length) => length === resource).length,
  }));
}

/** All lengths at which the settings compare trials. */
function laddersOf(stopping: Extract<EarlyTerminateConfig, { type: 'asha' | 'hyperband' }>): readonly number[] {
  const { type, min, eta, max = min } = stopping;
  return type === 'asha' ? rungs(min, max, eta) : bracketPlans({ min, max, eta }).flatMap((plan) => plan.rungs);
}
