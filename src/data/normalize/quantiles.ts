/** The value below which a share of sorted values lies, between two of them on a straight line, as numpy.percentile. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (at - below);
}

/** First quartile, median and third quartile of sorted values, at least one. */
export function bandOf(sorted: ArrayLike<number>): { low: number; median: number; high: number } {
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) };
}
