import type { RunTable } from '../../runs/store/table.ts';
import type { Output } from '../terminal/output.ts';
import type { Arguments, OptionSpec } from './command.ts';
import { listOf } from './runs.ts';

export type TableFormat = 'table' | 'md' | 'csv';

/** How a table of runs is chosen and printed. */
export interface TableRequest {
  cols?: string[];
  onlyChanged: boolean;
  format: TableFormat;
}

/** Options of commands that print a table of runs. */
export const TABLE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  cols: {
    value: 'LIST',
    repeats: true,
    describe: 'columns, by comma: a field, config key or metric; before a metric may stand min, max, mean, first, last or best',
  },
  'only-changed': { describe: 'only columns in which the runs differ' },
  md: { describe: 'print the table as Markdown' },
  csv: { describe: 'print the table as CSV' },
};

export function tableRequestOf(args: Arguments): TableRequest {
  const formats = (['md', 'csv', 'json'] as const).filter((format) => args.flag(format));
  if (formats.length > 1) throw args.error('--md, --csv and --json: give one of them');
  const format = args.flag('md') ? 'md' : args.flag('csv') ? 'csv' : 'table';
  const cols = listOf(args, 'cols');
  return { ...(cols && { cols }), onlyChanged: args.flag('only-changed'), format };
}

/** @param render  the table for a terminal, as wide as the stream */
export async function printTable(
  table: RunTable,
  format: TableFormat,
  output: Output,
  render: (look: ReturnType<Output['look']>) => string,
): Promise<void> {
  const { runTableCsv, runTableMarkdown, runTableObjects } = await import('../../report/runs/table.ts');
  if (output.json) output.object({ runs: runTableObjects(table) });
  else if (format === 'csv') output.answer(runTableCsv(table));
  else if (format === 'md') output.answer(runTableMarkdown(table));
  else output.answer(render(output.look(process.stdout)));
}
