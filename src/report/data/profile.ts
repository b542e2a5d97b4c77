import type { DatasetProfile } from '../../data/profile/dataset.ts';
import type { TableProfile } from '../../data/profile/table.ts';
import { listed } from '../../data/table/rows/faults.ts';
import { printable } from '../../errors.ts';
import { showBytes } from '../../machine/show-bytes.ts';
import { renderTable, type TableLook } from '../text/table.ts';
import { stacked } from '../text/wrapped.ts';

/** Columns that are listed one by one; of pixels there are more. */
const MOST_LISTED = 100;
/** Classes that the folds are shown for. */
const MOST_FOLD_CLASSES = 20;
const DIGITS = 6;

export function renderTableProfile(profile: TableProfile, headRows: number, look: TableLook): string {
  const columns = profile.columns.slice(0, MOST_LISTED);
  const rows = columns.map(({ name, type, missing, min, max, mean, distinct, values, constant }) => [
    name,
    type,
    `${missing}`,
    shown(min),
    shown(max),
    shown(mean),
    distinct === undefined
      ? constant
        ? 'constant'
        : ''
      : `${distinct}: ${(values ?? [])
          .slice(0, 5)
          .map(({ value, count }) => `${value} ${count}`)
          .join(', ')}`,
  ]);
  const head = ['column', 'type', 'missing', 'min', 'max', 'mean', 'values'];
  const parts = [
    `${printable(profile.path)}: ${profile.rows} rows, ${profile.columns.length} columns, ${showBytes(profile.memory_bytes)} of numbers in memory`,
    renderTable({ head, rows, align: ['left', 'left', 'right', 'right', 'right', 'right', 'left'] }, look),
    more(profile.columns.length),
    ...notesOf(profile),
  ];
  if (headRows > 0) {
    const cells = profile.head
      .slice(0, headRows)
      .map((row) => row.slice(0, MOST_LISTED).map((value) => (typeof value === 'number' ? shown(value) : (value ?? ''))));
    parts.push(renderTable({ head: columns.map(({ name }) => name), rows: cells }, look));
  }
  return stacked(parts, look.columns);
}

export function renderDatasetProfile(profile: DatasetProfile, pictures: string, look: TableLook): string {
  const { columns, target, leakage, folds } = profile;
  const parts = [`${profile.description}; ${showBytes(profile.memory_bytes)} in memory`];
  if (folds !== undefined) parts.push(...foldsText(folds, target, look));
  else if (target.kind === 'class') {
    const rows = target.classes
      .slice(0, MOST_LISTED)
      .map(({ name, count, train, val, test }) => [name, `${count}`, `${train}`, `${val}`, `${test}`]);
    parts.push(
      renderTable({ head: ['class', 'rows', 'train', 'val', 'test'], rows, align: ['left', 'right', 'right', 'right', 'right'] }, look),
    );
  }
  if (target.kind === 'value')
    parts.push(`targets ${target.names.map((name) => printable(name)).join(', ')}: ${shown(target.min)} to ${shown(target.max)}`);
  if (columns.length <= MOST_LISTED) {
    const rows = columns.map(({ name, min, max, mean, constant }) => [
      name,
      shown(min),
      shown(max),
      shown(mean),
      constant ? 'constant' : '',
    ]);
    parts.push(
      renderTable({ head: ['feature', 'min', 'max', 'mean', ''], rows, align: ['left', 'right', 'right', 'right', 'left'] }, look),
    );
  } else {
    const least = columns.reduce((min, column) => Math.min(min, column.min), Number.POSITIVE_INFINITY);
    const most = columns.reduce((max, column) => Math.max(max, column.max), Number.NEGATIVE_INFINITY);
    parts.push(`${columns.length} features from ${shown(least)} to ${shown(most)}`);
  }
  parts.push(...notesOf(profile), leakageText(leakage, folds === undefined ? 'splits' : 'folds, or in one and test'), pictures);
  return stacked(parts, look.columns);
}

/** A line a fold; of classes, how many rows of each are its val. */
function foldsText(folds: NonNullable<DatasetProfile['folds']>, target: DatasetProfile['target'], look: TableLook): string[] {
  const names = target.kind === 'class' ? target.classes.slice(0, MOST_FOLD_CLASSES).map(({ name }) => name) : [];
  const rows = folds.map(({ fold, train, val, classes = [] }) => [
    `${fold}`,
    `${train}`,
    `${val}`,
    ...classes.slice(0, names.length).map((count) => `${count}`),
  ]);
  const head = ['fold', 'train', 'val', ...names.map((name) => `val ${name}`)];
  const table = renderTable({ head, rows, align: head.map(() => 'right' as const) }, look);
  const more =
    target.kind === 'class' && target.classes.length > names.length ? [`... and ${target.classes.length - names.length} classes more`] : [];
  return [`${folds.length} folds, each val of one run; the sizes above are those of fold 0`, table, ...more];
}

function leakageText({ rows, examples }: DatasetProfile['leakage'], parts: string): string {
  if (rows === 0) return `no sample stands in two ${parts}`;
  const some = examples.map(([one, other]) => `${one} and ${other}`).join(', ');
  return `${rows} ${rows === 1 ? 'sample stands' : 'samples stand'} in two ${parts}, with the same features: rows ${some}${rows > examples.length ? ' ...' : ''}`;
}

function notesOf({
  columns,
  duplicated,
}: {
  columns: readonly { name: string; constant: boolean }[];
  duplicated: readonly (readonly string[])[];
}): string[] {
  const constant = columns.filter((column) => column.constant).map(({ name }) => name);
  return [
    constant.length === 0 ? '' : `constant: ${listed(constant)}`,
    ...duplicated.slice(0, 10).map((names) => `the same in all rows: ${listed(names)}`),
  ];
}

function more(count: number): string {
  return count > MOST_LISTED ? `... and ${count - MOST_LISTED} columns more` : '';
}

export function shown(value: number | undefined): string {
  return value === undefined ? '' : `${Number(value.toPrecision(DIGITS))}`;
}
