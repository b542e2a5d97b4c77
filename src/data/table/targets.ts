import { type Dataset, SPLITS } from '../dataset.ts';
import { allocateShared } from '../shared.ts';
import type { Layout } from './layout.ts';
import type { Block, TextRole } from './rows/block.ts';
import { MISSING_CODE, sortedNames } from './rows/dictionary.ts';
import { shown, tableError } from './rows/faults.ts';
import type { Places } from './rows/places.ts';

interface Target {
  target: Dataset['target'];
  /** Of classes by their numbers, or of the columns. */
  names: readonly string[];
}

/** Classes in the order of their names: by value if all are numbers, else by code point. */
export function classTarget({ slot, dictionary }: TextRole, { codes, widths, rows }: Block, where: string): Target {
  const names = sortedNames(dictionary.names);
  const numberOf = dictionary.placesIn(names);
  const labels = new Int32Array(allocateShared(rows * Int32Array.BYTES_PER_ELEMENT, where));
  for (let row = 0; row < rows; row++) labels[row] = numberOf[codes[row * widths.texts + slot] as number] as number;
  return { target: { kind: 'class', labels, classes: names.length }, names };
}

/** The first columns of `others`. */
export function valueTarget({ targets }: Layout, { others, widths, rows }: Block, where: string): Target {
  const width = targets.length;
  const values = new Float32Array(allocateShared(rows * width * Float32Array.BYTES_PER_ELEMENT, where));
  const stride = widths.others;
  for (let row = 0; row < rows; row++) for (let j = 0; j < width; j++) values[row * width + j] = others[row * stride + j] as number;
  return { target: { kind: 'value', values, width }, names: targets };
}

/**
 * [rows]: the group of each row, by its text. Rows of the source's own sets have none where their file lacks the column: those of val are a
 * group of their own, and those of test are another.
 *
 * @param testFrom  the first row of the own test set
 */
export function groupsOf({ slot, dictionary }: TextRole, { codes, widths, rows }: Block, testFrom: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => {
    const code = codes[row * widths.texts + slot] as number;
    return code === MISSING_CODE && row >= testFrom ? dictionary.names.length + 1 : code;
  });
}

const NO_PART = 255;
const PART_NAMES: ReadonlyMap<string, (typeof SPLITS)[number]> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
]);

/**
 * [rows]: the part that a column assigns each row to; a missing value, and a row of the source's own sets, belongs to none.
 *
 * @param main  rows of the main set
 * @throws GradloomError E_TABLE_VALUE for a text that names no part
 */
export function partsOf({ slot, dictionary }: TextRole, block: Block, column: string, main: number, places: Places): Uint8Array {
  const parts = dictionary.names.map((name) => PART_NAMES.get(name.toLowerCase()));
  const assigned = new Uint8Array(block.rows).fill(NO_PART);
  for (let row = 0; row < main; row++) {
    const code = block.codes[row * block.widths.texts + slot] as number;
    if (code === MISSING_CODE) continue;
    const part = parts[code - 1];
    if (part === undefined) {
      const message = `${shown(dictionary.names[code - 1] ?? '')}; expected train, val or test, or nothing for a row that is left out`;
      throw tableError({ code: 'E_TABLE_VALUE', ...places.of(row), column, message });
    }
    assigned[row] = SPLITS.indexOf(part);
  }
  return assigned;
}
