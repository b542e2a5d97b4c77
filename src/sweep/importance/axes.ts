import type { ParameterConfig, SweepSettings } from '../schema.ts';
import type { Assignment } from '../trial.ts';
import type { ParameterValue } from '../value.ts';
import { formatParameter } from './value-text.ts';

interface Named {
  /** The dotted key; of a zip, its name. */
  name: string;
}

export interface RangeAxis extends Named {
  kind: 'range';
  log: boolean;
  /** Ends of the range, with what trials went beyond it. */
  low: number;
  high: number;
  /** The value in each trial; undefined where it is not set. */
  values: readonly (number | undefined)[];
}

export interface ListAxis extends Named {
  /** list: numbers in order; categories: values without one. */
  kind: 'list' | 'categories';
  labels: readonly string[];
  /** Position in `labels` for each trial; undefined where it is not set. */
  values: readonly (number | undefined)[];
}

/** One searched parameter, as charts and the analysis of importance see it. */
export type Axis = RangeAxis | ListAxis;

/** Values of a range, positions in a list; NaN where a trial does not set the parameter. */
export function positionsOf({ values }: Axis): Float64Array {
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

/** The parameters of a sweep that vary, in the file's order, with their values in each of the trials. */
export function axesOf({ parameters, zip }: Pick<SweepSettings, 'parameters' | 'zip'>, assignments: readonly Assignment[]): Axis[] {
  const own = Object.entries(parameters).map(([name, config]) => axisOf(name, config, assignments));
  const zipped = Object.entries(zip).map(([name, members]) => zipAxis(name, members, assignments));
  return [...own, ...zipped].filter((axis) => axis.kind === 'range' || axis.labels.length > 1);
}

function axisOf(name: string, config: ParameterConfig, assignments: readonly Assignment[]): Axis {
  const given = assignments.map((assignment) => assignment[name]);
  const ends = config.values === undefined && config.value === undefined ? rangeOf(config) : undefined;
  if (ends === undefined) return listAxis(name, config.values ?? (config.value === undefined ? [] : [config.value]), given);
  const values = given.map((value) => (typeof value === 'number' ? value : undefined));
  const seen = values.filter((value) => value !== undefined);
  const { log } = ends;
  const low = Math.min(...(ends.low === undefined ? [] : [ends.low]), ...seen);
  const high = Math.max(...(ends.high === undefined ? [] : [ends.high]), ...seen);
  // Without ends and trials there is no range yet.
  return { name, kind: 'range', log: log && low > 0, low: Number.isFinite(low) ? low : 0, high: Number.isFinite(high) ? high : 1, values };
}

/** Where values of a distribution lie; undefined ends for those that have none. */
function rangeOf({ distribution = 'uniform', min, max }: ParameterConfig): {
  log: boolean;
  low: number | undefined;
  high: number | undefined;
} {
  switch (distribution) {
    case 'log_uniform':
    case 'q_log_uniform':
      return { log: true, low: Math.exp(min ?? 0), high: Math.exp(max ?? 1) };
    case 'inv_log_uniform':
      return { log: true, low: Math.exp(-(max ?? 1)), high: Math.exp(-(min ?? 0)) };
    case 'log_uniform_values':
    case 'q_log_uniform_values':
    case 'inv_log_uniform_values':
      return { log: true, low: min, high: max };
    case 'log_normal':
    case 'q_log_normal':
      return { log: true, low: undefined, high: undefined };
    case 'normal':
    case 'q_normal':
      return { log: false, low: undefined, high: undefined };
    case 'beta':
    case 'q_beta':
      return { log: false, low: 0, high: 1 };
    default:
      return { log: false, low: min, high: max };
  }
}

function listAxis(name: string, listed: readonly ParameterValue[], given: readonly (ParameterValue | undefined)[]): ListAxis {
  // An enqueued trial may have a value that the list does not.
  const all = [...listed, ...given.filter((value) => value !== undefined)];
  const isNumeric = all.every((value) => typeof value === 'number');
  const ordered = isNumeric ? all.toSorted((a, b) => a - b) : all;
  const labels = [...new Set(ordered.map(formatParameter))];
  const values = given.map((value) => (value === undefined ? undefined : labels.indexOf(formatParameter(value))));
  return { name, kind: isNumeric ? 'list' : 'categories', labels, values };
}

/** A zip's items, each named by its members' values, or by the one that all have. */
function zipAxis(name: string, members: SweepSettings['zip'][string], assignments: readonly Assignment[]): ListAxis {
  const keys = Object.keys(members);
  const count = members[keys[0] ?? '']?.length ?? 0;
  const nameOf = (itemOf: (key: string) => ParameterValue | undefined): string => {
    const items = keys.map((key) => formatParameter(itemOf(key) ?? null));
    return new Set(items).size === 1 ? (items[0] ?? '') : items.join(' / ');
  };
  const listed = Array.from({ length: count }, (_, i) => nameOf((key) => members[key]?.[i]));
  const given = assignments.map((assignment) =>
    keys.some((key) => assignment[key] === undefined) ? undefined : nameOf((key) => assignment[key]),
  );
  const labels = [...new Set([...listed, ...given.filter((label) => label !== undefined)])];
  return { name, kind: 'categories', labels, values: given.map((label) => (label === undefined ? undefined : labels.indexOf(label))) };
}
