import { meanLastCount, type SweepSettings } from '../schema.ts';
import type { CurvePoint } from '../trial.ts';

/** A run's value: its curve as `metric.summary` says; undefined of an empty curve. */
export function summarise(curve: readonly CurvePoint[], { summary, goal }: SweepSettings['metric']): number | undefined {
  const values = curve.map(({ value }) => value);
  if (values.length === 0) return undefined;
  if (summary === 'best') return goal === 'minimize' ? Math.min(...values) : Math.max(...values);
  return mean(values.slice(-(meanLastCount(summary) ?? 1)));
}

/** The curves of a trial's replicates, point by point, as far as all of them go. */
export function meanCurve(curves: readonly (readonly CurvePoint[])[]): readonly CurvePoint[] {
  const [first = [], ...others] = curves;
  // Nearly always; a copy would take as much memory as all the rest of a trial.
  if (others.length === 0) return first;
  const length = Math.min(first.length, ...others.map((curve) => curve.length));
  return first.slice(0, length).map((point, i) => ({ ...point, value: mean(curves.map((curve) => (curve[i] as CurvePoint).value)) }));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation of a sample of two or more: its sum of squares over one less than there are. */
export function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

/** The 95 % interval of the mean of normal values by Student's t; undefined of fewer than two. */
export function interval95(values: readonly number[]): [number, number] | undefined {
  if (values.length < 2) return undefined;
  const center = mean(values);
  const half = (studentQuantile(0.95, values.length - 1) * deviation(values)) / Math.sqrt(values.length);
  return [center - half, center + half];
}

const BISECTIONS = 60;

/** The t within which |T| lies with probability p, for `freedom` degrees of freedom. */
export function studentQuantile(p: number, freedom: number): number {
  // In the angle, whose range is finite: t = sqrt(freedom) * tan(angle).
  let [low, high] = [0, Math.PI / 2];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/**
 * P(|T| <= sqrt(freedom) * tan(angle)).
 *
 * source: Abramowitz and Stegun, 26.7.3 and 26.7.4.
 */
function studentWithin(angle: number, freedom: number): number {
  const isOdd = freedom % 2 === 1;
  const cosine = Math.cos(angle);
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < freedom; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
