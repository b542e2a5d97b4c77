import { onReading } from '../../data/files/reading.ts';
import { LiveStatus } from './live.ts';
import { columnsOf, type Output } from './output.ts';
import { readingStatus } from './reading.ts';

/** What a session shows on stderr while it goes on: lines that stay and, where a terminal can, a status that is redrawn below them. */
export class Display {
  readonly #output: Output;
  readonly #live: LiveStatus | undefined;

  constructor(output: Output) {
    this.#output = output;
    if (process.stderr.isTTY && process.env['TERM'] !== 'dumb' && !output.quiet) {
      this.#live = new LiveStatus(output);
      output.wipeBeforeErrors(() => this.clear());
    }
  }

  /** Whether there is a status: without one `update` shows nothing. */
  get isLive(): boolean {
    return this.#live !== undefined;
  }

  /** Of a line of the status: a terminal wraps one that fills it. */
  get width(): number {
    return columnsOf(process.stderr) - 1;
  }

  /** A line that stays. */
  say(line: string): void {
    if (this.#live === undefined) this.#output.note(line);
    else this.#live.keep(line);
  }

  /** Replaces the status. */
  update(lines: readonly string[]): void {
    this.#live?.update(lines);
  }

  /** Also shows, as the status, how far data is read that takes longer than a second. */
  showReading(): void {
    if (this.#live === undefined) return;
    onReading(readingStatus((lines) => (lines.length === 0 ? this.clear() : this.update(lines))));
  }

  /** Wipes the status. */
  clear(): void {
    this.#live?.clear();
  }
}
