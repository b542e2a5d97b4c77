import { printable, printableSentence } from '../../errors.ts';
import { columnOf } from '../../runs/store/columns.ts';
import { curvesOf } from '../../runs/store/curves.ts';
import type { RunDescription } from '../../runs/store/describe.ts';
import { objectOf } from '../../runs/store/record.ts';
import { type CurvePoint, renderCurve } from '../text/curve.ts';
import { formatBytes, formatCounted, formatSeconds } from '../text/numbers.ts';
import { renderFacts, renderTable } from '../text/table.ts';
import { shortPath } from './results.ts';
import { formatCell, type RunTableLook } from './table.ts';

/** Letters of notes that are shown; the page of the run has all. */
const MAX_NOTES = 2000;

/** One run: what it is, how it went, its metrics, its loss and its files. */
export function renderRun({ run, environment, notes, files }: RunDescription, look: RunTableLook): string {
  const { record } = run;
  const field = (name: string): string => {
    const { kind, of } = columnOf(name, []);
    return formatCell(kind, of(run));
  };
  const facts: [string, string][] = [
    ['run', printable(record.id)],
    ['status', `${record.status}${record.problem === null ? '' : `: ${printableSentence(record.problem, 300)}`}`],
    ['started', field('started')],
    ['tags', record.tags.length === 0 ? '-' : record.tags.map((tag) => printable(tag)).join(', ')],
  ];
  if (notes !== '') facts.push(['notes', printableSentence(notes.replace(/\s+/g, ' '), MAX_NOTES)]);
  if (record.steps !== null && record.epochs !== null)
    facts.push(['length', `${formatCounted(record.steps, 'step')}, ${formatCounted(record.epochs, 'epoch')}`]);
  const { run: before, step } = objectOf(environment?.['continues']) ?? {};
  if (typeof before === 'string' && typeof step === 'number') facts.push(['continues', `${printable(before)}, from step ${step}`]);
  if (record.seconds !== null && record.workers !== null)
    facts.push(['time', `${formatSeconds(record.seconds)} with ${formatCounted(record.workers, 'worker')}`]);
  if (record.digest) facts.push(['digest', printable(record.digest)]);
  const known = (key: string): string => {
    const value = environment?.[key];
    return typeof value === 'string' || typeof value === 'number' ? printable(String(value)) : 'unknown';
  };
  const code = environment?.['code'] === undefined ? '' : `, ${known('code')}`;
  facts.push(['made by', `gradloom ${known('gradloom')}, kernels ${known('kernels')}, Node ${known('node')} on ${known('cpu')}${code}`]);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  facts.push([
    'files',
    `${printable(shortPath(run.directory), Number.POSITIVE_INFINITY)}: ${formatCounted(files.length, 'file')}, ${formatBytes(bytes)}`,
  ]);
  return [renderFacts(facts, look), renderMetrics(run, look), renderLoss(run, look)].filter((part) => part !== undefined).join('\n\n');
}

function renderMetrics(run: RunDescription['run'], look: RunTableLook): string | undefined {
  const { last, best } = run.record;
  const rows = Object.keys(last).map((metric) => {
    const { kind } = columnOf(`last ${metric}`, []);
    return [metric, formatCell(kind, last[metric] ?? null), formatCell(kind, best[metric] ?? null)];
  });
  return rows.length === 0 ? undefined : renderTable({ head: ['metric', 'last', 'best'], rows, align: ['left', 'right', 'right'] }, look);
}

function renderLoss(run: RunDescription['run'], { columns }: RunTableLook): string | undefined {
  const curves = curvesOf(run);
  const pointsOf = (metric: string): CurvePoint[] => {
    const { steps = [], values = [] } = curves.get(metric) ?? {};
    return values.map((loss, i) => ({ step: steps[i] ?? 0, loss: loss ?? Number.NaN }));
  };
  const evaluated = ['val', 'test'].find((split) => curves.has(`${split}.loss`));
  return renderCurve(
    pointsOf('train.loss'),
    columns,
    evaluated === undefined ? undefined : { name: evaluated, points: pointsOf(`${evaluated}.loss`) },
  );
}
