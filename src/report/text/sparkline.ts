import { resample } from './curve.ts';

const BARS = '▁▂▃▄▅▆▇█';

/**
 * A curve in one line of `width` characters; the lowest bar is `low`, the highest `high`.
 *
 * @param values  null where a value is not finite: shown as a blank
 */
export function sparkline(values: readonly (number | null)[], { low, high, width }: { low: number; high: number; width: number }): string {
  const finite = values.map((value) => value ?? Number.NaN);
  const points = finite.length > width ? resample(finite, width) : finite;
  return points
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      const share = high > low ? (value - low) / (high - low) : 0;
      return BARS[Math.min(BARS.length - 1, Math.max(0, Math.floor(share * BARS.length)))] ?? ' ';
    })
    .join('');
}
