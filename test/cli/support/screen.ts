/** What comes to a terminal: text, or a new width of its window. */
export type Drawn = { text: string } | { columns: number };

/** A text, a line break, a return of the cursor, a backspace, or a control sequence of the kind `ESC [ 2 A`. */
const ESCAPE = '\u001b';
const PIECE = new RegExp(`${ESCAPE}\\[(?<numbers>[?\\d;]*)(?<kind>[A-Za-z])|[\\r\\n\\b]|[^${ESCAPE}\\r\\n\\b]+|${ESCAPE}[^[]`, 'gu');

/**
 * What a terminal that breaks lines anew when its width changes shows in the end, with what has scrolled away; trailing spaces and empty
 * last lines are left out. Knows what gradloom and readline write: moves up, left and right, erasing, and colours, which it drops.
 *
 * @throws Error for a control sequence that it does not know
 */
export function screenOf(drawn: readonly Drawn[], columns: number): string[] {
  let width = columns;
  /** Lines as they were written, each in as many rows as it takes. */
  const lines: string[] = [''];
  /** Of the cursor: a line, and a place in it. */
  let [line, at] = [0, 0];
  const put = (text: string): void => {
    const before = (lines[line] ?? '').padEnd(at);
    lines[line] = before.slice(0, at) + text + before.slice(at + text.length);
    at += text.length;
  };
  const up = (count: number): void => {
    for (let i = 0; i < count; i++) {
      if (at >= width) at -= width;
      else {
        const column = at;
        line = Math.max(0, line - 1);
        const rows = Math.max(1, Math.ceil((lines[line] ?? '').length / width));
        at = (rows - 1) * width + column;
      }
    }
  };
  for (const one of whole(drawn)) {
    if ('columns' in one) {
      width = one.columns;
      continue;
    }
    for (const { 0: piece, groups } of one.text.matchAll(PIECE)) {
      const count = Number(groups?.['numbers'] || 1);
      if (piece === '\n') {
        line += 1;
        at = 0;
        lines[line] ??= '';
      } else if (piece === '\r') at = Math.floor(Math.max(0, at === (lines[line] ?? '').length ? at - 1 : at) / width) * width;
      else if (piece === '\b') at = Math.max(0, at - 1);
      else if (groups === undefined || groups['kind'] === undefined) put(piece);
      else if (groups['kind'] === 'A') up(count);
      else if (groups['kind'] === 'C') at += count;
      else if (groups['kind'] === 'D') at -= count;
      else if (groups['kind'] === 'G') at = Math.floor(at / width) * width + count - 1;
      else if (groups['kind'] === 'K') lines[line] = (lines[line] ?? '').slice(0, at);
      else if (groups['kind'] === 'J') {
        lines[line] = (lines[line] ?? '').slice(0, at);
        lines.length = line + 1;
      } else if (!['m', 'h', 'l'].includes(groups['kind'])) throw new Error(`an unknown control sequence: ${JSON.stringify(piece)}`);
    }
  }
  const shown = lines.flatMap((text) => {
    const rows = Math.max(1, Math.ceil(text.trimEnd().length / width));
    return Array.from({ length: rows }, (_, i) => text.slice(i * width, (i + 1) * width).trimEnd());
  });
  while (shown.at(-1) === '') shown.pop();
  return shown;
}

/** Texts that follow each other as one: a control sequence may stand in two. */
function whole(drawn: readonly Drawn[]): Drawn[] {
  const all: Drawn[] = [];
  for (const one of drawn) {
    const last = all.at(-1);
    if (last !== undefined && 'text' in last && 'text' in one) all.splice(-1, 1, { text: last.text + one.text });
    else all.push(one);
  }
  return all;
}
