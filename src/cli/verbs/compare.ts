import type { RunQuery } from '../../runs/store/select.ts';
import { defineCommand, usageError } from '../arguments/command.ts';
import { RUNS_DIR, runsDirOf, runWords } from '../arguments/runs.ts';
import { printTable, TABLE_OPTIONS, type TableRequest, tableRequestOf } from '../arguments/table-output.ts';
import type { Output } from '../terminal/output.ts';
import { orderOf, QUERY_OPTIONS } from './runs/ls.ts';

interface CompareRequest extends TableRequest {
  runs: string[];
  dir?: string;
  query: RunQuery;
}

/** `gradloom compare`. */
export const compare = defineCommand<CompareRequest>({
  positionals: runWords(1),
  describe: 'Put runs side by side: config keys in which they differ, how they ended, their curves',
  options: { ...QUERY_OPTIONS, ...TABLE_OPTIONS, ...RUNS_DIR },
  examples: [
    ['$0 compare "mnist-*"', 'all runs of such a name'],
    ['$0 compare 29898d a01b7c --cols "optimizer.lr,min val.loss,max val.accuracy"', 'columns of your own'],
    ['$0 compare "*" --sort-by "best val.accuracy" --top 5 --md', 'the five best, as Markdown'],
  ],
  request: (args) => ({ ...tableRequestOf(args), ...runsDirOf(args), runs: args.texts('runs'), query: orderOf(args) }),
  run: compareCommand,
});

async function compareCommand({ runs: words, dir, query, format, ...table }: CompareRequest, output: Output): Promise<number> {
  const [{ findRuns }, { selectRuns }, { compareRuns }] = await Promise.all([
    import('../../runs/store/store.ts'),
    import('../../runs/store/select.ts'),
    import('../../runs/store/table.ts'),
  ]);
  const found = await findRuns(words, dir);
  if (found.length < 2) throw usageError('only one run to compare; expected at least two', 'compare');
  const comparison = compareRuns(selectRuns(found, query), table);
  const { renderComparison } = await import('../../report/runs/table.ts');
  await printTable(comparison, format, output, (look) => renderComparison(comparison, look));
  return 0;
}
