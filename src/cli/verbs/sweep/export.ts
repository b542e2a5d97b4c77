import { defineCommand } from '../../arguments/command.ts';
import { readSweepOf, SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';

type Format = 'csv' | 'md' | 'json';

interface ExportRequest {
  sweep: string;
  format: Format;
}

/** `gradloom sweep export`. */
export const sweepExport = defineCommand<ExportRequest>({
  positionals: SWEEP_WORD,
  describe: 'Print all trials of a sweep for other programs',
  options: {
    csv: { describe: 'a line a trial, numbers in full (the default)' },
    md: { describe: 'a table as Markdown, best first' },
  },
  examples: [
    ['$0 sweep export sweeps/mnist-asha-7f3c1a --csv > trials.csv', 'for a spreadsheet or pandas'],
    ['$0 sweep export --json', 'everything, with curves and reasons'],
  ],
  request: (args) => {
    const formats = (['csv', 'md', 'json'] as const).filter((format) => args.flag(format));
    if (formats.length > 1) throw args.error('--csv, --md and --json: give one of them');
    return { sweep: sweepOf(args), format: formats[0] ?? 'csv' };
  },
  run: printTrials,
});

async function printTrials({ sweep: word, format }: ExportRequest, output: Output): Promise<number> {
  const state = await readSweepOf(word);
  const { renderSweepCsv, renderSweepMarkdown, sweepObject } = await import('../../../report/sweep/files.ts');
  if (format === 'json') output.object(sweepObject(state));
  else output.answer(format === 'csv' ? renderSweepCsv(state) : renderSweepMarkdown(state));
  return 0;
}
