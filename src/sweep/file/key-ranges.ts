import type { Outline } from '../../config/schema/outline.ts';
import { type MapNode, nodeAt } from '../../config/text/node.ts';
import { experimentKeys, numberPart } from '../check/experiment-keys.ts';
import type { DistributionName, SweepSettings } from '../schema.ts';
import { rangeOf } from '../space/parameters.ts';

/** What an end that a key may not have is moved inwards by, as a share of the range. */
const INSET = 1e-6;
/** A key that allows 0.99 at most means below 1. */
const NEXT_TO_WHOLE = 0.01;
const CONTINUOUS: readonly DistributionName[] = ['uniform', 'log_uniform_values', 'inv_log_uniform_values'];

/**
 * Moves an end of a continuous range to the nearest value that the key may have, where it is the key's own end point that the key
 * excludes: a learning rate from 0, a dropout to 1. Whatever lies further out is left for the trials to be refused.
 *
 * @param notices  receives a sentence for each end that is moved
 */
export function clipToKeys({ parameters }: SweepSettings, base: MapNode, tree: MapNode, notices: string[]): void {
  const keys = experimentKeys(base);
  for (const [key, config] of Object.entries(parameters)) {
    const at = numberPart(keys.get(key)?.at ?? {});
    const { min, max, distribution = rangeOf(['parameters', key], tree) } = config;
    if (at === undefined || !CONTINUOUS.includes(distribution)) continue;
    if (min === undefined || max === undefined || min >= max) continue;
    const [low, high] = [lowest(at, min, max), highest(at, min, max)];
    if (low !== undefined) {
      config.min = low;
      notices.push(`${key}: min ${min} is just outside what it may be (above ${min}), and is read as ${low}`);
    }
    if (high !== undefined) {
      config.max = high;
      const range = at.maximum === undefined ? `below ${max}` : `at most ${at.maximum}`;
      notices.push(`${key}: max ${max} is just outside what it may be (${range}), and is read as ${high}`);
    }
  }
}

/** W&B's rule that whole min and max give whole values, where the key takes any number. */
export function integerNotices({ parameters }: SweepSettings, base: MapNode, tree: MapNode): string[] {
  const keys = experimentKeys(base);
  return Object.entries(parameters).flatMap(([key, { distribution, min, max }]) => {
    const isInferred = distribution === 'int_uniform' && nodeAt(tree, ['parameters', key, 'distribution']) === undefined;
    if (!isInferred || numberPart(keys.get(key)?.at ?? {})?.type !== 'number') return [];
    return [`${key}: min ${min} and max ${max} are whole numbers, so its values are; distribution: uniform takes all between`];
  });
}

function lowest({ exclusiveMinimum: end }: Outline, min: number, max: number): number | undefined {
  return end === undefined || min !== end ? undefined : tidy(min + (max - min) * INSET);
}

function highest({ exclusiveMaximum: end, maximum }: Outline, min: number, max: number): number | undefined {
  if (end !== undefined && max === end) return tidy(max - (max - min) * INSET);
  const isNext = maximum !== undefined && Number.isInteger(max) && max > maximum && max - maximum <= NEXT_TO_WHOLE + Number.EPSILON;
  return isNext && maximum > min ? maximum : undefined;
}

function tidy(value: number): number {
  return Number(value.toPrecision(9));
}
