import type { MachinesPrediction, MachinesRow } from '../../speedup/events.ts';
import { formatCount } from '../text/numbers.ts';
import type { Table } from '../text/table.ts';

/**
 * Machines beyond those at hand, by network.
 *
 * @param line  breaks the titles of columns
 */
export function formatMachines({ networks, rows }: MachinesPrediction, line = ' '): Table & { title: string } {
  const columns: [head: string, cell: (row: MachinesRow) => string][] = [
    ['machines', ({ machines }) => formatCount(machines)],
    ['compute ms', ({ compute_ms: ms }) => ms.toFixed(3)],
    ...networks.flatMap(({ gigabits }, i): [string, (row: MachinesRow) => string][] => [
      [`exchange ms${line}at ${gigabits} Gb/s`, ({ exchange_ms: ms }) => (ms[i] ?? 0).toFixed(3)],
      [`speedup${line}at ${gigabits} Gb/s`, ({ speedup }) => (speedup[i] ?? 0).toFixed(2)],
    ]),
  ];
  return {
    title: 'Prediction, not measured: machines like this one in a network',
    head: columns.map(([head]) => head),
    rows: rows.map((row) => columns.map(([, cell]) => cell(row))),
  };
}

/** What stands below the table: the finding, how well the model does where it can be checked, and what it assumes. */
export function machinesNotes({ text, checks, link, assumptions }: MachinesPrediction): string[] {
  const between =
    link === null
      ? []
      : [`between the ranks measured: ${link.latency_us.toFixed(1)} us a message, ${link.gigabytes_per_second.toFixed(2)} GB/s`];
  const checked = checks.map(
    ({ ranks, predicted_ms: predicted, measured_ms: measured }) =>
      `checked on ${ranks} ranks: an exchange of ${predicted.toFixed(3)} ms by the model, ${measured.toFixed(3)} ms measured, which holds waiting for slower ranks`,
  );
  return [text, ...between, ...checked, `assumed: ${assumptions.join('; ')}`];
}
