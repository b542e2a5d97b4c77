import { factsOf } from '../../config/schema/key-facts.ts';
import { type Cell, type Column, columnOf, configColumn } from './columns.ts';
import { type Curve, curvesOf, withCurvesProblem } from './curves.ts';
import type { StoredRun } from './store.ts';

/** Runs in rows, their values in columns. */
export interface RunTable {
  columns: readonly Column[];
  rows: readonly { run: StoredRun; cells: readonly Cell[] }[];
}

/** A comparison of runs: a table, and one curve a run beside it. */
export interface Comparison extends RunTable {
  curve: { metric: string; of: (run: StoredRun) => Curve | undefined } | undefined;
}

/** Which columns a table of runs has. */
export interface TableOptions {
  /** Column expressions in place of the usual columns; see `columnOf`. */
  cols?: readonly string[] | undefined;
  /** Leave out columns that have the same value in every run. */
  onlyChanged?: boolean | undefined;
}

/** What a list shows if nothing is asked for; columns that no run fills are left out. */
const LIST = ['id', 'status', 'started'];
/** Metrics that tell most about a run, the most telling first: of each group the first one that a run has. */
const TELLING = [
  ['best val.loss', 'last train.eval_loss', 'last train.loss'],
  ['best val.accuracy', 'last train.accuracy'],
  ['last test.loss'],
  ['last test.accuracy'],
];
/** Curves to draw, the most telling first. */
const CURVES = ['val.loss', 'test.loss', 'train.epoch_loss', 'train.loss'];

/** @throws GradloomError E_USAGE for a column that is not known */
export function listTable(runs: readonly StoredRun[], { cols, onlyChanged }: TableOptions = {}): RunTable {
  const columns =
    cols === undefined
      ? [...LIST.map(known), ...tellingColumns(runs), ...['reproducible', 'tags', 'epochs', 'seconds'].map(known)]
      : ['id', ...cols].map(known);
  return tabulate(runs, columns, onlyChanged === true, cols === undefined);

  function known(expression: string): Column {
    return columnOf(expression, runs);
  }
}

/**
 * Puts runs side by side: config keys in which they differ, then how they ended.
 *
 * @throws GradloomError E_USAGE for a column that is not known
 */
export function compareRuns(runs: readonly StoredRun[], options: TableOptions = {}): Comparison {
  for (const run of runs) curvesOf(run);
  const metric = CURVES.find((name) => runs.some((run) => (curvesOf(run).get(name)?.values.length ?? 0) > 1));
  return { ...differences(runs, options), curve: metric === undefined ? undefined : { metric, of: (run) => curvesOf(run).get(metric) } };
}

/** The table of `compareRuns` alone, which needs no curves. @throws GradloomError as `compareRuns` */
export function differences(runs: readonly StoredRun[], { cols, onlyChanged }: TableOptions = {}): RunTable {
  const usual = ['seconds', 'status', 'steps', 'reproducible'].map((field) => columnOf(field, runs));
  const columns =
    cols === undefined
      ? [...changedKeys(runs).map(configColumn), ...tellingColumns(runs), ...usual, columnOf('digest', runs)]
      : cols.map((expression) => columnOf(expression, runs));
  return tabulate(runs, [columnOf('id', runs), ...columns], onlyChanged === true, cols === undefined);
}

/**
 * Config keys that all runs have with different values, in the order of the files. Names, tags and places are no part of the experiment; keys
 * that only some have follow from a `type` that differs.
 */
function changedKeys(runs: readonly StoredRun[]): string[] {
  return Object.keys(runs[0]?.config() ?? {}).filter((key) => {
    const values = runs.map((run) => run.config()[key]);
    return factsOf(key).kind !== 'label' && !values.includes(undefined) && new Set(values).size > 1;
  });
}

function tellingColumns(runs: readonly StoredRun[]): Column[] {
  return TELLING.flatMap((group) => {
    const found = group.find((expression) => {
      const [aggregate, metric = ''] = expression.split(' ');
      return runs.some(({ record }) => Object.hasOwn(aggregate === 'best' ? record.best : record.last, metric));
    });
    return found === undefined ? [] : [columnOf(found, runs)];
  });
}

function tabulate(runs: readonly StoredRun[], columns: readonly Column[], onlyChanged: boolean, dropEmpty: boolean): RunTable {
  const [first, ...others] = columns;
  const shown = others.filter((column) => {
    const values = runs.map((run) => column.of(run));
    if (dropEmpty && values.every((value) => value === null)) return false;
    return !onlyChanged || new Set(values).size > 1;
  });
  const all = first === undefined ? shown : [first, ...shown];
  // By now the curves are read that the columns need.
  return { columns: all, rows: runs.map(withCurvesProblem).map((run) => ({ run, cells: all.map((column) => column.of(run)) })) };
}
