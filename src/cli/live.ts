import type { Output } from './output.ts';

const MIN_REDRAW_MS = 100;
const ERASE_BELOW = '\u001b[J';

/** A few lines at the bottom of the terminal that are redrawn in place, below lines that stay. */
export class LiveStatus {
  readonly #output: Pick<Output, 'draw'>;
  #lines: readonly string[] = [];
  #shown = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(output: Pick<Output, 'draw'>) {
    this.#output = output;
  }

  /** Replaces the status; at most ten times a second, whatever is in between is left out. */
  update(lines: readonly string[]): void {
    this.#lines = lines;
    const now = performance.now();
    if (now - this.#drawnAt < MIN_REDRAW_MS) return;
    this.#drawnAt = now;
    this.#output.draw(this.#erase() + this.#draw());
  }

  /** Prints a line that stays, above the status. */
  keep(line: string): void {
    this.#output.draw(`${this.#erase()}${line}\n${this.#draw()}`);
  }

  /** Wipes the status. */
  clear(): void {
    this.#lines = [];
    this.#output.draw(this.#erase());
  }

  #draw(): string {
    this.#shown = this.#lines.length;
    return this.#lines.join('\n');
  }

  #erase(): string {
    const up = this.#shown > 1 ? `\u001b[${this.#shown - 1}A` : '';
    const erased = this.#shown === 0 ? '' : `\r${up}${ERASE_BELOW}`;
    this.#shown = 0;
    return erased;
  }
}
