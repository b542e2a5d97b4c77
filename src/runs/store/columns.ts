import { type Goal, goalOf } from '../../config/names/metrics.ts';
import { closest } from '../../config/text/closest.ts';
import { GradloomError, printable } from '../../errors.ts';
import { type Curve, curvesOf } from './curves.ts';
import type { StoredRun } from './store.ts';

/** A value of a table of runs; null where a run has none. */
export type Cell = string | number | boolean | null;

/** What a value is, for those who show it. */
export type CellKind = 'text' | 'time' | 'count' | 'seconds' | 'config' | 'loss' | 'share' | 'curve';

/** One value of every run. */
export interface Column {
  /** As people write it: `optimizer.lr`, `min val.loss`. */
  title: string;
  kind: CellKind;
  /** Which way is better, where one is: decides the order of sorting. */
  goal?: Goal;
  /** null where the run has no such value. */
  of: (run: StoredRun) => Cell;
}

type Field = Omit<Column, 'title'>;

const FIELDS: Readonly<Record<string, Field>> = {
  id: { kind: 'text', of: ({ record }) => record.id },
  name: { kind: 'text', of: ({ record }) => record.name },
  status: { kind: 'text', of: ({ record }) => record.status },
  started: { kind: 'time', goal: 'maximize', of: ({ record }) => record.started },
  tags: { kind: 'text', of: ({ record }) => record.tags.join(' ') || null },
  steps: { kind: 'count', of: ({ record }) => record.steps },
  epochs: { kind: 'count', of: ({ record }) => record.epochs },
  seconds: { kind: 'seconds', of: ({ record }) => record.seconds },
  samples_per_second: { kind: 'count', goal: 'maximize', of: ({ record }) => record.samples_per_second },
  training_seconds: { kind: 'seconds', of: ({ record }) => record.training_seconds },
  evaluation_seconds: { kind: 'seconds', of: ({ record }) => record.evaluation_seconds },
  workers: { kind: 'count', of: ({ record }) => record.workers },
  // Named where it is not, so that a list of others has no such column.
  reproducible: { kind: 'text', of: (run) => (run.config()['parallel.reduce'] === 'fast' ? 'no' : null) },
  digest: { kind: 'text', of: ({ record }) => record.digest || null },
  problem: { kind: 'text', of: ({ record }) => record.problem },
};

const AGGREGATES = {
  min: (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  max: (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  mean: (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length,
  first: (values: readonly number[]) => values[0] ?? Number.NaN,
} satisfies Record<string, (values: readonly number[]) => number>;

/** Words that may stand before a metric. `best` and `last` come from summary.json, the others from metrics.jsonl. */
export const AGGREGATE_NAMES = [...Object.keys(AGGREGATES), 'last', 'best'];

/**
 * The column that an expression means: a field of the summary (`steps`), a config key (`optimizer.lr`), a metric (its last value), or an
 * aggregate and a metric (`min val.loss`).
 *
 * @param runs  at least one of them must have it, if there are any
 * @throws GradloomError E_USAGE
 */
export function columnOf(expression: string, runs: readonly StoredRun[]): Column {
  const title = expression.trim().replace(/\s+/g, ' ');
  const [first = '', second, ...more] = title.split(' ');
  if (first === '') throw usage(expression, 'a column has no name');
  if (second === undefined && AGGREGATE_NAMES.includes(first)) throw usage(title, `which metric? expected, for example, ${first} val.loss`);
  if (second === undefined) return plainColumn(first, runs);
  if (more.length > 0 || !AGGREGATE_NAMES.includes(first)) {
    throw usage(title, `not a column; expected a name, or one of ${AGGREGATE_NAMES.join(', ')} and a metric`);
  }
  return aggregateColumn(first, second, runs);
}

function plainColumn(name: string, runs: readonly StoredRun[]): Column {
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (field !== undefined) return { title: name, ...field };
  if (runs.some(({ record }) => Object.hasOwn(record.last, name))) return aggregateColumn('last', name, runs, name);
  if (runs.length > 0 && !runs.some((run) => Object.hasOwn(run.config(), name))) {
    const near = closest(name, namesOf(runs));
    throw usage(name, `no run has this field, config key or metric${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  return configColumn(name);
}

export function configColumn(name: string): Column {
  return { title: name, kind: 'config', of: (run) => run.config()[name] ?? null };
}

function aggregateColumn(aggregate: string, metric: string, runs: readonly StoredRun[], title = `${aggregate} ${metric}`): Column {
  if (runs.length > 0 && !runs.some((run) => hasMetric(run, metric))) {
    const near = closest(metric, [...new Set(runs.flatMap(({ record }) => Object.keys(record.last)))]);
    throw usage(title, `no run has the metric ${metric}${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  return { title, ...lookOf(metric), of: (run) => aggregateOf(run, aggregate, metric) };
}

function hasMetric(run: StoredRun, metric: string): boolean {
  const { last, best } = run.record;
  return Object.hasOwn(last, metric) || Object.hasOwn(best, metric) || curvesOf(run).has(metric);
}

function aggregateOf(run: StoredRun, aggregate: string, metric: string): number | null {
  const { last, best } = run.record;
  if (aggregate === 'best') return Object.hasOwn(best, metric) ? (best[metric] ?? null) : null;
  if (aggregate === 'last' && Object.hasOwn(last, metric)) return last[metric] ?? null;
  const finite = (curvesOf(run).get(metric) ?? ({ steps: [], values: [] } satisfies Curve)).values.filter((value) => value !== null);
  if (finite.length === 0) return null;
  const reduce = Object.entries(AGGREGATES).find(([name]) => name === aggregate)?.[1];
  return reduce === undefined ? (finite.at(-1) ?? null) : reduce(finite);
}

function lookOf(metric: string): Pick<Column, 'kind' | 'goal'> {
  const goal = goalOf(metric);
  const name = metric.split('.').at(-1) ?? metric;
  const kind = /accuracy$|^(?:precision|recall|f1)/.test(name) ? 'share' : 'loss';
  return { kind, ...(goal && { goal }) };
}

function namesOf(runs: readonly StoredRun[]): string[] {
  const names = new Set(Object.keys(FIELDS));
  for (const run of runs.slice(0, 100)) for (const name of [...Object.keys(run.record.last), ...Object.keys(run.config())]) names.add(name);
  return [...names];
}

function usage(where: string, message: string): GradloomError {
  return new GradloomError({
    code: 'E_USAGE',
    where: printable(where),
    message: printable(message, 500),
    next: 'gradloom runs show @last',
  });
}
