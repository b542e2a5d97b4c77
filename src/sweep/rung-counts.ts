import type { SweepState } from './trial.ts';

/** How far trials got under early termination. */
export interface RungCount {
  /** Epochs or steps trained. */
  resource: number;
  /** Trials that trained so long or longer. */
  reached: number;
  /** Trials whose training ended there. */
  ended: number;
}

/** The lengths at which trials are compared, shortest first; empty without halving: median stopping has a rung at every evaluation. */
export function countRungs({ settings, trials }: Pick<SweepState, 'settings' | 'trials'>): RungCount[] {
  const { type } = settings.early_terminate;
  if (type !== 'asha' && type !== 'hyperband') return [];
  const lengths = trials.flatMap(({ rung, resource }) => (rung === undefined || resource === undefined ? [] : [resource]));
  const distinct = [...new Set(lengths)].toSorted((a, b) => a - b);
  return distinct.map((resource) => ({
    resource,
    reached: lengths.filter((length) => length >= resource).length,
    ended: lengths.filter((length) => length === resource).length,
  }));
}
