import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { javascriptLacks } from '../../engine/baseline/javascript.ts';
import { GradloomError } from '../../errors.ts';
import type { Cores } from '../../machine/cores.ts';
import type { RowKind, SpeedupTable } from '../events.ts';
import type { SpeedupSettings } from '../schema.ts';

export interface RowSpec {
  kind: RowKind;
  workers: number;
  batchSize: number;
}

/** Rows to measure side by side. */
export interface TableSpec {
  mode: SpeedupTable['mode'];
  batchSize: number;
  rows: RowSpec[];
}

/** More rows than this are measured for those who ask for them. */
const DENSE_COUNTS = 8;

/** The worker counts to compare; 1 among them, by which all are measured. */
export function chooseCounts({ numerics }: Experiment, asked: readonly number[] | undefined, { usable }: Cores): number[] {
  if (asked !== undefined) return [...new Set([1, ...asked])].toSorted((a, b) => a - b);
  const most = Math.min(usable, numerics.leaves);
  const all = Array.from({ length: most }, (_, i) => i + 1);
  // On many cores 1, 2, 4, 8, ... and all of them.
  return all.filter((count) => most <= DENSE_COUNTS || count === most || Number.isInteger(Math.log2(count)));
}

/**
 * What the settings and the experiment cannot do together, before anything is started.
 *
 * @throws GradloomError E_CONFIG_RANGE, E_CONFIG_VALUE
 */
export function checkComparison(
  experiment: Experiment,
  settings: SpeedupSettings,
  workers: readonly number[],
  dataset: Dataset,
  { usable }: Cores,
): void {
  const trainRows = dataset.splits.train.length;
  const { numerics, train } = experiment;
  const most = Math.max(...workers);
  const lacking = settings.baselines.includes('javascript') ? javascriptLacks(experiment) : undefined;
  if (lacking !== undefined) {
    const message = `the JavaScript baseline does not know ${lacking}`;
    throw refuse('E_CONFIG_VALUE', 'baselines', message, 'leave javascript out of baselines, or change the experiment');
  }
  if (most > numerics.leaves) {
    const message = `${most} workers, but numerics.leaves is ${numerics.leaves}; a worker needs at least one leaf`;
    throw refuse('E_CONFIG_RANGE', 'workers', message, `at most ${numerics.leaves} workers, or raise numerics.leaves`);
  }
  if (settings.predict !== undefined && settings.mode === 'weak') {
    const message = 'a prediction is one of strong scaling: the same batch for any worker count';
    throw refuse('E_CONFIG_VALUE', 'predict', message, 'give mode strong or both');
  }
  if (settings.predict !== undefined && workers.filter((count) => count <= usable).length < 2) {
    const message = `a prediction needs two worker counts that have a core each, 1 and another, but ${workers.join(', ')} ${workers.length === 1 ? 'is' : 'are'} measured and this process may use ${usable} ${usable === 1 ? 'core' : 'cores'}`;
    const next = usable < 2 ? 'measure on a machine with more cores' : `give worker counts up to ${usable}, such as 1..${usable}`;
    throw refuse('E_CONFIG_RANGE', 'predict', message, next);
  }
  if (settings.mode === 'weak' && settings.time_to !== undefined) {
    const message = 'in weak scaling the batch, and with it the training, differs from row to row';
    throw refuse('E_CONFIG_VALUE', 'time_to', message, 'give mode strong or both');
  }
  if (settings.mode !== 'strong') {
    if (train.batch_size === 'full') {
      const message = 'weak scaling needs a batch that grows with the workers, but train.batch_size is full';
      throw refuse('E_CONFIG_VALUE', 'mode', message, 'give train.batch_size=N, or mode strong');
    }
    if (train.batch_size * most > trainRows) {
      const message = `weak scaling with ${most} workers needs batches of ${train.batch_size * most} rows; the training set has ${trainRows}`;
      throw refuse('E_CONFIG_RANGE', 'mode', message, 'lower train.batch_size or the worker counts');
    }
  }
  const large = settings.batch_sizes?.find((size) => size > trainRows);
  if (large !== undefined) {
    throw refuse('E_CONFIG_RANGE', 'batch_sizes', `a batch of ${large} rows; the training set has ${trainRows}`, 'lower batch_sizes');
  }
}

function refuse(code: 'E_CONFIG_RANGE' | 'E_CONFIG_VALUE', where: string, message: string, next: string): GradloomError {
  return new GradloomError({ code, where, message, next });
}

/** The tables to measure, one after the other. */
export function groupsOf(trainRows: number, { train }: Experiment, settings: SpeedupSettings, workers: readonly number[]): TableSpec[] {
  const batchSize = train.batch_size === 'full' ? trainRows : Math.min(train.batch_size, trainRows);
  const { mode, batch_sizes: sizes = [] } = settings;
  const table = (of: TableSpec['mode'], size: number, batchFor: (count: number) => number): TableSpec => ({
    mode: of,
    batchSize: size,
    rows: [
      ...(of === 'map' ? [] : settings.baselines).map((kind) => ({ kind, workers: 1, batchSize: size })),
      ...workers.map((count) => ({ kind: 'workers' as const, workers: count, batchSize: batchFor(count) })),
    ],
  });
  const tables: TableSpec[] = [];
  if (mode !== 'weak') tables.push(table('strong', batchSize, () => batchSize));
  if (mode !== 'strong') tables.push(table('weak', batchSize, (count) => batchSize * count));
  return [...tables, ...sizes.map((size) => table('map', size, () => size))];
}
