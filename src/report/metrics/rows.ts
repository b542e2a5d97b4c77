import { requireRun } from '../../runs/files/directory.ts';
import { runFile } from '../../runs/files/names.ts';
import { visitMetrics } from '../../runs/files/run-lines.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import { kindAt } from '../../storage/folder.ts';
import { csvCell } from '../text/csv.ts';

/** One value of one run: a row of a tidy table. */
export interface MetricRow {
  run: string;
  step: number;
  epoch: number;
  metric: string;
  /** NaN for what was not finite. */
  value: number;
}

/**
 * Every value of metrics.jsonl of some runs, in the order of the files.
 *
 * @throws GradloomError E_RUN_READ for a link, E_RUN_FILE with the line for a damaged one, E_STORAGE
 */
export function metricRows(runs: readonly StoredRun[], visit: (row: MetricRow) => void): void {
  for (const { directory, record } of runs) {
    requireRun(directory);
    // A run that was killed before its first step has none.
    if (kindAt(runFile(directory, 'metrics')) === undefined) continue;
    visitMetrics(directory, ({ step, epoch, ...values }) => {
      for (const [metric, value] of Object.entries(values)) visit({ run: record.id, step, epoch, metric, value: value ?? Number.NaN });
    });
  }
}

/** Rows as RFC 4180: `run,step,epoch,metric,value`. @throws GradloomError as `metricRows` */
export function metricsCsv(runs: readonly StoredRun[]): string {
  const lines = ['run,step,epoch,metric,value'];
  metricRows(runs, ({ run, step, epoch, metric, value }) => lines.push([run, step, epoch, metric, value].map(csvCell).join(',')));
  return `${lines.join('\r\n')}\r\n`;
}

/** Rows as a Parquet file: text, int64, int64, text, double. @throws GradloomError as `metricRows` */
export async function metricsParquet(runs: readonly StoredRun[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columns: { run: string[]; step: bigint[]; epoch: bigint[]; metric: string[]; value: number[] } = {
    run: [],
    step: [],
    epoch: [],
    metric: [],
    value: [],
  };
  metricRows(runs, ({ run, step, epoch, metric, value }) => {
    columns.run.push(run);
    columns.step.push(BigInt(step));
    columns.epoch.push(BigInt(epoch));
    columns.metric.push(metric);
    columns.value.push(value);
  });
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: 'run', data: columns.run, type: 'STRING' },
      { name: 'step', data: columns.step, type: 'INT64' },
      { name: 'epoch', data: columns.epoch, type: 'INT64' },
      { name: 'metric', data: columns.metric, type: 'STRING' },
      { name: 'value', data: columns.value, type: 'DOUBLE' },
    ],
  });
  return new Uint8Array(bytes);
}
