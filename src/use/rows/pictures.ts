import path from 'node:path';
import type { PictureShape } from '../../data/images/features.ts';
import { pictureBatches } from '../../data/images/read.ts';
import type { RowBatch } from './encode.ts';

/** Bytes of decoded rows that are held at once, at most. */
const BATCH_BYTES = 2 ** 22;
const MAX_BATCH_ROWS = 256;

/** A picture, or those of a folder in the order of their paths, which are told then, from the folder on. */
export async function* pictureRows(at: string, shape: PictureShape, isFolder: boolean): AsyncGenerator<RowBatch, void, undefined> {
  const width = shape.channels * shape.size[0] * shape.size[1];
  const rows = Math.max(1, Math.min(MAX_BATCH_ROWS, Math.floor(BATCH_BYTES / width)));
  for await (const { files, features } of pictureBatches(at, shape, rows)) {
    const names = files.map((file) => path.relative(at, file).replaceAll(path.sep, '/'));
    yield { rows: files.length, features, ...(isFolder && { files: names }) };
  }
}
