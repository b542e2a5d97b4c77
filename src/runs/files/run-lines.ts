import { kindAt } from '../../storage/folder.ts';
import { LineFollower, type Lines, readLines, visitLines } from '../../storage/line-reader.ts';
import type { LineFile } from '../../storage/lines.ts';
import { count, fields, finite, mapOf, orNull, type Shape, text } from '../../storage/shape.ts';
import type { MetricsLine } from '../events.ts';
import type { DigestLine } from './digests.ts';
import { bothOf } from './file-shapes.ts';
import { runFile } from './names.ts';

/** The files of a run that grow line by line, by the names that `RUN_FILES` has for them. */
export const LINE_KINDS = ['metrics', 'digests'] as const;
export type LineKind = (typeof LINE_KINDS)[number];

/** As a run writes them. */
export type RunLines = Record<LineKind, LineFile>;

/** Numbers by name, and the point that they belong to. */
const metricsShape: Shape<MetricsLine> = bothOf(fields({ step: count, epoch: count }), mapOf(orNull(finite)));
const digestShape: Shape<DigestLine> = fields({ step: count, digest: text, tensors: mapOf(text) });
const SHAPES: Readonly<Record<LineKind, Shape<object>>> = { metrics: metricsShape, digests: digestShape };

/**
 * The lines of metrics.jsonl, one after the other, none of which stays in memory. A line that is torn, as the last one after a crash, is left
 * out.
 *
 * @throws GradloomError E_RUN_FILE with the line number for a damaged line; E_DATA_READ without the file, E_STORAGE
 */
export function visitMetrics(directory: string, visit: (line: MetricsLine) => void): void {
  visitLines(runFile(directory, 'metrics'), Number.POSITIVE_INFINITY, { shape: metricsShape }, visit);
}

/** The lines of metrics.jsonl as they come, of a run that may be at work in another process. */
export function followMetrics(directory: string): LineFollower<MetricsLine> {
  return new LineFollower(runFile(directory, 'metrics'), { shape: metricsShape });
}

/**
 * digests.jsonl of a run; empty if there is none. A torn last line, as of a run at work, is left out.
 *
 * @throws GradloomError E_RUN_FILE with the line number for a damaged line
 */
export function readDigests(directory: string): DigestLine[] {
  const file = runFile(directory, 'digests');
  return kindAt(file) === undefined ? [] : readLines(file, undefined, { shape: digestShape }).lines;
}

/**
 * Looks through the first bytes of a file of lines.
 *
 * @returns the bytes of its whole lines, and whether they end in the middle of one
 * @throws GradloomError as `visitMetrics`
 */
export function checkLines(directory: string, kind: LineKind, bytes: number): Omit<Lines, 'lines'> {
  return visitLines(runFile(directory, kind), bytes, { shape: SHAPES[kind] }, () => undefined);
}
