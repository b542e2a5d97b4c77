import { type ClassScore, classScores } from '../../use/evaluate/scores.ts';
import { escapeHtml } from '../page/html.ts';
import { wide } from '../page/page.ts';
import { coordinate, svgText } from '../page/svg.ts';
import { formatCount, formatPercent } from '../text/numbers.ts';

/** Rows of class i that were taken for class j, at [i][j]. */
export type Matrix = readonly (readonly number[])[];

/** Beyond these a matrix is drawn without numbers, and without names. */
const NUMBERED = 16;
const NAMED = 40;
/** Beyond this it is no picture any more. */
const MOST_CLASSES = 200;
const LONGEST_NAME = 14;
const MOST_PAIRS = 10;

/** The table of the classes, which its heads sort, and their matrix. @param names  of the classes; numbers where there are none */
export function classesPart(matrix: Matrix, names: readonly string[], split: string): string {
  const called = matrix.map((_, i) => names[i] ?? String(i));
  return `<div class="sides"><div>${wide(`classes in ${split}`, classTable(matrix, called))}${confused(matrix, called)}</div>${wide(`confusion matrix of ${split}`, confusionChart(matrix, called, split))}</div>`;
}

function classTable(matrix: Matrix, names: readonly string[]): string {
  const scores = classScores(matrix, names);
  const heads = ['class', 'precision', 'recall', 'f1', 'support'].map(
    (head, i) => `<th scope="col"${i === 0 ? ' class="text"' : ''}><button type="button">${head}</button></th>`,
  );
  const cells = ({ precision, recall, f1, support }: Omit<ClassScore, 'class'>): string =>
    [precision, recall, f1].map((value) => `<td data-v="${value}">${formatPercent(value)}</td>`).join('') +
    `<td data-v="${support}">${formatCount(support)}</td>`;
  const rows = scores.map((score) => {
    const name = score.class;
    return `<tr><td class="text" data-v="${escapeHtml(name)}">${escapeHtml(name)}</td>${cells(score)}</tr>`;
  });
  // As macro_f1 and its kin: a class that is neither there nor predicted has no part in it.
  const there = scores.filter(({ support }, i) => support > 0 || matrix.some((row) => (row[i] ?? 0) > 0));
  const mean = (of: (score: ClassScore) => number): number => sum(there.map(of)) / there.length;
  const macro: Omit<ClassScore, 'class'> = {
    precision: mean(({ precision }) => precision),
    recall: mean(({ recall }) => recall),
    f1: mean(({ f1 }) => f1),
    support: sum(scores.map(({ support }) => support)),
  };
  const foot = `<tfoot><tr><th scope="row" class="text">mean</th>${cells(macro)}</tr></tfoot>`;
  return `<table class="sort"><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody>${foot}</table>`;
}

/** The pairs that were taken for each other most often. */
function confused(matrix: Matrix, names: readonly string[]): string {
  const pairs = matrix
    .flatMap((row, i) => row.map((count, j) => ({ count, from: names[i] ?? '', to: names[j] ?? '', isHit: i === j })))
    .filter(({ count, isHit }) => count > 0 && !isHit)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MOST_PAIRS);
  if (pairs.length === 0) return '<p class="faint">Every row is of the class that was predicted.</p>';
  const items = pairs.map(({ count, from, to }) => `${escapeHtml(from)} taken for ${escapeHtml(to)}: ${formatCount(count)}`);
  return `<p class="faint">Most often confused: ${items.join('; ')}.</p>`;
}

/** Darker cells are a larger share of the rows of their class; a pale one off the diagonal is still to be seen. */
function confusionChart(matrix: Matrix, names: readonly string[], split: string): string {
  const count = matrix.length;
  if (count > MOST_CLASSES) return `<p class="faint">A matrix of ${formatCount(count)} classes is too large for a picture.</p>`;
  const hasNames = count <= NAMED;
  const cell = Math.max(4, Math.min(40, Math.floor(520 / count)));
  const longest = hasNames ? Math.min(LONGEST_NAME, Math.max(...names.map((name) => Array.from(name).length))) : 0;
  const left = 26 + longest * 7;
  const top = 22 + (hasNames ? (longest > 3 ? longest * 6.2 : 16) : 0);
  const size = count * cell;
  const short = (name: string): string =>
    Array.from(name).length > LONGEST_NAME
      ? `${Array.from(name)
          .slice(0, LONGEST_NAME - 1)
          .join('')}…`
      : name;
  const parts = [
    svgText(left, 12, 'predicted', { class: 'name' }),
    `<text class="name" transform="translate(12 ${coordinate(top + size)}) rotate(-90)">true class</text>`,
  ];
  if (hasNames) {
    names.forEach((name, i) => {
      const middle = (i + 0.5) * cell;
      parts.push(svgText(left - 6, top + middle + 4, short(name), { anchor: 'end' }));
      const x = coordinate(left + middle + (longest > 3 ? 4 : 0));
      const turn = longest > 3 ? ` transform="rotate(-90 ${x} ${coordinate(top - 6)})"` : ' text-anchor="middle"';
      parts.push(`<text x="${x}" y="${coordinate(top - 6)}"${turn}>${escapeHtml(short(name))}</text>`);
    });
  }
  matrix.forEach((row, i) => {
    const rows = sum(row);
    row.forEach((value, j) => {
      const share = rows === 0 ? 0 : value / rows;
      const [x, y] = [left + j * cell, top + i * cell];
      const title = `${names[i] ?? ''} taken for ${names[j] ?? ''}: ${formatCount(value)} (${formatPercent(share)})`;
      // A cell that is empty on the whole stays out of a large matrix.
      if (value === 0 && count > NAMED) return;
      const strength = value === 0 ? 0 : 0.12 + 0.88 * Math.sqrt(share);
      parts.push(
        `<rect class="cell ${i === j ? 'f0' : 'f1'}" x="${coordinate(x)}" y="${coordinate(y)}" width="${cell}" height="${cell}" fill-opacity="${coordinate(strength * 10) === '0' ? '0.03' : strength.toFixed(2)}"><title>${escapeHtml(title)}</title></rect>`,
      );
      if (count <= NUMBERED && value > 0)
        parts.push(
          svgText(x + cell / 2, y + cell / 2 + 4, formatCount(value), { anchor: 'middle', class: strength > 0.55 ? 'deep' : 'pale' }),
        );
    });
  });
  const [width, height] = [left + size + 4, top + size + 4];
  return `<svg class="chart matrix" width="${Math.round(width)}" height="${Math.round(height)}" viewBox="0 0 ${coordinate(width)} ${coordinate(height)}" role="img" aria-label="confusion matrix of ${escapeHtml(split)}: true classes down, predicted ones across">${parts.join('\n')}</svg>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
