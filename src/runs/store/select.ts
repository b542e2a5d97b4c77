import { matchesGlob } from '../../data/files/glob.ts';
import { GradloomError, printable } from '../../errors.ts';
import { type Cell, type Column, columnOf } from './columns.ts';
import { compareText, type StoredRun } from './store.ts';

/** Which runs, and in which order. */
export interface RunQuery {
  /** One of these. */
  status?: readonly string[];
  /** All of these. */
  tags?: readonly string[];
  /** Name or id, with `*` for any letters and `?` for one. */
  name?: string;
  /** All of these: `optimizer.lr<0.01`, `min val.loss<=0.3`, `status!=finished`. */
  where?: readonly string[];
  /** Best first where one way is better, else smallest first. Runs without a value come last. */
  sortBy?: string;
  reverse?: boolean;
  /** So many of the first. */
  top?: number;
}

const CONDITION = /^([^<>=!]+)(<=|>=|!=|==|=|<|>)(.*)$/s;

/** @throws GradloomError E_USAGE for a condition or column that cannot be understood */
export function selectRuns(
  runs: readonly StoredRun[],
  { status, tags = [], name, where = [], sortBy, reverse, top }: RunQuery,
): StoredRun[] {
  const conditions = where.map((text) => conditionOf(text, runs));
  const selected = runs.filter(
    (run) =>
      (status === undefined || status.includes(run.record.status)) &&
      tags.every((tag) => run.record.tags.includes(tag)) &&
      (name === undefined || matchesGlob(name, run.record.name) || matchesGlob(name, run.record.id)) &&
      conditions.every((holds) => holds(run)),
  );
  const sorted = sortBy === undefined ? selected : sortRuns(selected, columnOf(sortBy, runs));
  if (reverse === true) sorted.reverse();
  return sorted.slice(0, top);
}

function conditionOf(text: string, runs: readonly StoredRun[]): (run: StoredRun) => boolean {
  const [, left = '', operator = '', right = ''] = CONDITION.exec(text)?.map((part) => part.trim()) ?? [];
  if (operator === '') {
    throw new GradloomError({
      code: 'E_USAGE',
      where: printable(text),
      message: 'not a condition; expected NAME, then one of = != < <= > >=, then a value',
      next: 'for example --where "optimizer.lr<0.01"',
    });
  }
  const { of } = columnOf(left, runs);
  const isTags = left.trim() === 'tags';
  return (run) => {
    if (isTags && (operator === '=' || operator === '==')) return run.record.tags.includes(right);
    if (isTags && operator === '!=') return !run.record.tags.includes(right);
    return holds(of(run), operator, right);
  };
}

function holds(cell: Cell, operator: string, text: string): boolean {
  if (cell === null) return operator === '!=' ? text !== 'null' : text === 'null' && operator.startsWith('=');
  const number = text.trim() === '' ? Number.NaN : Number(text);
  const order = typeof cell === 'number' ? Math.sign(cell - number) : compareText(String(cell), text);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '!=':
      return order !== 0;
    default:
      return order === 0;
  }
}

function sortRuns(runs: readonly StoredRun[], { of, goal }: Column): StoredRun[] {
  const sign = goal === 'maximize' ? -1 : 1;
  return runs
    .map((run) => ({ run, cell: of(run) }))
    .sort(({ cell: a }, { cell: b }) => {
      if (a === null || b === null) return Number(a === null) - Number(b === null);
      return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b)));
    })
    .map(({ run }) => run);
}
