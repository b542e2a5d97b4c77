import path from 'node:path';
import { type FileFormat, type FileType, formatOf } from '../../data/files/formats.ts';
import type { PictureShape } from '../../data/images/features.ts';
import type { InputSpec, Preprocess } from '../../data/preprocess/preprocess.ts';
import { readFeatures } from '../../data/table/stream.ts';
import { GradloomError, printable } from '../../errors.ts';
import { openForReading } from '../../storage/read.ts';
import { type ArrayFile, arrayFileRows } from './array-file.ts';
import { type RowBatch, targetColumns } from './encode.ts';
import { jsonLineRows } from './json-lines.ts';
import { pictureRows } from './pictures.ts';

/** Encoded rows of a file of any length. */
export interface RowReader {
  /** Piece by piece; a piece is valid until the next one is asked for. */
  batches: AsyncIterable<RowBatch>;
  /** Whether the rows are the files of a folder: their batches say which. */
  isFolder: boolean;
}

/** Endings of names of JSON lines. */
const JSON_LINES: readonly string[] = ['.jsonl', '.ndjson'];
const ARRAYS: readonly string[] = ['npy', 'npz', 'idx'];
/** Endings of names of tables, which a text of any look may be. */
const TABLES = /\.(?:csv|tsv|txt)(?:\.gz)?$/i;

/**
 * The rows of a file, as a model takes them: JSON lines by their name, all else by its content. What is no format that is known is read as
 * CSV where the model takes a table.
 *
 * @param width  features of a row
 * @throws GradloomError E_DATA_READ, E_DATA_MAGIC for a file of another kind; E_ROW, E_TABLE_... and E_DATA_... with the place in the
 *   file while it is read
 */
export async function openRows(file: string, preprocess: Preprocess, width: number): Promise<RowReader> {
  const plain = (batches: AsyncIterable<RowBatch>): RowReader => ({ batches, isFolder: false });
  if (JSON_LINES.includes(path.extname(file).toLowerCase())) return plain(jsonLineRows(fileChunks(file), file, preprocess, width));
  const format = await formatOf(file);
  const { input } = preprocess;
  if (input.kind === 'table' && isTable(format, file)) return plain(readFeatures(file, input, { allowed: targetColumns(preprocess) }));
  const shape = picturesOf(input);
  if (format?.type === 'images' && shape !== undefined) {
    const isFolder = format.name === 'a folder';
    return { batches: pictureRows(file, shape, isFolder), isFolder };
  }
  if (format?.type !== undefined && isArray(format.type)) return plain(arrayFileRows(file, format.type, preprocess, width));
  throw new GradloomError({
    code: 'E_DATA_MAGIC',
    where: printable(file),
    message: `${format === undefined ? 'not a format that is known' : `this is ${format.name}`}; the model reads its rows from ${readable(input)}`,
    next:
      format !== undefined && format.type === undefined
        ? printable(format.cure, 1000)
        : 'name such a file, or pipe a JSON list or object a line into --input -',
  });
}

/** CSV and its kin, Parquet, and texts that look like nothing else: a table of one column has no delimiter. */
function isTable(format: FileFormat | undefined, file: string): boolean {
  if (format === undefined) return true;
  if (format.type === 'csv' || format.type === 'parquet') return true;
  return format.type === undefined && (format.name === 'text' || (format.name === 'JSON' && TABLES.test(file)));
}

function isArray(type: FileType): type is ArrayFile {
  return ARRAYS.includes(type);
}

/** What a picture has to become for a model; undefined where a model does not take bytes in the shape of one. */
function picturesOf(input: InputSpec): PictureShape | undefined {
  if (input.kind === 'table') return undefined;
  if (input.kind === 'images') return input;
  const [channels, height, width, ...more] = input.shape.length === 2 ? [1, ...input.shape] : input.shape;
  if (input.stored !== 'u8' || height === undefined || width === undefined || more.length > 0) return undefined;
  return channels === 1 || channels === 3 ? { channels, size: [height, width] } : undefined;
}

function readable(input: InputSpec): string {
  if (input.kind === 'table') return 'CSV, TSV, Parquet, JSON lines (.jsonl), npy, npz or IDX';
  const arrays = 'npy, npz, IDX or JSON lines (.jsonl)';
  return picturesOf(input) === undefined ? arrays : `PNG, JPEG, a folder of such pictures, ${arrays}`;
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
