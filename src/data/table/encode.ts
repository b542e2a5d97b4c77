import { featureCount, type InputSpec } from '../preprocess/preprocess.ts';
import type { Block } from './rows/block.ts';

export type TableSpec = Extract<InputSpec, { kind: 'table' }>;

/** What a fault of a row is told to. */
export interface RowFaults {
  /** A missing value that nothing stands for. */
  missing(row: number, column: string): Error;
  /** @param code  in the column's dictionary, or UNKNOWN_CODE */
  unknown(row: number, column: string, code: number): Error;
}

/** Code of a dictionary -> number of the category, -1 for none, by column of categories. */
export type CategoryNumbers = readonly Int32Array[];

/** Whether features are the numbers of the table as they were read, so that nothing need be encoded. */
export function isPlain({ columns }: TableSpec): boolean {
  return columns.every((column) => column.type === 'number' && column.indicator === undefined);
}

/**
 * Raw rows to features, not yet normalised: missing values filled, categories one-hot, indicators behind their columns.
 *
 * @param block    its number columns and its columns of categories stand in the order of those of the spec
 * @param numbers  what the codes of each column of categories mean
 * @param out      receives the features, shape [block.rows, D]; zeroed
 * @throws what `faults` gives
 */
export function encodeRows(spec: TableSpec, block: Block, numbers: CategoryNumbers, out: Float32Array, faults: RowFaults): void {
  const width = featureCount(spec);
  const { features, codes, widths } = block;
  let first = 0;
  let numberSlot = 0;
  let textSlot = 0;
  for (const column of spec.columns) {
    if (column.type === 'number') {
      const { fill, indicator } = column;
      for (let row = 0; row < block.rows; row++) {
        let value = features[row * widths.features + numberSlot] as number;
        if (Number.isNaN(value)) {
          if (fill === undefined) throw faults.missing(row, column.name);
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
    const numberOf = numbers[textSlot] as Int32Array;
    const filled = fill === undefined ? -1 : categories.indexOf(fill);
    for (let row = 0; row < block.rows; row++) {
      const code = codes[row * widths.texts + textSlot] as number;
      let category = numberOf[code] ?? -1;
      if (code === 0) {
        if (filled < 0) throw faults.missing(row, column.name);
        category = filled;
        if (indicator === true) out[row * width + first + categories.length] = 1;
      } else if (category < 0 && unknown === 'error') throw faults.unknown(row, column.name, code);
      if (category >= 0) out[row * width + first + category] = 1;
    }
    textSlot++;
    first += categories.length + (indicator === true ? 1 : 0);
  }
}
