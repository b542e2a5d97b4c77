import { printable } from '../../errors.ts';
import { RUN_FILES } from '../../runs/files/names.ts';
import { shortId } from '../../runs/files/run-id.ts';
import { columnOf } from '../../runs/store/columns.ts';
import type { KeyChange, RunDiff } from '../../runs/store/diff.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import { formatCount, formatCounted } from '../text/numbers.ts';
import type { Paint } from '../text/paint.ts';
import { renderTable, type TableLook } from '../text/table.ts';
import { formatCell } from './table.ts';

const MAX_VALUE = 60;
const MAX_TENSORS = 5;

/** Two runs: their differing keys by what these can do, what must follow, and what came of it. */
export function renderDiff(diff: RunDiff, look: TableLook): string {
  const { a, b, kernels, data } = diff;
  const heads = [a, b].map(({ record }) => printable(shortId(record.id)));
  const result: string[][] = diff.result.map(rowOf);
  if (kernels !== undefined) result.push(['kernel version', ...kernels.map(String)]);
  if (data !== undefined) result.push(['data (sha256)', ...data.map((fingerprint) => fingerprint.slice(0, 12))]);
  const parts = [
    section('result keys, which can change the result', result),
    section('execution keys, which cannot', diff.execution.map(rowOf)),
    section('names and places', diff.label.map(rowOf)),
    renderVerdict(diff, look.paint),
    section('outcome', outcomeOf(a, b)),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');

  function section(title: string, rows: string[][]): string | undefined {
    return rows.length === 0 ? undefined : renderTable({ head: [title, ...heads], rows, align: ['left', 'right', 'right'] }, look);
  }
}

function rowOf({ key, a, b }: KeyChange): string[] {
  return [printable(key), ...[a, b].map((value) => (value === undefined ? '-' : printable(String(value), MAX_VALUE)))];
}

function renderVerdict({ expected, digests, sameEnd, isBroken }: RunDiff, paint: Paint): string {
  const { equal, first } = digests;
  const shared = equal === 0 ? '' : `${formatCounted(equal, 'digest')} ${equal === 1 ? 'is' : 'are'} equal`;
  const facts = [
    ...(shared === '' ? [] : [shared]),
    ...(first === undefined ? [] : [`at step ${formatCount(first.step)} they differ in ${tensorsOf(first.tensors)}`]),
    ...(sameEnd === undefined ? [] : [`the final parameters ${sameEnd ? 'are the same' : 'differ'}`]),
  ];
  const found = facts.length === 0 ? 'no digests to compare' : facts.join(', ');
  if (isBroken) return paint('red', `results must be identical, but are not: ${found}`);
  if (expected === 'identical') return paint('green', `results must be identical: ${found}`);
  if (expected === 'unknown')
    return `results must be identical if data and kernels are the same, which ${RUN_FILES.environment} does not tell: ${found}`;
  return `results may differ: ${found}`;
}

function tensorsOf(tensors: readonly string[]): string {
  const shown = tensors.slice(0, MAX_TENSORS).map((name) => printable(name));
  const more = tensors.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** The last metrics of both, and how they ended. */
function outcomeOf(a: StoredRun, b: StoredRun): string[][] {
  const metrics = Object.keys({ ...a.record.last, ...b.record.last }).map((metric) => `last ${metric}`);
  return ['status', 'steps', 'seconds', 'workers', ...metrics, 'digest'].map((title) => {
    const { kind, of } = columnOf(title, []);
    return [title.replace(/^last /, ''), ...[a, b].map((run) => formatCell(kind, of(run), title))];
  });
}
