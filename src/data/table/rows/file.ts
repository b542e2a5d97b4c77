import type { Block, ColumnRole, Widths } from './block.ts';
import type { RowCount } from './growing.ts';
import type { Places } from './places.ts';

/** A file of rows with named columns, whatever its format. */
export interface TableFile {
  path: string;
  /** Names of the columns, in the order of the file; no two are the same. */
  names: readonly string[];
  /** How a text is written. */
  dialect?: { delimiter: string; decimal: '.' | ',' };
  /** Whether the names stand in the file. */
  hasNames: boolean;
  /** Columns of texts, by their number, where the format says so. */
  textColumns?: ReadonlySet<number>;
  /** How many rows there are, as far as is known before they are read; in a text at least as many as there are, for blank lines. */
  rowCount: RowCount;
  /**
   * Reads all rows behind those that the block has.
   *
   * @param roles   of the columns, in the order of `names`
   * @param places  receives the place of each row
   * @param grow    makes room for more rows when the block is full
   * @throws GradloomError E_TABLE_* or E_DATA_* with the line and the column's name
   */
  read(roles: readonly ColumnRole[], block: Block, places?: Places, grow?: () => Promise<void>): Promise<void>;
  /** The rows in blocks of up to `rows` rows, as many as there are, in bounded memory. @throws as `read` */
  blocks(roles: readonly ColumnRole[], widths: Widths, rows: number): AsyncGenerator<PlacedBlock, void, undefined>;
}

export interface PlacedBlock extends Block {
  places: Places;
}
