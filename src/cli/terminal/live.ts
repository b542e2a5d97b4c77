import { firstColumns, printablePart, widthOf } from '../../report/text/paint.ts';
import type { Output } from './output.ts';

const MIN_REDRAW_MS = 100;
/** Terminals that cut a line that has become too long for them; all others break it, so that it takes more rows. */
const CUTS_LINES = process.env['TERM'] === 'linux' || process.env['XTERM_VERSION'] !== undefined;

/** A few lines at the bottom of the terminal that are redrawn in place, below lines that stay. */
export class LiveStatus {
  readonly #output: Pick<Output, 'draw' | 'lines' | 'screen' | 'onResize'>;
  #lines: readonly string[] = [];
  /** As they stand in the terminal: cut to the width that it had. */
  #drawn: readonly string[] = [];
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(output: Pick<Output, 'draw' | 'lines' | 'screen' | 'onResize'>) {
    this.#output = output;
    output.onResize(() => this.#redraw());
  }

  /** Replaces the status; at most ten times a second, whatever is in between is left out. */
  update(lines: readonly string[]): void {
    this.#lines = lines;
    const now = performance.now();
    if (now - this.#drawnAt < MIN_REDRAW_MS) return;
    this.#drawnAt = now;
    this.#redraw();
  }

  /** Prints a line that stays, above the status. */
  keep(line: string): void {
    this.#redraw(`${this.#output.lines(line)}\n`);
  }

  /** Wipes the status. */
  clear(): void {
    this.#lines = [];
    this.#redraw();
  }

  #redraw(above = ''): void {
    const rows = this.#rows();
    const { columns, rows: height } = this.#output.screen;
    // A terminal wraps a line that fills it, and cannot go up beyond its first row.
    this.#drawn = this.#lines.slice(0, Math.max(1, height - 1)).map((line) => firstColumns(printablePart(line), columns - 1));
    this.#output.draw(above + this.#drawn.join('\n'), rows);
  }

  /** That the status takes now, in a terminal that may be narrower than when it was drawn. */
  #rows(): number {
    const { columns, rows } = this.#output.screen;
    const taken = this.#drawn.map((line) => (CUTS_LINES ? 1 : Math.max(1, Math.ceil(widthOf(line) / columns))));
    return Math.min(
      rows,
      taken.reduce((sum, count) => sum + count, 0),
    );
  }
}
