import type { Feature, Side, TreeLeaf } from './forest.ts';

/** How a tree's variance over the whole space is shared out. */
export interface VarianceParts {
  /** Variance of the tree's value over the space, all of it equally likely. */
  total: number;
  /** What each feature explains by itself. */
  single: Float64Array;
  /** What features i < j explain together and neither alone: at i * features + j. */
  pair: Float64Array;
}

/**
 * Functional ANOVA of a tree: the variances of its marginals over one feature and over two.
 *
 * The marginal over features U is constant on pieces; the mean of its square is the sum over pairs of leaves of both values times, for
 * features outside U, the shares of the range that each leaf covers, and for features in U the share that both cover. So one walk
 * over pairs of leaves gives every marginal exactly: time leaves^2 * features^2.
 *
 * source: Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance" (ICML 2014), algorithm 2,
 * computed by pairs of leaves in place of grids.
 */
export function varianceParts(leaves: readonly TreeLeaf[], features: readonly Feature[]): VarianceParts {
  const count = features.length;
  const covers = leaves.map(({ sides }) =>
    Float64Array.from(features, (feature, i) => shareOf(sides[i] as Side, sides[i] as Side, feature)),
  );
  const volumes = covers.map((shares) => shares.reduce((product, share) => product * share, 1));
  const mean = leaves.reduce((sum, { value }, i) => sum + value * (volumes[i] as number), 0);
  const parts: VarianceParts = { total: 0, single: new Float64Array(count), pair: new Float64Array(count * count) };
  // How often more than by chance two leaves share a feature's range, less one: exactly 0 for a feature that neither splits.
  const excess = new Float64Array(count);
  for (const [a, one] of leaves.entries()) {
    // From the mean, so that a large level loses no digits of a small variance.
    const first = (one.value - mean) * (volumes[a] as number);
    parts.total += (one.value - mean) * first;
    for (let b = a; b < leaves.length; b++) {
      const other = leaves[b] as TreeLeaf;
      const weight = (a === b ? 1 : 2) * first * (other.value - mean) * (volumes[b] as number);
      for (let i = 0; i < count; i++) {
        const chance = (covers[a]?.[i] as number) * (covers[b]?.[i] as number);
        excess[i] = shareOf(one.sides[i] as Side, other.sides[i] as Side, features[i] as Feature) / chance - 1;
      }
      for (let i = 0; i < count; i++) {
        const term = weight * (excess[i] as number);
        if (term === 0) continue;
        parts.single[i] = (parts.single[i] as number) + term;
        for (let j = i + 1; j < count; j++) {
          const at = i * count + j;
          parts.pair[at] = (parts.pair[at] as number) + term * (excess[j] as number);
        }
      }
    }
  }
  return parts;
}

/** The share of a feature's range that lies in both sides. */
function shareOf(a: Side, b: Side, { low, high }: Feature): number {
  if ('marks' in a && 'marks' in b) {
    let both = 0;
    for (const [category, mark] of a.marks.entries()) both += mark & (b.marks[category] as number);
    return both / a.marks.length;
  }
  if ('marks' in a || 'marks' in b) return 0;
  return Math.max(0, Math.min(a.high, b.high, high) - Math.max(a.low, b.low, low)) / (high - low);
}
