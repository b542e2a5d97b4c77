import type { Estimate } from '../../speedup/statistics.ts';

/** `2.00`, with the ends of its interval: `1.91 (1.85-1.97)`. */
export function formatEstimate({ value, low, high }: Estimate, decimals = 2): string {
  return `${value.toFixed(decimals)} (${low.toFixed(decimals)} to ${high.toFixed(decimals)})`;
}
