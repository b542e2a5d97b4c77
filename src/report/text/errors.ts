import { type ErrorDetails, GradloomError, printable } from '../../errors.ts';
import { spellCommands } from './commands.ts';
import { firstColumns, type Paint, widthOf } from './paint.ts';
import { wrapped } from './wrapped.ts';

/** A message of ours is short; a worker's may hold anything. */
const MAX_MESSAGE = 2000;
const MAX_WHERE = 500;
/** A command that is cut does not work. */
const MAX_COMMAND = Number.POSITIVE_INFINITY;
const GAP = '  ';
const WIDE_GAP = '      ';
/** Of the lines of a sentence after its first. */
const INDENT = 2;
/** Of a frame's text, in the narrowest terminal. */
const MIN_FRAME = 20;

export interface ErrorLook {
  paint: Paint;
  /** What is kept and what to do next share a line if they fit in it. */
  columns: number;
  /** Sentences that are wider have several lines, as for a terminal. @default they stay in one */
  wraps?: boolean;
  /** How gradloom was started, for the commands to type. @default gradloom */
  program?: string | undefined;
}

/** All problems of an error: what, where, what is kept, what next. */
export function renderError(error: GradloomError, look: ErrorLook): string {
  return error.problems.map((problem) => renderProblem(problem, look)).join('\n');
}

function renderProblem(
  { code, message, lines: list, where, frame, kept, next }: ErrorDetails,
  { paint, columns, wraps = false, program }: ErrorLook,
): string {
  const fitted = (text: string, indent: number): string => (wraps ? wrapped(text, columns - indent, indent) : text);
  const head = [paint('red', `error[${code}]`), printable(message, MAX_MESSAGE)];
  if (where !== undefined) head.unshift(paint('bold', printable(where, MAX_WHERE)));
  const lines = [fitted(head.join(GAP), INDENT), ...(list ?? []).map((line) => `  ${fitted(printable(line, MAX_MESSAGE), INDENT)}`)];
  // Frames have lines of their own, each already escaped where it shows the user's text.
  if (frame !== undefined) {
    const shown = frame.split('\n').map((line) => printable(line, MAX_MESSAGE));
    lines.push(...framed(shown, wraps ? columns : Number.POSITIVE_INFINITY).map((line) => paintFrame(line, paint)));
  }
  const rest: [label: string, text: string][] = [];
  if (kept !== undefined) rest.push(['kept:', printable(spellCommands(kept, program), MAX_COMMAND)]);
  if (next !== undefined) rest.push(['next:', printable(spellCommands(next, program), MAX_COMMAND)]);
  const isShort = rest.map(([label, text]) => `${label} ${text}`).join(WIDE_GAP).length <= columns;
  // A command stays in one line, so that it can be copied.
  const shown = rest.map(
    ([label, text]) => `${paint('cyan', label)} ${text.startsWith(program ?? 'gradloom') ? text : fitted(text, label.length + 1)}`,
  );
  if (shown.length > 0) lines.push(shown.join(isShort ? WIDE_GAP : '\n'));
  return lines.join('\n');
}

/** What stands before the text in the lines of a frame. */
const GUTTER = /^(?:[> ]*\d* \| ?|command line: )/;

/**
 * A frame whose lines keep to a width: where they are wider, all are cut alike, so that what the carets are under stays in sight. Letters
 * that take two columns have two carets.
 */
function framed(lines: readonly string[], columns: number): string[] {
  const at = lines.findIndex((line) => /^[\s|]*\^+$/.test(line));
  const marked = lines[at - 1] ?? '';
  const gutter = GUTTER.exec(marked)?.[0].length;
  if (gutter === undefined) return [...lines];
  const carets = lines[at] ?? '';
  const from = carets.indexOf('^');
  const found = marked.slice(from, carets.length);
  const room = Math.max(MIN_FRAME, columns - gutter);
  const isWide = lines.some((line) => widthOf(line) > gutter + room);
  const start = isWide ? startOf(marked, gutter, from, room / 2 - Math.min(widthOf(found), room / 2)) : gutter;
  const before = start > gutter ? '…' : '';
  const cut = (line: string): string => {
    if (line.length <= gutter) return line;
    const text = line.length > start ? before + line.slice(start) : '';
    return line.slice(0, gutter) + (widthOf(text) <= room ? text : `${firstColumns(text, room - 1)}…`);
  };
  const left = widthOf(before + marked.slice(start, from));
  const under = '^'.repeat(Math.max(1, Math.min(widthOf(found), room - left)));
  return lines.map((line, i) => (i === at ? carets.slice(0, gutter) + ' '.repeat(left) + under : cut(line)).trimEnd());
}

/** Where to begin so that no more than `most` columns stand before the place: what follows it has half of the line. */
function startOf(line: string, first: number, place: number, most: number): number {
  let start = first;
  while (start < place && widthOf(line.slice(start, place)) > most) start += 1;
  return start;
}

function paintFrame(line: string, paint: Paint): string {
  if (line.startsWith('>')) return line;
  return /^[\s|^]+$/.test(line) ? paint('red', line) : paint('dim', line);
}

type PlainProblem = Omit<ErrorDetails, 'cause'>;

/** The same for programs: one object. */
export function errorObject(error: GradloomError, program?: string): { error: PlainProblem & { problems: PlainProblem[] } } {
  const plain = (problem: ErrorDetails): PlainProblem => plainProblem(problem, program);
  const [first = error] = error.problems;
  return { error: { ...plain(first), problems: error.problems.map(plain) } };
}

function plainProblem({ code, where, message, lines, frame, kept, next }: ErrorDetails, program: string | undefined): PlainProblem {
  const spelt = (text: string | undefined): string | undefined => text && spellCommands(text, program);
  return { code, where, message, lines, frame, kept: spelt(kept), next: spelt(next) };
}

/** Anything thrown that is no GradloomError is a fault of ours: the error to show, with the stack for a report. */
export function internalError(cause: unknown, version: string): GradloomError {
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const machine = `gradloom ${version}, Node ${process.version}, ${process.platform} ${process.arch}`;
  return new GradloomError({
    code: 'E_INTERNAL',
    // The frame has the rest.
    message: (cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)).split('\n', 1)[0] ?? '',
    frame: `${stack}\n${machine}`,
    next: 'this is a bug in gradloom: report it with the text above, the command and the experiment file',
    cause,
  });
}
