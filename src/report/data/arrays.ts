import type { ArrayProfile, ArraysProfile } from '../../data/profile/arrays.ts';
import { printable } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import { showBytes } from '../../machine/show-bytes.ts';
import { renderTable, type TableLook } from '../text/table.ts';
import { stacked } from '../text/wrapped.ts';
import { drawPicture } from './pictures.ts';
import { shown } from './profile.ts';

/** Classes, and numbers of a row, that are listed one by one. */
const MOST_LISTED = 100;
const MOST_NUMBERS = 20;

/** What a file of arrays holds: a line an array, their classes, and their first rows, which are drawn if they are pictures. */
export function renderArraysProfile({ path, arrays }: ArraysProfile, look: TableLook): string {
  const rows = arrays.map((array) => [
    nameOf(array),
    array.type,
    array.shape.join(' x '),
    shown(array.min),
    shown(array.max),
    shown(array.mean),
    showBytes(array.memory_bytes),
    notesOf(array),
  ]);
  const head = ['array', 'type', 'shape', 'min', 'max', 'mean', 'memory', ''];
  const align = ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'] as const;
  const bytes = arrays.reduce((sum, array) => sum + array.memory_bytes, 0);
  const parts = [
    `${printable(path)}: ${arrays.length} ${arrays.length === 1 ? 'array' : 'arrays'}, ${showBytes(bytes)} in memory`,
    renderTable({ head, rows, align: [...align] }, look),
    ...arrays.flatMap((array) => [classesText(array, look), headText(array)]),
  ];
  return stacked(parts, look.columns);
}

function nameOf({ name }: ArrayProfile): string {
  return name === undefined ? '' : printable(name);
}

function notesOf({ constant, not_finite: notFinite }: ArrayProfile): string {
  return [constant ? 'constant' : '', notFinite === 0 ? '' : `${notFinite} not finite in f32`].filter((note) => note !== '').join(', ');
}

function classesText(array: ArrayProfile, look: TableLook): string {
  const { classes } = array;
  if (classes === undefined) return '';
  const rows = classes.slice(0, MOST_LISTED).map(({ name, count }) => [name, `${count}`]);
  const more = classes.length > MOST_LISTED ? `\n... and ${classes.length - MOST_LISTED} classes more` : '';
  const title = array.name === undefined ? 'class' : `class of ${nameOf(array)}`;
  return renderTable({ head: [title, 'rows'], rows, align: ['left', 'right'] }, look) + more;
}

function headText(array: ArrayProfile): string {
  const sampleShape = array.shape.slice(1);
  return array.head
    .map((row, i) => {
      const title = `${array.name === undefined ? '' : `${nameOf(array)}, `}row ${i}`;
      const picture = drawPicture(row, sampleShape);
      if (picture !== '') return `${title}\n${picture}`;
      const numbers = row.slice(0, MOST_NUMBERS).map((value) => shown(value));
      return `${title}: ${numbers.join(' ')}${row.length > MOST_NUMBERS ? ` ... (${elements(sampleShape)} numbers)` : ''}`;
    })
    .join('\n');
}
