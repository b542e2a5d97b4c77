import type { ScheduleConfig } from '../config/schema/schema.ts';

type PlateauConfig = Extract<ScheduleConfig, { type: 'plateau' }>;

/** What `plateau` remembers from one evaluation to the next; plain data, kept in checkpoints. */
export interface PlateauState {
  /** Best value so far; null before the first. */
  best: number | null;
  /** Evaluations without improvement since the best one, the last reduction or the cooldown. */
  bad: number;
  /** Evaluations that are still not counted. */
  cooldown: number;
  /** The product of all reductions: what `lrAt` takes. */
  factor: number;
}

export const PLATEAU_START: PlateauState = { best: null, bad: 0, cooldown: 0, factor: 1 };

/**
 * The state after one more evaluation. A value that is not finite never improves.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html with threshold_mode rel and eps 0
 */
export function plateauNext(config: PlateauConfig, state: PlateauState, value: number): PlateauState {
  const isBetter = improves(config, state.best, value);
  const best = isBetter ? value : state.best;
  if (state.cooldown > 0) return { best, bad: 0, cooldown: state.cooldown - 1, factor: state.factor };
  const bad = isBetter ? 0 : state.bad + 1;
  if (bad <= config.patience) return { best, bad, cooldown: 0, factor: state.factor };
  return { best, bad: 0, cooldown: config.cooldown, factor: state.factor * config.factor };
}

function improves({ goal, threshold }: PlateauConfig, best: number | null, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  if (best === null) return true;
  return goal === 'minimize' ? value < best * (1 - threshold) : value > best * (1 + threshold);
}
