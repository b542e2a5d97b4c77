/** How the values of a tensor are spread. */
export interface Histogram {
  min: number;
  max: number;
  count: number;
  sum: number;
  sumOfSquares: number;
  /** Upper end of each bucket. */
  limits: readonly number[];
  counts: readonly number[];
}

/** TensorBoard shows 30 of its own. */
const BUCKETS = 60;

/** Buckets of equal width from the least value to the largest; values that are not finite are left out. undefined without any value. */
export function histogramOf(values: Float32Array): Histogram | undefined {
  let [min, max, count, sum, sumOfSquares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    count++;
    sum += value;
    sumOfSquares += value * value;
  }
  if (count === 0) return undefined;
  const buckets = max > min ? BUCKETS : 1;
  const width = (max - min) / buckets;
  const counts = Array.from({ length: buckets }, () => 0);
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bucket = width > 0 ? Math.min(buckets - 1, Math.floor((value - min) / width)) : 0;
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  const limits = counts.map((_, i) => (i === buckets - 1 ? max : min + (i + 1) * width));
  return { min, max, count, sum, sumOfSquares, limits, counts };
}
