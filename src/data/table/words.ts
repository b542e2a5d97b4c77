import { GradloomError } from '../../errors.ts';
import type { ColumnRole, Widths } from './rows/block.ts';
import { isOtherDecimal, WordsError, wordsIn } from './rows/faults.ts';
import type { TableFile } from './rows/file.ts';

/** Rows that are looked at: a column of words has them from the start. */
const LOOKED_ROWS = 100_000;
const BLOCK_ROWS = 4096;

/**
 * Reads a table, and tells of all its columns of words at once where numbers were expected: whoever has to name one has to name them all.
 *
 * @param roles  as it is read
 * @throws GradloomError what `read` throws; for words among the features with the other columns that are mostly words
 */
export async function tellingWords<T>(file: TableFile, roles: readonly ColumnRole[], read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof WordsError)) throw error;
    const columns = await columnsOfWords(file, roles);
    const named = file.names.filter((name, i) => name === error.column || columns.has(i));
    throw named.length === 1 ? error : wordsIn(error, named);
  }
}

async function columnsOfWords(file: TableFile, roles: readonly ColumnRole[]): Promise<Set<number>> {
  const words = new Uint32Array(roles.length);
  const widths: Widths = { features: 0, others: 0, texts: 0 };
  const slots: number[] = [];
  const looking = roles.map((role, i): ColumnRole => {
    if (role.kind !== 'number' || role.to !== 'features') return { kind: 'skip' };
    slots.push(i);
    const onText = (text: string): void => {
      if (!isOtherDecimal(text)) words[i] = (words[i] ?? 0) + 1;
    };
    return { kind: 'number', to: 'features', slot: widths.features++, missing: 'allowed', onText };
  });
  const numbers = new Uint32Array(roles.length);
  try {
    let looked = 0;
    for await (const { features, rows } of file.blocks(looking, widths, BLOCK_ROWS)) {
      for (let at = 0; at < rows * slots.length; at++) {
        const column = slots[at % slots.length] as number;
        if (!Number.isNaN(features[at])) numbers[column] = (numbers[column] ?? 0) + 1;
      }
      looked += rows;
      if (looked >= LOOKED_ROWS) break;
    }
  } catch (error) {
    // Something else is wrong further down; it is told of when the words are out of the way.
    if (!(error instanceof GradloomError)) throw error;
  }
  return new Set(slots.filter((i) => (words[i] as number) > (numbers[i] as number)));
}
