import path from 'node:path';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import { openForReading } from '../../storage/read.ts';
import type { RowBatch } from '../predict/predictor.ts';
import { jsonLineRows } from './json-lines.ts';

/** Encoded rows of a file of any length, piece by piece; a piece is valid until the next one is asked for. */
export type RowReader = AsyncIterable<RowBatch>;

/** What reads the rows of a file for the input of a model. */
type OpenRows = (file: string, preprocess: Preprocess, width: number) => RowReader;

/** By the ending of the name. */
const READERS: Readonly<Record<string, OpenRows>> = {
  '.jsonl': (file, preprocess, width) => jsonLineRows(fileChunks(file), file, preprocess, width),
  '.ndjson': (file, preprocess, width) => jsonLineRows(fileChunks(file), file, preprocess, width),
};

/**
 * The rows of a file, as a model takes them.
 *
 * @param width  features of a row
 * @throws GradloomError E_DATA_READ, E_DATA_MAGIC for a file of another kind; E_ROW and E_DATA_... with the place in the file while it is read
 */
export function openRows(file: string, preprocess: Preprocess, width: number): RowReader {
  const ending = path.extname(file).toLowerCase();
  const open = READERS[ending];
  if (open !== undefined) return open(file, preprocess, width);
  throw new GradloomError({
    code: 'E_DATA_MAGIC',
    where: printable(file),
    message: `rows are read from ${Object.keys(READERS).join(', ')}; got ${ending === '' ? 'a name without an ending' : printable(ending)}`,
    next: 'write one JSON list or object a line, or pipe such lines into --input -',
  });
}

const PIECE_BYTES = 2 ** 18;

async function* fileChunks(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  const { handle } = await openForReading(file);
  try {
    for (;;) {
      const piece = new Uint8Array(PIECE_BYTES);
      const { bytesRead } = await handle.read(piece, 0, piece.length, null);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
