import { GradloomError, printableJson } from '../../errors.ts';
import { spellCommands } from '../../report/text/commands.ts';
import { errorObject, renderError } from '../../report/text/errors.ts';
import { forTerminal, type Paint, painter, printablePart } from '../../report/text/paint.ts';
import { wrapped } from '../../report/text/wrapped.ts';
import { errnoText } from '../../storage/errno.ts';
import { launcher } from './launcher.ts';

export interface OutputOptions {
  /** stdout holds one JSON object and nothing else. */
  json: boolean;
  /** Nothing but errors and what was asked for. */
  quiet: boolean;
}

/** What a pipe is taken to be wide. */
const PIPE_COLUMNS = 80;
/** Of the second line of a note and those after it. */
const WRAPPED_INDENT = 2;
const ERASE_BELOW = '\u001b[J';
/** The reader has gone: a closed pipe, a closed terminal. */
const GONE = new Set(['EPIPE', 'EIO', 'ENXIO', 'ERR_STREAM_DESTROYED']);

/**
 * The only way to stdout and stderr: results on the one, everything else on the other. Whatever a text holds, only line breaks, our colours
 * and our own moves of the cursor leave the process as they are; the rest that could steer a terminal is shown by its code. When the reader
 * of a pipe has gone, printing stops and nothing else does; a terminal that has gone is a hang-up, also for a process that the system sends
 * no SIGHUP.
 */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Colours for `note` and the errors. */
  readonly paint: Paint = painter(process.stderr);
  readonly #closed = new Set<NodeJS.WriteStream>();
  /** What has to be done when all is written, before the process ends; gives what to exit with. */
  atEnd: ((exitCode: number) => Promise<number>) | undefined;
  #hasObject = false;
  #isMute = false;
  #hasHungUp = false;
  #failure: Error | undefined;
  #program: string | undefined;
  #resized: (() => void) | undefined;
  /** Wipes what is drawn in place, so that an error does not stand behind it. */
  #wipe: (() => void) | undefined;

  constructor({ json, quiet }: OutputOptions) {
    this.json = json;
    this.quiet = quiet;
    for (const stream of [process.stdout, process.stderr]) stream.on('error', (error) => this.#onError(stream, error));
  }

  /** Nothing is printed any more, not even an error: another process says it. */
  mute(): void {
    this.#isMute = true;
  }

  unmute(): void {
    this.#isMute = false;
  }

  /** A terminal has gone that the process was writing to. */
  get hasHungUp(): boolean {
    return this.#hasHungUp;
  }

  /** Where results go for people: stdout, or stderr when stdout is kept for JSON. */
  get resultStream(): NodeJS.WriteStream {
    return this.json ? process.stderr : process.stdout;
  }

  /** Results for people. */
  result(text: string): void {
    if (!this.quiet) this.#write(this.resultStream, `${text}\n`);
  }

  /** What the user asked for literally: printed even when quiet. */
  answer(text: string): void {
    this.#write(process.stdout, text.endsWith('\n') ? text : `${text}\n`);
  }

  /**
   * A piece of a long result on stdout: to a terminal as `answer`, to a file or a pipe byte by byte. Waits until there is room for more.
   *
   * @returns false if nobody reads any more
   */
  async piece(bytes: Uint8Array): Promise<boolean> {
    const { stdout } = process;
    if (this.#isMute || this.#closed.has(stdout)) return false;
    if (bytes.length === 0) return true;
    const given = stdout.isTTY ? forTerminal(new TextDecoder().decode(bytes)) : bytes;
    await new Promise<void>((resolve) => {
      stdout.write(given, () => resolve());
    });
    return !this.#closed.has(stdout);
  }

  /** The one JSON object. */
  object(value: unknown): void {
    this.#hasObject = true;
    this.#write(process.stdout, `${printableJson(value)}\n`);
  }

  /** A line of progress, a warning, a notice; a terminal gets one that is too wide for it in several, broken between words. */
  note(line: string): void {
    if (!this.quiet) this.#write(process.stderr, `${this.lines(line)}\n`);
  }

  /** A command to go on with; written for gradloom, shown as it can be typed here: in one line, so that it can be copied from a terminal. */
  next(command: string): void {
    if (!this.quiet)
      this.#write(process.stderr, `${printablePart(`${this.paint('cyan', 'next:')} ${spellCommands(command, this.program)}`)}\n`);
  }

  /** A line for stderr, in as many as it takes there. */
  lines(line: string): string {
    return wrapped(printablePart(line), process.stderr.isTTY ? columnsOf(process.stderr) - WRAPPED_INDENT : undefined, WRAPPED_INDENT);
  }

  /**
   * Writes to the terminal in place of what stands in its last rows.
   *
   * @param rows  to wipe first; 0 for none, not even that of the cursor
   */
  draw(text: string, rows: number): void {
    if (text === '' && rows === 0) return;
    const up = rows > 1 ? `\u001b[${rows - 1}A` : '';
    const wipe = rows === 0 ? '' : `\r${up}${ERASE_BELOW}`;
    this.#write(process.stderr, text, wipe);
  }

  /** How a result looks on a stream: as wide as a terminal, with nothing left out for programs that read lines. */
  look(stream: NodeJS.WriteStream): { boxed: boolean; paint: Paint; columns: number; program: string } {
    const columns = stream.isTTY ? columnsOf(stream) : Number.POSITIVE_INFINITY;
    return { boxed: stream.isTTY, paint: painter(stream), columns, program: this.program };
  }

  /** Size of the terminal that `draw` writes to. */
  get screen(): { columns: number; rows: number } {
    return { columns: columnsOf(process.stderr), rows: process.stderr.rows || Number.POSITIVE_INFINITY };
  }

  /** Calls back whenever `screen` has changed, in place of who asked for it before. */
  onResize(listener: () => void): void {
    if (this.#resized !== undefined) process.stderr.off('resize', this.#resized);
    this.#resized = listener;
    process.stderr.on('resize', listener);
  }

  /** How gradloom was started. */
  get program(): string {
    this.#program ??= launcher();
    return this.#program;
  }

  /** @param wipe  called before an error is printed, wherever it comes from */
  wipeBeforeErrors(wipe: () => void): void {
    this.#wipe = wipe;
  }

  error(error: GradloomError): void {
    this.#wipe?.();
    // What goes wrong after the result is out is said beside it.
    if (this.json && !this.#hasObject) this.object(errorObject(error, this.program));
    else
      this.#write(
        process.stderr,
        `${renderError(error, { paint: this.paint, columns: columnsOf(process.stderr), wraps: process.stderr.isTTY, program: this.program })}\n`,
      );
  }

  /**
   * Waits until everything is written.
   *
   * @throws GradloomError E_STORAGE if stdout took less than all for another reason than a reader who left, such as a full disk
   */
  async drain(): Promise<void> {
    await Promise.all([process.stdout, process.stderr].map((stream) => this.#drained(stream)));
    if (this.#failure === undefined) return;
    const next = 'free space there, or write to another file';
    throw new GradloomError({
      code: 'E_STORAGE',
      where: 'stdout',
      message: `cannot be written: ${errnoText(this.#failure)}`,
      next,
      cause: this.#failure,
    });
  }

  #drained(stream: NodeJS.WriteStream): Promise<void> {
    if (this.#closed.has(stream)) return Promise.resolve();
    return new Promise((resolve) => {
      stream.write('', () => resolve());
    });
  }

  /** @param control  our own, written as it is before the text */
  #write(stream: NodeJS.WriteStream, text: string, control = ''): void {
    if (!this.#isMute && !this.#closed.has(stream)) stream.write(control + forTerminal(text));
  }

  #onError(stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
    this.#closed.add(stream);
    if (stream.isTTY && GONE.has(error.code ?? '') && !this.#hasHungUp) {
      this.#hasHungUp = true;
      process.emit('SIGHUP', 'SIGHUP');
    }
    if (stream === process.stdout && !GONE.has(error.code ?? '')) this.#failure ??= error;
  }
}

export function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY && stream.columns > 0 ? stream.columns : PIPE_COLUMNS;
}
