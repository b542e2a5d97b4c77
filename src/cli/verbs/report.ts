import path from 'node:path';
import { printable } from '../../errors.ts';
import { type Arguments, defineCommand } from '../arguments/command.ts';
import { RUNS_DIR, runsDirOf, runWords } from '../arguments/runs.ts';
import type { Output } from '../terminal/output.ts';

interface ReportRequest {
  runs: string[];
  dir?: string;
  /** @default report.html, in the run's directory if it is one run */
  file: string | undefined;
  open: boolean;
  smooth: number;
}

const SMOOTH = 0.6;

/** `gradloom report`. */
export const report = defineCommand<ReportRequest>({
  positionals: runWords(1),
  describe: 'Write runs as one HTML page: curves, classes, samples, weights, time, config; several runs together',
  options: {
    output: { value: 'FILE', short: 'o', describe: 'where to; default report.html, for one run in its directory' },
    open: { describe: 'open the page in the browser' },
    smooth: { value: 'SHARE', describe: `how strongly values of single batches are smoothed at first, 0 to 0.99; default ${SMOOTH}` },
    ...RUNS_DIR,
  },
  examples: [
    ['$0 report @last --open', 'the latest run; the page needs no network'],
    ['$0 report "mnist-*" --output compared.html', 'curves of several runs together, with the keys in which they differ'],
  ],
  request: (args) => ({
    runs: args.texts('runs'),
    ...runsDirOf(args),
    file: args.text('output'),
    open: args.flag('open'),
    smooth: smoothOf(args),
  }),
  run: writeReport,
});

/** @throws GradloomError E_USAGE */
function smoothOf(args: Arguments): number {
  const text = args.text('smooth');
  if (text === undefined) return SMOOTH;
  const share = /^(?:0|0?\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (share >= 0 && share <= 0.99) return share;
  throw args.error(`--smooth: expected a number from 0 to 0.99; got ${printable(text)}`);
}

async function writeReport({ runs: words, dir, file, open, smooth }: ReportRequest, output: Output): Promise<number> {
  const [{ findRuns }, { readReportedRun }, { MAX_DETAILS, renderRunPage }, { scoreRun }, { Datasets }, { writeOutput }, { shortPath }] =
    await Promise.all([
      import('../../runs/store/store.ts'),
      import('../../report/run-page/read.ts'),
      import('../../report/run-page/html.ts'),
      import('../../report/run-page/scores.ts'),
      import('../../sweep/execute/datasets.ts'),
      import('../../storage/atomic.ts'),
      import('../../report/runs/results.ts'),
    ]);
  const found = await findRuns(words, dir);
  const reported = found.map((run) => readReportedRun(run));
  const [first] = found;
  const target = path.resolve(
    file ?? (found.length === 1 && first !== undefined ? path.join(first.directory, 'report.html') : 'report.html'),
  );
  const datasets = new Datasets(MAX_DETAILS);
  const scored = new Map();
  for (const run of reported.slice(0, MAX_DETAILS)) scored.set(run, await scoreRun(run, datasets));
  await writeOutput(target, renderRunPage(reported, { smooth, scored }), file !== undefined);
  if (output.json) output.object({ runs: found.map(({ record }) => record.id), file: target });
  output.result(`saved  ${printable(shortPath(target), Number.POSITIVE_INFINITY)}`);
  if (open) {
    const { openInBrowser } = await import('../terminal/browser.ts');
    const problem = await openInBrowser(target);
    if (problem !== undefined) output.note(`cannot open a browser: ${problem}`);
  }
  return 0;
}
