import type { PredictedLimit, PredictedRow, Prediction } from '../../speedup/events.ts';
import { formatCount, formatPercent } from '../text/numbers.ts';
import type { Table } from '../text/table.ts';
import { formatEstimate } from './estimate.ts';

const LIMITS: Record<PredictedLimit, string> = {
  none: '-',
  leaves: 'leaves',
  rows: 'few rows',
  update: 'update',
  barriers: 'barriers',
  exchange: 'exchange',
  serial: 'serial part',
};

export const PREDICTION_TITLE = 'Prediction, not measured: by the costs of a step on this machine';

/** Predicted worker counts, with what a step goes to in microseconds. */
export function formatPrediction({ rows, law }: Prediction): Table & { title: string } {
  const lawName = law.name === 'usl' ? 'by USL' : 'by Amdahl';
  const columns: [head: string, cell: (row: PredictedRow) => string][] = [
    ['workers', ({ workers, ranks }) => (ranks < workers ? `${formatCount(workers)} (${ranks} work)` : formatCount(workers))],
    ['samples/s', ({ samples_per_second: rate }) => formatCount(rate.value)],
    ['speedup', ({ speedup }) => formatEstimate(speedup, 1)],
    ['efficiency', ({ efficiency }) => formatPercent(efficiency.value, 0)],
    ...(['compute', 'update', 'barriers', 'exchange', 'serial'] as const).map((part): [string, (row: PredictedRow) => string] => [
      `${part} us`,
      ({ microseconds }) => microseconds[part].toFixed(microseconds[part] < 10 ? 1 : 0),
    ]),
    ['limit', ({ limit }) => LIMITS[limit]],
    [lawName, ({ law_speedup: speedup }) => formatEstimate(speedup, 1)],
  ];
  const head = columns.map(([title]) => title);
  const minor = [lawName, ...head.filter((title) => title.endsWith(' us'))];
  return { title: PREDICTION_TITLE, head, rows: rows.map((row) => columns.map(([, cell]) => cell(row))), minor };
}

/** What stands below the table: the finding, how well the model does where it can be checked, and what it assumes. */
export function predictionNotes({ text, barrier, checks, law, assumptions }: Prediction): string[] {
  const barriers = barrier.measured.map(({ workers, microseconds }) => `${microseconds.toFixed(2)} us of ${workers}`).join(', ');
  const checked = checks.map(({ workers, predicted, measured, error }) => {
    const off = `${error < 0 ? '' : '+'}${(100 * error).toFixed(0)} %`;
    return `checked on ${workers} workers: predicted ${predicted.toFixed(2)}, measured ${formatEstimate(measured)}, ${off}`;
  });
  const name = law.name === 'usl' ? 'the Universal Scalability Law' : "Amdahl's law";
  return [
    text,
    ...checked,
    `a barrier takes ${barriers}; growth ${barrier.growth}: ${barrier.reason}`,
    `${name} through the measured rates: sigma ${law.sigma.toFixed(4)}, kappa ${law.kappa.toFixed(5)}`,
    `assumed: ${assumptions.join('; ')}`,
  ];
}
