import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';

/** Six decimals, so that the losses of a run stand in a column; very small and very large ones with an exponent. */
export function formatLoss(loss: number | null | undefined): string {
  if (loss === undefined) return '-';
  if (loss === null || !Number.isFinite(loss)) return 'not finite';
  const size = Math.abs(loss);
  return size === 0 || (size >= 1e-4 && size < 1e6) ? loss.toFixed(6) : loss.toExponential(4);
}

/** `0.8774` as `87.74 %`. */
export function formatPercent(share: number | null | undefined, decimals = 2): string {
  if (share === undefined) return '-';
  if (share === null || !Number.isFinite(share)) return 'not finite';
  return `${(share * 100).toFixed(decimals)} %`;
}

/** A value of a metric by its dotted name: accuracies as percentages. */
export function formatMetricValue(name: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  return isShare(name) ? formatPercent(value) : formatLoss(value);
}

/** Whether a metric is a share that people read as a percentage. */
export function isShare(name: string): boolean {
  return /(?:^|[._])accuracy$/.test(name);
}

/** `98.15 % to 100.00 %`: an interval of a metric; one of a share ends where shares do, whatever a quantile says. */
export function formatMetricInterval(name: string, interval: readonly [low: number, high: number]): string {
  const [least, most] = IN_UNIT.test(name) ? [0, 1] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return interval.map((end) => formatMetricValue(name, Math.min(most, Math.max(least, end)))).join(' to ');
}

/** Metrics from 0 to 1. */
const IN_UNIT = /(?:^|[._])(?:accuracy|precision|recall|f1)$/;

/** `285031.4` as `285,031`. */
export function formatCount(count: number): string {
  // toLocaleString takes 20 to 50 ms to load what it knows of languages, which the first line of a run would wait for.
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 step`, `2,000 steps`. */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Three digits with the unit that suits: `39.2 GFLOP`. */
export function formatFlops(operations: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P'];
  const power = operations < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(operations) / 3));
  return `${Number((operations / 1000 ** power).toPrecision(3))} ${units[power]}FLOP`;
}

export function formatBytes(bytes: number): string {
  return prettyBytes(bytes, { binary: true });
}

export function formatSeconds(seconds: number): string {
  return prettyMs(seconds * 1000);
}

/** A guess needs no more than two units: `1h 12m`. */
export function formatSecondsLeft(seconds: number): string {
  return prettyMs(Math.ceil(seconds) * 1000, { unitCount: 2 });
}
