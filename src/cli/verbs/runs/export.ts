import path from 'node:path';
import { printable } from '../../../errors.ts';
import { type Arguments, defineCommand } from '../../arguments/command.ts';
import { RUNS_DIR, runsDirOf, runWords } from '../../arguments/runs.ts';
import type { Output } from '../../terminal/output.ts';

type Format = 'csv' | 'parquet' | 'wandb';

interface ExportRequest {
  runs: string[];
  dir?: string;
  format: Format;
  /** A file; for W&B the directory above those of the runs. */
  output: string | undefined;
}

/** `gradloom runs export`. */
export const runsExport = defineCommand<ExportRequest>({
  positionals: runWords(1),
  describe: 'Write the metrics of runs for other programs',
  options: {
    csv: { describe: 'a line a value: run, step, epoch, metric, value (the default)' },
    parquet: { describe: 'the same as a Parquet file' },
    'wandb-dir': { describe: 'each run as the directory of an offline run of W&B, for wandb sync' },
    output: { value: 'PATH', short: 'o', describe: 'where to; CSV goes to stdout and W&B directories into ./wandb without it' },
    ...RUNS_DIR,
  },
  examples: [
    ['$0 runs export @last --csv > metrics.csv', 'for a spreadsheet, pandas or R'],
    ['$0 runs export "mnist-*" --parquet --output metrics.parquet', 'many runs in one table'],
    ['$0 runs export @last --wandb-dir && wandb sync wandb/offline-run-*', 'to W&B'],
  ],
  request: (args) => {
    const format = formatOf(args);
    const output = args.text('output');
    if (format === 'parquet' && output === undefined) throw args.error('--parquet needs a file; expected --output FILE with it');
    return { runs: args.texts('runs'), ...runsDirOf(args), format, output };
  },
  run: exportRuns,
});

function formatOf(args: Arguments): Format {
  const formats = (['csv', 'parquet', 'wandb-dir'] as const).filter((format) => args.flag(format));
  if (formats.length > 1) throw args.error('--csv, --parquet and --wandb-dir: give one of them');
  const [format = 'csv'] = formats;
  if (format === 'csv' && args.flag('json') && args.text('output') === undefined)
    throw args.error('--csv and --json both print on stdout; expected --output FILE with them');
  return format === 'wandb-dir' ? 'wandb' : format;
}

async function exportRuns({ runs: words, dir, format, output: place }: ExportRequest, output: Output): Promise<number> {
  const [{ findRuns }, { shortPath }] = await Promise.all([
    import('../../../runs/store/store.ts'),
    import('../../../report/runs/results.ts'),
  ]);
  const runs = await findRuns(words, dir);
  const saved: string[] = [];
  if (format === 'wandb') {
    const { writeWandbRun } = await import('../../../report/metrics/wandb.ts');
    for (const run of runs) saved.push(await writeWandbRun(run, place ?? 'wandb'));
  } else {
    const { metricsCsv, metricsParquet } = await import('../../../report/metrics/rows.ts');
    const content = format === 'csv' ? metricsCsv(runs) : await metricsParquet(runs);
    if (place === undefined) {
      output.answer(String(content));
      return 0;
    }
    const { writeOutput } = await import('../../../storage/atomic.ts');
    saved.push(path.resolve(place));
    await writeOutput(path.resolve(place), content);
  }
  if (output.json) output.object({ runs: runs.map(({ record }) => record.id), files: saved });
  for (const file of saved) output.result(`saved  ${printable(shortPath(file), Number.POSITIVE_INFINITY)}`);
  return 0;
}
