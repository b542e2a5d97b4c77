import test from 'ava';
import { LiveStatus } from '../../../src/cli/terminal/live.ts';
import { printablePart } from '../../../src/report/text/paint.ts';

/** A terminal that breaks lines anew when its width changes, as most do; the cursor stays behind the last character. */
class Screen {
  columns: number;
  rows = 20;
  #resized: (() => void)[] = [];
  /** What was written, a line break ending each line but the last. */
  #lines: string[] = [''];

  constructor(columns: number) {
    this.columns = columns;
  }

  /** What stands in the rows of the terminal. */
  get shown(): string[] {
    const rows = this.#lines.flatMap((line) => this.#broken(line));
    return rows.at(-1) === '' ? rows.slice(0, -1) : rows;
  }

  get screen(): { columns: number; rows: number } {
    return { columns: this.columns, rows: this.rows };
  }

  lines(line: string): string {
    return printablePart(line);
  }

  onResize(listener: () => void): void {
    this.#resized.push(listener);
  }

  resize(columns: number): void {
    this.columns = columns;
    for (const listener of this.#resized) listener();
  }

  draw(text: string, wiped: number): void {
    // Wipes rows from the last one up, wherever they begin in a line.
    const rows = this.#lines.flatMap((line, i) => this.#broken(line).map((part) => ({ i, part })));
    for (let n = 0; n < wiped; n++) {
      const { i = 0, part = '' } = rows.pop() ?? {};
      const line = this.#lines[i] ?? '';
      this.#lines = [...this.#lines.slice(0, i), line.slice(0, line.length - part.length)];
    }
    const [first = '', ...others] = text.split('\n');
    this.#lines = [...this.#lines.slice(0, -1), (this.#lines.at(-1) ?? '') + first, ...others];
  }

  #broken(line: string): string[] {
    const count = Math.max(1, Math.ceil(line.length / this.columns));
    return Array.from({ length: count }, (_, i) => line.slice(i * this.columns, (i + 1) * this.columns));
  }
}

function liveOn(columns: number): { live: LiveStatus; screen: Screen } {
  const screen = new Screen(columns);
  return { live: new LiveStatus(screen), screen };
}

test('a status replaces the last one in place, and clear leaves nothing of it', (t) => {
  const { live, screen } = liveOn(40);
  live.update(['a', 'b']);
  t.deepEqual(screen.shown, ['a', 'b']);
  live.keep('kept');
  t.deepEqual(screen.shown, ['kept', 'a', 'b']);
  live.clear();
  t.deepEqual(screen.shown, ['kept']);
});

test('a status that comes too soon is drawn with the next line that stays', (t) => {
  const { live, screen } = liveOn(40);
  live.update(['a']);
  live.update(['b']);
  t.deepEqual(screen.shown, ['a']);
  live.keep('kept');
  t.deepEqual(screen.shown, ['kept', 'b']);
});

for (const [from, to] of [
  [60, 20],
  [60, 31],
  [60, 30],
  [25, 80],
] as const) {
  test(`a terminal resized from ${from} to ${to} columns keeps no stale piece of the status, and all lines that stay`, (t) => {
    const { live, screen } = liveOn(from);
    const [wide, narrow] = ['x'.repeat(45), 'y'.repeat(12)];
    live.keep('first');
    live.update([wide, narrow]);
    screen.resize(to);
    t.deepEqual(screen.shown, ['first', wide.slice(0, to - 1), narrow]);
    screen.resize(from);
    live.keep('second');
    t.deepEqual(screen.shown, ['first', 'second', wide.slice(0, from - 1), narrow]);
    live.clear();
    t.deepEqual(screen.shown, ['first', 'second']);
  });
}

test('in a low terminal the status is no higher than it', (t) => {
  const { live, screen } = liveOn(40);
  screen.rows = 3;
  live.keep('kept');
  live.update(['a', 'b', 'c', 'd']);
  t.deepEqual(screen.shown, ['kept', 'a', 'b']);
  live.clear();
  t.deepEqual(screen.shown, ['kept']);
});

test('a status stays in its lines whatever it holds', (t) => {
  const { live, screen } = liveOn(40);
  live.update(['a\nb\u001b[2J']);
  live.keep('c\rd');
  t.deepEqual(screen.shown, ['c\\u000dd', 'a\\u000ab\\u001b[2J']);
});
