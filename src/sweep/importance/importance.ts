import { log } from '../../random/elementary.ts';
import { RandomStream } from '../../random/stream.ts';
import { type Axis, positionsOf } from './axes.ts';
import { drawRows, type Feature, growTree, predict } from './forest.ts';
import { varianceParts } from './variance.ts';

/** How much of the metric's variance hyperparameters explain. */
export interface Importance {
  /** Largest first. */
  parameters: { name: string; share: number }[];
  /** What two explain together and neither alone; largest first, without those under 1 %. */
  interactions: { names: [string, string]; share: number }[];
  /** What three and more explain only together. */
  rest: number;
  /** Trials that it was learnt from. */
  trials: number;
  /**
   * Of the variance among trials that a tree has not seen, what the forest predicts (out-of-bag R2): 1 all, 0 nothing; negative where it
   * is worse than the mean. The shares mean little where it is low.
   */
  predicted: number;
}

export interface ImportanceOptions {
  seed: number;
  /** @default 64, as Optuna's */
  trees?: number;
}

/** Fewer say nothing about anything. */
export const MIN_TRIALS = 8;
/** Leaves cost the square of their number. */
const MAX_LEAVES = 256;
const MIN_INTERACTION = 0.01;

/**
 * The importance of hyperparameters by functional ANOVA on a random forest: a forest learns the metric from the trials, and of the variance of
 * its prediction over the whole search space each parameter, and each pair, explains a share. A conditional parameter counts where it exists.
 * Deterministic for a seed.
 *
 * source: Hutter, Hoos and Leyton-Brown (ICML 2014); the default of Optuna, with its 64 trees grown to single trials. Unlike Optuna's,
 * shares are not scaled to sum to 1: what is missing are interactions.
 *
 * @param metric  one number a trial; trials whose number is NaN are left out
 * @returns undefined with fewer than MIN_TRIALS trials, or where all have the same metric
 */
export function importanceOf(
  axes: readonly Axis[],
  metric: readonly number[],
  { seed, trees = 64 }: ImportanceOptions,
): Importance | undefined {
  const rows = metric.flatMap((value, trial) => (Number.isFinite(value) ? [trial] : []));
  const targets = Float64Array.from(rows, (trial) => metric[trial] as number);
  if (rows.length < MIN_TRIALS || targets.every((value) => value === targets[0])) return undefined;
  const varied = axes.flatMap((axis) => {
    const feature = featureOf(axis, rows);
    return feature === undefined ? [] : [{ name: axis.name, feature }];
  });
  const features = varied.map(({ feature }) => feature);
  const count = features.length;
  const single = new Float64Array(count);
  const pair = new Float64Array(count * count);
  const seen = { sums: new Float64Array(rows.length), counts: new Float64Array(rows.length) };
  const minLeaf = Math.max(1, Math.ceil(rows.length / MAX_LEAVES));
  let grown = 0;
  for (let tree = 0; tree < trees; tree++) {
    const drawn = drawRows(rows.length, new RandomStream(seed, 'bootstrap', tree));
    const leaves = growTree(features, targets, drawn, { minSplit: 2 * minLeaf, minLeaf });
    vote(leaves, features, new Set(drawn), seen);
    const parts = varianceParts(leaves, features);
    // A tree that drew equal trials only, or whose splits cancel out over the space, has no shares.
    if (!(parts.total > 0)) continue;
    grown += 1;
    for (const [i, part] of parts.single.entries()) single[i] = (single[i] as number) + part / parts.total;
    for (const [i, part] of parts.pair.entries()) pair[i] = (pair[i] as number) + part / parts.total;
  }
  const share = (sum: number): number => (grown === 0 ? 0 : Math.max(0, sum / grown));
  const parameters = axes.map(({ name }) => {
    const at = varied.findIndex((one) => one.name === name);
    return { name, share: at < 0 ? 0 : share(single[at] as number) };
  });
  const interactions = varied.flatMap((one, i) =>
    varied.slice(i + 1).map((other, k) => ({
      names: [one.name, other.name] as [string, string],
      share: share(pair[i * count + i + 1 + k] as number),
    })),
  );
  const explained = [...parameters, ...interactions].reduce((sum, part) => sum + part.share, 0);
  return {
    parameters: parameters.toSorted((a, b) => b.share - a.share),
    interactions: interactions.filter((part) => part.share >= MIN_INTERACTION).toSorted((a, b) => b.share - a.share),
    rest: grown === 0 ? 0 : Math.max(0, 1 - explained),
    trials: rows.length,
    predicted: outOfBag(targets, seen),
  };
}

/** undefined for one that never varies. */
function featureOf(axis: Axis, rows: readonly number[]): Feature | undefined {
  const given = positionsOf(axis);
  const column = Float64Array.from(rows, (trial) => given[trial] ?? Number.NaN);
  const present = [...new Set(column)].filter((value) => !Number.isNaN(value));
  if (present.length < 2) return undefined;
  // Each item of a list is as likely as any other, so each has a stretch of length 1.
  if (axis.kind !== 'range') {
    const count = axis.labels.length;
    return { column, ...(axis.kind === 'categories' && { categories: count }), low: -0.5, high: count - 0.5 };
  }
  const scale = axis.log ? log : (value: number): number => value;
  return {
    column: column.map((value) => (Number.isNaN(value) ? value : scale(value))),
    low: scale(axis.low),
    high: scale(axis.high),
  };
}

interface Votes {
  sums: Float64Array;
  counts: Float64Array;
}

/** Adds a tree's word on the trials that it has not seen. */
function vote(
  leaves: Parameters<typeof predict>[0],
  features: readonly Feature[],
  drawn: ReadonlySet<number>,
  { sums, counts }: Votes,
): void {
  for (const row of sums.keys()) {
    if (drawn.has(row)) continue;
    sums[row] = (sums[row] as number) + predict(leaves, features, row);
    counts[row] = (counts[row] as number) + 1;
  }
}

function outOfBag(targets: Float64Array, { sums, counts }: Votes): number {
  const judged = [...targets.keys()].filter((row) => (counts[row] as number) > 0);
  const mean = judged.reduce((sum, row) => sum + (targets[row] as number), 0) / judged.length;
  let [wrong, all] = [0, 0];
  for (const row of judged) {
    const target = targets[row] as number;
    wrong += (target - (sums[row] as number) / (counts[row] as number)) ** 2;
    all += (target - mean) ** 2;
  }
  return all === 0 ? 0 : 1 - wrong / all;
}
