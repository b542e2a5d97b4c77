import { formatCell } from '../../report/runs/table.ts';
import { type Cell, columnOf } from '../../runs/store/columns.ts';
import { selectRuns } from '../../runs/store/select.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import { differences, listTable, type RunTable } from '../../runs/store/table.ts';
import type { GroupRow, RunRow, RunsAnswer, RunsColumn, TableAnswer } from '../protocol.ts';
import type { KeyedRun, Project } from '../watch/project.ts';
import { searchRuns } from './query.ts';

/** What a table of runs shows, and in which order. */
export interface RunsQuery {
  text: string;
  /** Column expressions; empty: the usual ones, from the latest run on. */
  sort: string;
  reverse: boolean;
  group: string;
  /** Titles of groups whose rows are left out; with `foldsAll` of those whose rows are not. */
  folds: readonly string[];
  foldsAll: boolean;
  columns: readonly string[];
}

/** Keys that are offered to order and group by. */
const MOST_KEYS = 300;
/** Answers to queries are kept until the runs change. */
const KEPT = 4;

interface Answered {
  table: RunTable;
  rows: readonly (number | GroupRow)[];
  keys: readonly string[];
}

/** Answers queries for windows of the table of runs: a page that scrolls asks for one after the other. */
export class RunsView {
  readonly #project: Project;
  readonly #answers = new Map<string, Answered>();
  #revision = -1;
  /** By run, as of the revision. */
  #keys = new Map<string, string>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** @throws GradloomError E_USAGE for a query that cannot be understood */
  answer(query: RunsQuery, from: number, count: number): RunsAnswer {
    const all = this.#runs();
    const name = JSON.stringify(query);
    const answered =
      this.#answers.get(name) ??
      answerOf(
        all.map(({ run }) => run),
        query,
      );
    this.#answers.delete(name);
    this.#answers.set(name, answered);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= KEPT) break;
      this.#answers.delete(oldest);
    }
    const { table, rows, keys } = answered;
    return {
      rows: rows.length,
      found: table.rows.length,
      all: all.length,
      columns: columnsOf(table),
      from,
      window: rows.slice(from, from + count).map((row) => (typeof row === 'number' ? this.#row(table, row) : row)),
      keys,
      problem: this.#project.problem,
    };
  }

  #runs(): readonly KeyedRun[] {
    const { runs, revision } = this.#project;
    if (revision !== this.#revision) {
      this.#answers.clear();
      this.#keys = new Map(runs.map(({ key, run }) => [run.directory, key]));
      this.#revision = revision;
    }
    return runs;
  }

  #row({ columns, rows }: RunTable, at: number): RunRow {
    const { run, cells } = rows[at] as RunTable['rows'][number];
    const { id, status, tags, problem } = run.record;
    return { type: 'run', key: this.#keys.get(run.directory) ?? id, id, status, tags, problem, cells: textsOf(columns, cells) };
  }
}

function answerOf(runs: readonly StoredRun[], { text, sort, reverse, group, folds, foldsAll, columns }: RunsQuery): Answered {
  const found = searchRuns(runs, text);
  // Of no runs nothing can be asked.
  const sorted = found.length === 0 ? [] : selectRuns(found, { ...(sort !== '' && { sortBy: sort }), reverse });
  const table = listTable(sorted, columns.length === 0 || sorted.length === 0 ? {} : { cols: columns });
  const keys = Object.keys(runs[0]?.config() ?? {}).slice(0, MOST_KEYS);
  if (group === '' || sorted.length === 0) return { table, rows: table.rows.map((_, i) => i), keys };
  const isNamed = new Set(folds);
  return { table, rows: grouped(table, group, sorted, (title) => isNamed.has(title) !== foldsAll), keys };
}

/** Numbers of rows with a heading before each group; groups and rows keep their order. */
function grouped(
  { rows }: RunTable,
  group: string,
  runs: readonly StoredRun[],
  isFolded: (title: string) => boolean,
): (number | GroupRow)[] {
  const { title, kind, of } = columnOf(group, runs);
  const groups = new Map<Cell, number[]>();
  rows.forEach(({ run }, i) => {
    const cell = of(run);
    const known = groups.get(cell);
    if (known === undefined) groups.set(cell, [i]);
    else known.push(i);
  });
  return [...groups].flatMap(([cell, own]) => {
    const name = `${title}: ${formatCell(kind, cell)}`;
    const head: GroupRow = { type: 'group', title: name, count: own.length, isFolded: isFolded(name) };
    return head.isFolded ? [head] : [head, ...own];
  });
}

function columnsOf({ columns }: RunTable): RunsColumn[] {
  return columns.map(({ title, kind }, i) => ({ title, isText: i === 0 || kind === 'text' || kind === 'time' }));
}

function textsOf(columns: RunTable['columns'], cells: readonly Cell[]): string[] {
  return columns.map(({ kind, title }, i) => formatCell(kind, cells[i] ?? null, title));
}

/** The keys in which runs differ, and how they ended. */
export function differencesOf(runs: readonly KeyedRun[]): TableAnswer {
  if (runs.length === 0) return { columns: [], rows: [] };
  const table = differences(runs.map(({ run }) => run));
  const rows = table.rows.map(({ cells }, i) => ({
    key: runs[i]?.key ?? '',
    cells: textsOf(table.columns, cells),
    sort: cells.map((cell) => (typeof cell === 'boolean' ? String(cell) : cell)),
  }));
  return { columns: columnsOf(table), rows };
}
