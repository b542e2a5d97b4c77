import { GradloomError } from '../../../errors.ts';
import { allocateShared, growShared, reserveShared } from '../../shared.ts';
import { type Block, makeBlock, type Widths } from './block.ts';

/** A block in shared memory for rows whose number is not known before they are read. */
export interface GrowingBlock {
  block: Block;
  /** Makes room for more rows. @throws GradloomError E_LIMIT or E_DATA_TOO_LARGE, with what all rows need */
  grow(): Promise<void>;
}

/** How many rows there are. */
export interface RowCount {
  /** As far as a look at the start can tell: room for so many is made at once. */
  about: number;
  /** No file has more. */
  most: number;
  /** Counts them, which takes about as long as reading them: only where memory may be too small. */
  exact(): Promise<number>;
}

/** What is added when all is full: a part of what there is, as the guess was near; room that is not used takes no memory. */
const STEP = 0.25;
const LEAST_STEP_ROWS = 4096;

/**
 * A block that grows where it lies, so that no row is held twice.
 *
 * @param where  the source, for errors
 * @throws GradloomError E_LIMIT or E_DATA_TOO_LARGE, before anything is read, if the rows do not fit
 */
export async function growingBlock(widths: Readonly<Widths>, count: RowCount, where: string): Promise<GrowingBlock> {
  const bytesOf = (width: number, rows: number): number => rows * width * Float32Array.BYTES_PER_ELEMENT;
  const [features, others, codes] = [widths.features, widths.others, widths.texts].map((width) =>
    reserveShared(bytesOf(width, count.most)),
  );
  if (features === undefined || others === undefined || codes === undefined) {
    const block = makeBlock(widths, await count.exact(), (bytes) => allocateShared(bytes, where));
    return { block, grow: () => Promise.resolve() };
  }
  const block = makeBlock(widths, 0);
  const extend = (rows: number): void => {
    for (const [memory, width] of [
      [features, widths.features],
      [others, widths.others],
      [codes, widths.texts],
    ] as const) {
      const bytes = bytesOf(width, rows);
      if (bytes > memory.byteLength) growShared(memory, bytes, where);
    }
    block.features = new Float32Array(features, 0, rows * widths.features);
    block.others = new Float32Array(others, 0, rows * widths.others);
    block.codes = new Uint32Array(codes, 0, rows * widths.texts);
    block.capacity = rows;
  };
  /** To a guess; where that is refused, to what there is. */
  const extendTo = async (guess: number): Promise<void> => {
    try {
      extend(Math.min(guess, count.most));
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      const rows = await count.exact();
      if (rows <= block.capacity) throw error;
      extend(rows);
    }
  };
  await extendTo(count.about);
  return { block, grow: () => extendTo(Math.ceil(block.capacity * (1 + STEP)) + LEAST_STEP_ROWS) };
}
