import { codeFrameColumns } from '@babel/code-frame';
import { LineCounter } from 'yaml';
import { printable } from '../../errors.ts';

/** Config files are short; more is a mistake or an attack. */
export const MAX_BYTES = 2 ** 20;

/** A text that values are read from: a file, one command-line argument, or a library caller's object (which has no text). */
export interface Source {
  readonly kind: 'file' | 'command line' | 'object';
  /** The path as the user wrote it, or the kind. */
  readonly name: string;
  readonly text: string;
  /** What relative paths in this source start from. */
  readonly dir: string;
  /** Sorts problems: the root file first, then what it extends, then arguments. */
  readonly order: number;
  readonly lines: LineCounter;
}

/** A stretch of a source, in UTF-16 units; empty when only its start matters. */
export interface Place {
  readonly source: Source;
  readonly from: number;
  readonly to: number;
}

const CONTEXT_LINES = 2;
/** Longer lines are cut around the caret. */
const FRAME_COLUMNS = 160;

export function makeSource(kind: Source['kind'], name: string, text: string, dir: string, order: number): Source {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = plain.indexOf('\n'); at !== -1; at = plain.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return { kind, name, text: plain, dir, order, lines };
}

/** Line and column of a place, both from 1. */
export function position(place: Place): { line: number; column: number } {
  const { line, col } = place.source.lines.linePos(place.from);
  return { line, column: col };
}

/** The place as an error names it: `file:line:column`, or the argument; an object has only its key path. */
export function whereOf(place: Place, path: string): string {
  const { source } = place;
  if (source.kind === 'object') return path === '' ? 'object' : printable(path);
  if (source.kind === 'command line') return `command line: ${printable(source.text)}`;
  const { line, column } = position(place);
  return `${printable(source.name)}:${line}:${column}`;
}

/** The lines around a place with a caret under it; nothing where there is no text. */
export function frameOf(place: Place): string | undefined {
  const { source } = place;
  if (source.text.trim() === '') return undefined;
  const { line, column } = position(place);
  const first = Math.max(1, line - CONTEXT_LINES);
  const last = Math.min(source.lines.lineStarts.length, line + CONTEXT_LINES);
  const cut = Math.max(0, column - FRAME_COLUMNS / 2);
  const width = Math.max(1, Math.min(place.to, lineEnd(source, line)) - place.from);
  const shown: string[] = [];
  for (let at = first; at <= last; at += 1) shown.push(showLine(source, at, cut));
  const before = escaped(lineText(source, line).slice(cut, column - 1));
  const under = escaped(source.text.slice(place.from, place.from + Math.min(width, FRAME_COLUMNS / 2)));
  const from = before.length + 1;
  const to = from + Math.max(1, under.length);
  if (source.kind === 'command line') {
    const lead = 'command line: ';
    return `${lead}${shown[line - first] ?? ''}\n${' '.repeat(lead.length + from - 1)}${'^'.repeat(to - from)}`;
  }
  const options = { linesAbove: CONTEXT_LINES, linesBelow: CONTEXT_LINES, startLine: first };
  return codeFrameColumns(shown.join('\n'), { start: { line, column: from }, end: { line, column: to } }, options);
}

function showLine(source: Source, line: number, cut: number): string {
  return escaped(lineText(source, line).slice(cut, cut + FRAME_COLUMNS));
}

function lineText(source: Source, line: number): string {
  return source.text.slice(source.lines.lineStarts[line - 1], lineEnd(source, line));
}

/** End of a line without its line break. */
function lineEnd(source: Source, line: number): number {
  const next = source.lines.lineStarts[line];
  if (next === undefined) return source.text.length;
  return source.text[next - 2] === '\r' ? next - 2 : next - 1;
}

function escaped(text: string): string {
  return printable(text, Number.POSITIVE_INFINITY);
}
