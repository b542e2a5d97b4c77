import { printable } from '../../../errors.ts';
import type { RunQuery } from '../../../runs/store/select.ts';
import { type Arguments, defineCommand } from '../../arguments/command.ts';
import { NO_WORDS } from '../../arguments/positionals.ts';
import { countOf, listOf, RUNS_DIR, runsDirOf } from '../../arguments/runs.ts';
import { printTable, TABLE_OPTIONS, type TableRequest, tableRequestOf } from '../../arguments/table-output.ts';
import type { Output } from '../../terminal/output.ts';

const STATUSES = ['running', 'finished', 'interrupted', 'paused', 'killed', 'diverged', 'failed', 'damaged'];

interface ListRequest extends TableRequest {
  dir?: string;
  query: RunQuery;
}

/** Options that choose and order runs. */
export const QUERY_OPTIONS = {
  'sort-by': { value: 'COL', describe: 'order by a column, best first where one way is better' },
  reverse: { describe: 'the other way round' },
  top: { value: 'N', describe: 'only the first N' },
};

/** `gradloom runs ls`. */
export const runsLs = defineCommand<ListRequest>({
  positionals: NO_WORDS,
  describe: 'List runs, the latest first',
  options: {
    status: { value: 'LIST', values: STATUSES, repeats: true, describe: `only with one of these, by comma: ${STATUSES.join(', ')}` },
    tag: { value: 'TAG', repeats: true, describe: 'only with this tag' },
    name: { value: 'GLOB', describe: 'only with such a name or id: * stands for any letters, ? for one' },
    where: { value: 'COND', repeats: true, describe: 'only where it holds: COL, then = != < <= > or >=, then a value' },
    ...QUERY_OPTIONS,
    ...TABLE_OPTIONS,
    ...RUNS_DIR,
  },
  examples: [
    ['$0 runs ls', 'all runs in ./runs'],
    ['$0 runs ls --name "mnist*" --where "optimizer.lr<0.01" --sort-by "min val.loss" --top 5', 'the five best of some'],
    ['$0 runs ls --cols "optimizer.lr,best val.accuracy,seconds" --csv > runs.csv', 'for a spreadsheet'],
  ],
  request: (args) => ({ ...tableRequestOf(args), ...runsDirOf(args), query: queryOf(args) }),
  run: listCommand,
});

function queryOf(args: Arguments): RunQuery {
  const status = listOf(args, 'status');
  const wrong = status?.find((word) => !STATUSES.includes(word));
  if (wrong !== undefined) throw args.error(`--status: expected ${STATUSES.join(', ')}; got ${printable(wrong)}`);
  const name = args.text('name');
  return { ...(status && { status }), tags: args.texts('tag'), ...(name && { name }), where: args.texts('where'), ...orderOf(args) };
}

/** What QUERY_OPTIONS say. */
export function orderOf(args: Arguments): Pick<RunQuery, 'sortBy' | 'reverse' | 'top'> {
  const sortBy = args.text('sort-by');
  const top = countOf(args, 'top');
  return { ...(sortBy && { sortBy }), ...(top && { top }), reverse: args.flag('reverse') };
}

async function listCommand({ dir, query, format, ...table }: ListRequest, output: Output): Promise<number> {
  const [{ DEFAULT_RUNS, listRuns }, { selectRuns }, { listTable }] = await Promise.all([
    import('../../../runs/store/store.ts'),
    import('../../../runs/store/select.ts'),
    import('../../../runs/store/table.ts'),
  ]);
  const place = dir ?? DEFAULT_RUNS;
  const all = await listRuns(place);
  const selected = selectRuns(all, query);
  const list = listTable(selected, table);
  const { renderRunTable } = await import('../../../report/runs/table.ts');
  if (selected.length === 0 && format === 'table' && !output.json) {
    const folded = await showCrossValidations(place, output);
    if (all.length > 0) output.note(`none of ${all.length} runs in ${printable(place)} is so`);
    else if (folded === 0) output.note(`no runs in ${printable(place)}`);
    return 0;
  }
  await printTable(list, format, output, (look) => renderRunTable(list, look));
  if (format === 'table' && !output.json) await showCrossValidations(place, output);
  return 0;
}

/** Runs of folds stand in the directories of their cross-validations. @returns how many of these there are */
async function showCrossValidations(place: string, output: Output): Promise<number> {
  const [{ listCrossValidations }, { renderFoldsLine }] = await Promise.all([
    import('../../../sweep/folds/find.ts'),
    import('../../../report/sweep/folds.ts'),
  ]);
  const found = listCrossValidations(place);
  for (const one of found) output.note(`cross-validation  ${renderFoldsLine(one)}`);
  return found.length;
}
