import { type Axis, axesOf } from '../../../sweep/importance/axes.ts';
import type { SweepState, Trial } from '../../../sweep/trial.ts';
import { listScale, rangeScale, type Scale, withStrip } from '../../page/scale.ts';
import { isShare } from '../../text/numbers.ts';

/** What the charts of a sweep have in common. */
export interface ChartedSweep {
  state: SweepState;
  axes: readonly Axis[];
  /** Trials with a value, best first. */
  ranked: readonly Ranked[];
  /** The metric's axis. */
  metric: Scale;
}

export interface Ranked {
  trial: Trial;
  value: number;
  /** 0 for the best tenth, 9 for the worst. */
  shade: number;
}

const SHADES = 10;
/** In interquartile ranges beyond the quartile: what is worse would squeeze all others together, and stands in a strip beyond the axis. */
const FENCE = 3;

export function chartedSweep(state: SweepState): ChartedSweep {
  const axes = axesOf(
    state.settings,
    state.trials.map(({ assignment }) => assignment),
  );
  const sign = state.settings.metric.goal === 'minimize' ? 1 : -1;
  const sorted = state.trials
    .flatMap((trial) => {
      const { value, status } = trial;
      // A duplicate is the point of another.
      return value !== null && Number.isFinite(value) && status !== 'duplicate' ? [{ trial, value }] : [];
    })
    .toSorted((a, b) => sign * (a.value - b.value) || a.trial.number - b.trial.number);
  const ranked = sorted.map((one, rank) => ({ ...one, shade: Math.round(((SHADES - 1) * rank) / Math.max(1, sorted.length - 1)) }));
  return {
    state,
    axes,
    ranked,
    metric: metricScale(
      state,
      ranked.map(({ value }) => value),
    ),
  };
}

/** The axis of a metric: from its best value to its worst, outliers on the bad side in a strip beyond it, whose label says so. */
export function metricScale({ settings: { metric } }: Pick<SweepState, 'settings'>, values: readonly number[]): Scale {
  const format = metricTicks(metric.name);
  if (values.length === 0) return rangeScale(0, 1, { format });
  const sorted = values.toSorted((a, b) => a - b);
  const quartile = (q: number): number => sorted[Math.round(q * (sorted.length - 1))] as number;
  const spread = FENCE * (quartile(0.75) - quartile(0.25));
  const [least, most] = [quartile(0), quartile(1)];
  const [low, high] =
    metric.goal === 'minimize' ? [least, Math.min(most, quartile(0.75) + spread)] : [Math.max(least, quartile(0.25) - spread), most];
  if (low === high) {
    const around = Math.abs(low) * 0.05 || 1;
    return rangeScale(low - around, low + around, { format });
  }
  const margin = 0.04 * (high - low);
  const [first, last] = [low - margin, high + margin];
  const scale = rangeScale(first, last, { format });
  if (least < first) return withStrip(scale, { isBeyond: (value) => value < first, end: 'low', label: `< ${format(first)}` });
  if (most > last) return withStrip(scale, { isBeyond: (value) => value > last, end: 'high', label: `> ${format(last)}` });
  return scale;
}

function metricTicks(name: string): (value: number) => string {
  const exact = (value: number): string => String(Number(value.toPrecision(4)));
  return isShare(name) ? (value) => `${exact(100 * value)} %` : exact;
}

/** The axis of a parameter. */
export function axisScale(axis: Axis, count = 5): Scale {
  if (axis.kind === 'range') return rangeScale(axis.low, axis.high, { log: axis.log, count });
  return listScale(axis.labels.map((label) => shorten(label, 18)));
}

export function isLog(axis: Axis): boolean {
  return axis.kind === 'range' && axis.log;
}

/** The shortest ends of dotted names that still tell them apart: `lr`, `0.units`, `1.units`. */
export function shortNames(names: readonly string[]): string[] {
  const ending = (name: string, parts: number): string => name.split('.').slice(-parts).join('.');
  return names.map((name) => {
    for (let parts = 1; parts < name.split('.').length; parts++) {
      const short = ending(name, parts);
      // A number alone is no name.
      if (!/^\d+$/.test(short) && names.every((other) => other === name || ending(other, parts) !== short)) return short;
    }
    return name;
  });
}

export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** What a trial sets, in one line: `lr 0.003, batch_size 64`. */
export function trialTitle(
  { number, assignment, status }: Trial,
  value: string,
  format: (value: Trial['assignment'][string]) => string,
): string {
  const keys = Object.keys(assignment);
  const names = shortNames(keys);
  const set = keys.map((key, i) => `${names[i]} ${format(assignment[key] ?? null)}`);
  return [`trial ${number}: ${value} (${status})`, ...set].join(', ');
}
