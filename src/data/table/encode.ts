import { featureCount, type InputSpec } from '../preprocess/preprocess.ts';
import type { Block } from './rows/block.ts';
import type { Dictionary } from './rows/dictionary.ts';
import { listed, missingValue, unknownCategory } from './rows/faults.ts';
import type { Places } from './rows/places.ts';

export type TableSpec = Extract<InputSpec, { kind: 'table' }>;

/** What the codes of a column of categories mean. */
export interface CategoryCodes {
  dictionary: Dictionary;
  /** Number of the category by code, -1 for none. */
  numbers: Int32Array;
}

/** Whether features are the numbers of the table as they were read, so that nothing need be encoded. */
export function isPlain({ columns }: TableSpec): boolean {
  return columns.every((column) => column.type === 'number' && column.indicator === undefined);
}

/**
 * Raw rows to features, not yet normalised: missing values filled, categories one-hot, indicators behind their columns.
 *
 * @param block   its number columns and its columns of categories stand in the order of those of the spec
 * @param places  of the rows of the block
 * @param codes   of each column of categories
 * @param out     receives the features, shape [block.rows, D]; zeroed
 * @throws GradloomError E_TABLE_VALUE for a missing value that nothing stands for, and for an unknown category
 */
export function encodeRows(spec: TableSpec, block: Block, places: Places, codes: readonly CategoryCodes[], out: Float32Array): void {
  const width = featureCount(spec);
  const { widths } = block;
  let first = 0;
  let numberSlot = 0;
  let textSlot = 0;
  const missing = (row: number, name: string): Error => {
    const { path, line } = places.of(row);
    return missingValue(path, line, name, 'feature');
  };
  for (const column of spec.columns) {
    if (column.type === 'number') {
      const { fill, indicator } = column;
      for (let row = 0; row < block.rows; row++) {
        let value = block.features[row * widths.features + numberSlot] as number;
        if (Number.isNaN(value)) {
          if (fill === undefined) throw missing(row, column.name);
          value = fill;
          if (indicator === true) out[row * width + first + 1] = 1;
        }
        out[row * width + first] = value;
      }
      numberSlot++;
      first += indicator === true ? 2 : 1;
      continue;
    }
    const { categories, fill, indicator, unknown } = column;
    const { dictionary, numbers } = codes[textSlot] as CategoryCodes;
    const filled = fill === undefined ? -1 : categories.indexOf(fill);
    for (let row = 0; row < block.rows; row++) {
      const code = block.codes[row * widths.texts + textSlot] as number;
      let category = numbers[code] ?? -1;
      if (code === 0) {
        if (filled < 0) throw missing(row, column.name);
        category = filled;
        if (indicator === true) out[row * width + first + categories.length] = 1;
      } else if (category < 0 && unknown === 'error') {
        const { path, line } = places.of(row);
        throw unknownCategory(path, line, column.name, dictionary.names[code - 1] ?? '', listed(categories));
      }
      if (category >= 0) out[row * width + first + category] = 1;
    }
    textSlot++;
    first += categories.length + (indicator === true ? 1 : 0);
  }
}
