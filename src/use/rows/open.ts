import path from 'node:path';
import { formatOf } from '../../data/files/formats.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import { openForReading } from '../../storage/read.ts';
import { type ArrayFile, arrayFileRows } from './array-file.ts';
import type { RowBatch } from './encode.ts';
import { jsonLineRows } from './json-lines.ts';

/** Encoded rows of a file of any length, piece by piece; a piece is valid until the next one is asked for. */
export type RowReader = AsyncIterable<RowBatch>;

/** Endings of names of JSON lines. */
const JSON_LINES: readonly string[] = ['.jsonl', '.ndjson'];
const ARRAYS: readonly string[] = ['npy', 'npz', 'idx'];

/**
 * The rows of a file, as a model takes them: JSON lines by their name, arrays by their content.
 *
 * @param width  features of a row
 * @throws GradloomError E_DATA_READ, E_DATA_MAGIC for a file of another kind; E_ROW and E_DATA_... with the place in the file while it is read
 */
export async function openRows(file: string, preprocess: Preprocess, width: number): Promise<RowReader> {
  if (JSON_LINES.includes(path.extname(file).toLowerCase())) return jsonLineRows(fileChunks(file), file, preprocess, width);
  const format = await formatOf(file);
  if (format?.type !== undefined && isArray(format.type)) return arrayFileRows(file, format.type, preprocess, width);
  throw new GradloomError({
    code: 'E_DATA_MAGIC',
    where: printable(file),
    message: `${format === undefined ? 'not a format that is known' : `this is ${format.name}`}; rows are read from JSON lines (.jsonl), npy, npz and IDX`,
    next: 'write one JSON list or object a line to a .jsonl, or pipe such lines into --input -',
  });
}

function isArray(type: string): type is ArrayFile {
  return ARRAYS.includes(type);
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
