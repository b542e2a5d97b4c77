import { nextBelow } from '../../random/distributions.ts';
import type { RandomStream } from '../../random/stream.ts';

/** One input of a regression tree. */
export interface Feature {
  /** One value a row; NaN where the row does not have it. A category is its number from 0. */
  column: Float64Array;
  /** Number of categories, which have no order; undefined for numbers. */
  categories?: number;
  /** The range that numbers can have, all of it equally likely. */
  low: number;
  high: number;
}

/** The part of a feature's range that leads to a leaf: numbers in [low, high), or the categories marked with 1. */
export type Side = { low: number; high: number } | { marks: Uint8Array };

/** A box of the feature space and what the tree says there. */
export interface TreeLeaf {
  value: number;
  /** Rows in it, of the drawn ones. */
  rows: number;
  /** One side a feature. */
  sides: readonly Side[];
}

export interface GrowOptions {
  /** A node with fewer rows is not split. */
  minSplit: number;
  /** Fewer rows are never left alone. */
  minLeaf: number;
}

interface Split {
  feature: number;
  gain: number;
  left: number[];
  right: number[];
  sides: [Side, Side];
}

/**
 * A regression tree by least squares (CART), as the boxes of its leaves.
 *
 * A feature that some rows of a node lack is not tried there: a conditional parameter can only explain what happens where it exists,
 * which is below a split on what it depends on. Categories are split in two by the mean of their rows, which finds the best of all
 * partitions.
 *
 * source: Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees" (1984), section 8.8 and theorem 4.5.
 *
 * @param drawn  row numbers to learn from, repeated ones counting as often
 */
export function growTree(features: readonly Feature[], targets: Float64Array, drawn: readonly number[], options: GrowOptions): TreeLeaf[] {
  const leaves: TreeLeaf[] = [];
  const visit = (rows: readonly number[], sides: readonly Side[]): void => {
    const best = rows.length < options.minSplit ? undefined : bestSplit(features, targets, rows, sides, options.minLeaf);
    if (best === undefined) {
      leaves.push({ value: mean(targets, rows), rows: rows.length, sides });
      return;
    }
    visit(best.left, sides.with(best.feature, best.sides[0]));
    visit(best.right, sides.with(best.feature, best.sides[1]));
  };
  visit(drawn, features.map(wholeSide));
  return leaves;
}

/** As many row numbers as there are rows, drawn with replacement. */
export function drawRows(rows: number, stream: RandomStream): number[] {
  return Array.from({ length: rows }, () => nextBelow(stream, rows));
}

/**
 * What a tree says of a row. A row without a feature that the tree splits on is in several leaves: their mean, by the rows that they hold.
 */
export function predict(leaves: readonly TreeLeaf[], features: readonly Feature[], row: number): number {
  let sum = 0;
  let weight = 0;
  for (const { value, rows, sides } of leaves) {
    if (!sides.every((side, i) => holds(side, features[i]?.column[row] ?? Number.NaN))) continue;
    sum += value * rows;
    weight += rows;
  }
  return weight === 0 ? Number.NaN : sum / weight;
}

function holds(side: Side, value: number): boolean {
  if (Number.isNaN(value)) return true;
  return 'marks' in side ? side.marks[value] === 1 : value >= side.low && value < side.high;
}

function wholeSide({ categories, low, high }: Feature): Side {
  if (categories !== undefined) return { marks: new Uint8Array(categories).fill(1) };
  // The end of the range belongs to it.
  return { low, high: high + Number.EPSILON * Math.max(1, Math.abs(high)) };
}

function bestSplit(
  features: readonly Feature[],
  targets: Float64Array,
  rows: readonly number[],
  sides: readonly Side[],
  minLeaf: number,
): Split | undefined {
  let best: Split | undefined;
  for (const [feature, { column }] of features.entries()) {
    if (rows.some((row) => Number.isNaN(column[row]))) continue;
    const side = sides[feature] as Side;
    const keys = 'marks' in side ? orderByMean(column, targets, rows, side.marks.length) : column;
    const sorted = rows.toSorted((a, b) => (keys[a] as number) - (keys[b] as number));
    const at = bestCut(sorted, keys, targets, minLeaf);
    if (at === undefined || (best !== undefined && at.gain <= best.gain)) continue;
    const [left, right] = [sorted.slice(0, at.cut), sorted.slice(at.cut)];
    best = { feature, gain: at.gain, left, right, sides: divide(side, column, left, right) };
  }
  return best;
}

/** The mean target of each row's category, so that a cut between two of them is a partition of the categories. */
function orderByMean(column: Float64Array, targets: Float64Array, rows: readonly number[], categories: number): Float64Array {
  const sums = new Float64Array(categories);
  const counts = new Float64Array(categories);
  for (const row of rows) {
    const category = column[row] as number;
    sums[category] = (sums[category] as number) + (targets[row] as number);
    counts[category] = (counts[category] as number) + 1;
  }
  const keys = new Float64Array(column.length);
  for (const row of rows) {
    const category = column[row] as number;
    keys[row] = (sums[category] as number) / (counts[category] as number);
  }
  return keys;
}

/** The place between two different keys that lowers the sum of squares most; undefined if none lowers it. */
function bestCut(
  sorted: readonly number[],
  keys: Float64Array,
  targets: Float64Array,
  minLeaf: number,
): { cut: number; gain: number } | undefined {
  const count = sorted.length;
  const centre = mean(targets, sorted);
  let sum = 0;
  let best: { cut: number; gain: number } | undefined;
  let squares = 0;
  for (const row of sorted) squares += ((targets[row] as number) - centre) ** 2;
  for (let cut = 1; cut < count; cut++) {
    sum += (targets[sorted[cut - 1] as number] as number) - centre;
    if (cut < minLeaf || count - cut < minLeaf) continue;
    if (keys[sorted[cut - 1] as number] === keys[sorted[cut] as number]) continue;
    // Sum of squares between the two halves; the right one's deviations sum to the negative of the left one's.
    const gain = (sum * sum) / cut + (sum * sum) / (count - cut);
    // Less than rounding is no gain.
    if (gain > 1e-12 * squares && (best === undefined || gain > best.gain)) best = { cut, gain };
  }
  return best;
}

/** The two parts of a side. A category that no row has goes left or right with the larger half. */
function divide(side: Side, column: Float64Array, left: readonly number[], right: readonly number[]): [Side, Side] {
  if ('marks' in side) {
    const [one, other] = [new Uint8Array(side.marks.length), new Uint8Array(side.marks.length)];
    for (const row of left) one[column[row] as number] = 1;
    for (const row of right) other[column[row] as number] = 1;
    const larger = left.length >= right.length ? one : other;
    for (const [category, mark] of side.marks.entries())
      if (mark === 1 && one[category] === 0 && other[category] === 0) larger[category] = 1;
    return [{ marks: one }, { marks: other }];
  }
  const below = Math.max(...left.map((row) => column[row] as number));
  const above = Math.min(...right.map((row) => column[row] as number));
  const threshold = below + (above - below) / 2;
  // Neighbouring floats have no number between them.
  const at = threshold > below ? threshold : above;
  return [
    { low: side.low, high: at },
    { low: at, high: side.high },
  ];
}

function mean(targets: Float64Array, rows: readonly number[]): number {
  let sum = 0;
  for (const row of rows) sum += targets[row] as number;
  return sum / rows.length;
}
