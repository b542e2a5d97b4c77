import { openForReading, readError } from '../../storage/read.ts';
import { openParquet } from './parquet/parquet-file.ts';
import type { TableFile } from './rows/file.ts';
import type { TextOptions } from './text/head.ts';
import { openText } from './text/text-file.ts';

const PARQUET_MARK = 'PAR1';

/**
 * Opens a table of any format, told by its first bytes.
 *
 * @param options  ways in which a text may be written: the first in which the expected columns are there, or else the last one
 * @throws GradloomError of the format
 */
export async function openTable(path: string, options: readonly TextOptions[]): Promise<TableFile> {
  if (await isParquet(path)) return await openParquet(path);
  return await openText(path, options);
}

async function isParquet(path: string): Promise<boolean> {
  const { handle } = await openForReading(path);
  try {
    const start = Buffer.alloc(PARQUET_MARK.length);
    await handle.read(start, 0, start.length, 0);
    return start.toString('latin1') === PARQUET_MARK;
  } catch (error) {
    throw readError(path, error);
  } finally {
    await handle.close();
  }
}
