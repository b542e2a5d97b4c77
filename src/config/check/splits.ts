import type { SourceConfig } from '../schema/schema.ts';
import { AUTO_FRACTION, FRACTION_ROUNDING } from '../shares.ts';
import { type Node, nodeAt, type Path } from '../text/node.ts';
import { isWholeFraction } from '../tree/plain.ts';
import type { View } from '../tree/view.ts';

const BY = ['data', 'split', 'by'];
const FOLDS = ['data', 'split', 'folds'];
const FOLD = ['data', 'split', 'fold'];
const PARTS = ['train', 'val', 'test'] as const;
type Part = (typeof PARTS)[number];

/** Sources whose rows have named columns. */
const TABLES: readonly unknown[] = ['csv', 'parquet'] satisfies SourceConfig['type'][];

/** Counts are whole, and fractions leave room for each other. */
export function checkSplit(view: View, root: Node): void {
  checkBy(view, root);
  checkFolds(view, root);
  const whole = PARTS.filter((part) => isWholeFraction(nodeAt(root, pathOf(part))));
  let sum = 0;
  let last: Path | undefined;
  for (const part of PARTS) {
    const path = pathOf(part);
    // Whether test has rows of its own only the source knows.
    const share = part === 'val' && view.value(path) === 'auto' ? AUTO_FRACTION : view.number(path);
    if (share === undefined || whole.includes(part)) continue;
    if (share > 1 && !Number.isInteger(share)) {
      view.report('E_CONFIG_INTEGER', path, `not an integer; got ${share}; expected a count of 1 or more, or a fraction below 1`);
    } else if (share < 1 && !hasOwnRows(part, root)) {
      sum += share;
      if (share > 0 && view.given(path)) last = path;
    }
  }
  const [first] = whole;
  if (first !== undefined) checkWhole(view, root, first, whole);
  else if (last !== undefined && sum > 1 + FRACTION_ROUNDING) {
    view.report('E_CONFIG_RANGE', last, `the fractions of data.split sum to ${Number(sum.toPrecision(6))}; expected at most 1`);
  }
}

/** A column is a table's. */
function checkBy(view: View, root: Node): void {
  const kind = ofColumn(root);
  const source = view.type(['data', 'source']);
  if (kind === undefined || typeof source !== 'string' || TABLES.includes(source)) return;
  const message = `only tables have columns, and data.source is ${source}; expected order, shuffle, stratify or files`;
  view.report('E_CONFIG_VALUE', [...BY, kind], message);
}

/** One fold of some, held out as val. */
function checkFolds(view: View, root: Node): void {
  const folds = view.number(FOLDS);
  const fold = view.number(FOLD);
  if (folds === undefined) {
    if (fold !== undefined && !view.given(FOLDS)) {
      view.report(
        'E_CONFIG_MISSING',
        FOLDS,
        `missing; data.split.fold: ${fold} is one of them`,
        FOLD,
        'add data.split.folds, the number of all',
      );
    }
    return;
  }
  if (fold !== undefined && fold >= folds)
    view.report('E_CONFIG_RANGE', FOLD, `there is no such fold; got ${fold}; expected 0 to ${folds - 1}, as data.split.folds is ${folds}`);
  if (view.value(BY) === 'files' || ofColumn(root) === 'column') {
    const message = 'with data.split.folds rows are shared out; expected order, shuffle, stratify or {group: column}';
    view.report('E_CONFIG_VALUE', BY, message);
  }
  const on = view.value(['train', 'eval', 'on']);
  if (typeof on === 'string' && on !== 'val') {
    const message = `the folds of data.split are held out as val; got ${on}; expected val`;
    view.report('E_CONFIG_VALUE', ['train', 'eval', 'on'], message);
  }
}

/** What `data.split.by` says of a column, if it names one. */
function ofColumn(root: Node): 'group' | 'column' | undefined {
  return (['group', 'column'] as const).find((kind) => nodeAt(root, [...BY, kind]) !== undefined);
}

/** Whether the rows of a part are not taken from where those of the others are. */
function hasOwnRows(part: Part, root: Node): boolean {
  const by = nodeAt(root, BY);
  if (ofColumn(root) === 'column' || (by?.kind === 'scalar' && by.value === 'files')) return true;
  const source = nodeAt(root, ['data', 'source']);
  return part !== 'train' && source?.kind === 'map' && [...source.entries.keys()].some((key) => key.startsWith(`${part}_`));
}

/** 1.0 is every row, so the other parts must be empty or have rows of their own. */
function checkWhole(view: View, root: Node, part: Part, whole: readonly Part[]): void {
  if (hasOwnRows(part, root)) return;
  const sharers = PARTS.filter((other) => other !== part && !hasOwnRows(other, root));
  const left = sharers.filter((other) => whole.includes(other) || view.value(pathOf(other)) !== 0);
  if (left.length === 0) return;
  const others = left.map((other) => `${other} (${whole.includes(other) ? '1.0' : String(view.value(pathOf(other)))})`).join(' and ');
  const instead =
    part === 'train' ? `rest, or ${left.map((other) => `${other}: 0`).join(' and ')}` : 'a fraction below 1, or 1 for one row';
  view.report('E_CONFIG_RANGE', pathOf(part), `1.0 is every row, which leaves none for ${others}; expected ${instead}`);
}

function pathOf(part: Part): Path {
  return ['data', 'split', part];
}
