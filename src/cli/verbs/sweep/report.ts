import path from 'node:path';
import { printable } from '../../../errors.ts';
import { defineCommand } from '../../arguments/command.ts';
import { readSweepOf, SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';

interface ReportRequest {
  sweep: string;
  /** @default report.html in the sweep's directory */
  file: string | undefined;
}

/** `gradloom sweep report`. */
export const sweepReport = defineCommand<ReportRequest>({
  positionals: SWEEP_WORD,
  describe: 'Write a sweep as one HTML page: parallel coordinates, the best so far, importance, rungs, learning curves, all trials',
  options: { html: { value: 'FILE', describe: "where to; default report.html in the sweep's directory" } },
  examples: [
    ['$0 sweep report', 'of the latest sweep in ./sweeps; the page needs no network'],
    ['$0 sweep report sweeps/mnist-asha-7f3c1a --html asha.html', 'to another file'],
  ],
  request: (args) => ({ sweep: sweepOf(args), file: args.text('html') }),
  run: writeReport,
});

async function writeReport({ sweep: word, file }: ReportRequest, output: Output): Promise<number> {
  const state = await readSweepOf(word);
  const [{ renderSweepHtml }, { sweepImportance }, { writeOutput }, { shortPath }] = await Promise.all([
    import('../../../report/sweep/html.ts'),
    import('../../../sweep/importance/of-sweep.ts'),
    import('../../../storage/atomic.ts'),
    import('../../../report/runs/results.ts'),
  ]);
  const target = path.resolve(file ?? path.join(state.directory, 'report.html'));
  await writeOutput(target, renderSweepHtml(state, sweepImportance(state)), file !== undefined);
  if (output.json) output.object({ sweep: state.id, file: target });
  output.result(`saved  ${printable(shortPath(target), Number.POSITIVE_INFINITY)}`);
  return 0;
}
