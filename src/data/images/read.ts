import { createHash } from 'node:crypto';
import { GradloomError, printable } from '../../errors.ts';
import { readFileBytes } from '../../storage/read.ts';
import { tellReading } from '../files/reading.ts';
import { allocateShared } from '../shared.ts';
import { decodePicture } from './decode.ts';
import { type CachedPictures, DECODER_VERSION, findDecoded, keepDecoded } from './decoded-cache.ts';
import { featuresOf, type PictureShape, pictureFeatures } from './features.ts';
import { filesBelow, isFolder } from './folder.ts';
import { type Picture, PictureError, pictureFault } from './picture/picture.ts';

/** A camera's largest pictures have a fifth. */
const FILE_LIMIT_BYTES = 2 ** 28;

/** What is asked of pictures; a size only if they are to be resized. */
export interface Wanted {
  channels: 1 | 3;
  size: readonly [height: number, width: number] | undefined;
}

/**
 * The features of all files, u8 [N, channels, height, width] in shared memory, from the cache or decoded. A function of the files' content.
 *
 * @param where  the source, for errors
 * @throws GradloomError E_DATA_* naming the file
 */
export async function readPictures(paths: readonly string[], wanted: Wanted, where: string): Promise<CachedPictures> {
  const digests = paths.map((file) => sha256(bytesOf(file)));
  const key = sha256(JSON.stringify([DECODER_VERSION, wanted.channels, wanted.size ?? null, digests]));
  const allocate = (bytes: number): Uint8Array<SharedArrayBuffer> => new Uint8Array(allocateShared(bytes, where));
  const cached = await findDecoded(key, paths.length, wanted, allocate);
  if (cached !== undefined) return cached;

  const size = wanted.size ?? sizeOf(paths[0] as string);
  const shape: PictureShape = { channels: wanted.channels, size: [...size] };
  const width = wanted.channels * size[0] * size[1];
  const features = allocate(paths.length * width);
  paths.forEach((file, i) => {
    const bytes = bytesOf(file);
    if (sha256(bytes) !== digests[i]) {
      throw new GradloomError({ code: 'E_DATA_READ', where: printable(file), message: 'changed while it was read', next: 'start again' });
    }
    const picture = located(file, () => decodePicture(bytes));
    if (wanted.size === undefined) checkSameSize(picture, file, size, paths[0] as string);
    features.set(featuresOf(picture, shape), i * width);
    tellReading(where, i + 1, paths.length);
  });
  await keepDecoded(key, { size, features });
  return { size, features };
}

/** One picture of a folder, or a file by itself. */
export interface PictureBatch {
  /** Paths of the files, in the order of the rows. */
  files: string[];
  /** u8 [files, channels, height, width]. */
  features: Uint8Array;
}

/**
 * The features of a picture, or of all pictures in a folder and in those below it, in the order of their names, some at a time.
 *
 * @throws GradloomError E_DATA_* naming the file
 */
export async function* pictureBatches(at: string, shape: PictureShape, batchRows: number): AsyncGenerator<PictureBatch, void> {
  const files = isFolder(at) ? filesBelow(at) : [at];
  const width = shape.channels * shape.size[0] * shape.size[1];
  for (let first = 0; first < files.length; first += batchRows) {
    const some = files.slice(first, first + batchRows);
    const features = new Uint8Array(some.length * width);
    for (const [i, file] of some.entries()) {
      const bytes = bytesOf(file);
      features.set(
        located(file, () => pictureFeatures(bytes, shape)),
        i * width,
      );
    }
    yield { files: some, features };
  }
}

function sizeOf(file: string): [number, number] {
  const { width, height } = located(file, () => pictureIn(file));
  return [height, width];
}

function checkSameSize({ width, height }: Picture, file: string, size: readonly [number, number], first: string): void {
  if (height === size[0] && width === size[1]) return;
  throw new GradloomError({
    code: 'E_DATA_MISMATCH',
    where: printable(file),
    message: `${height} x ${width} pixels, but ${printable(first)} has ${size[0]} x ${size[1]}`,
    next: `say what to resize all pictures to: size: [${size.join(', ')}] in data.source`,
  });
}

/** The picture in a file. @throws PictureError of what it holds; GradloomError E_DATA_READ, E_DATA_TOO_LARGE */
export function pictureIn(file: string): Picture {
  return decodePicture(bytesOf(file));
}

function bytesOf(file: string): Uint8Array {
  return readFileBytes(file, FILE_LIMIT_BYTES);
}

function located<T>(file: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof PictureError) throw pictureFault(printable(file), error);
    throw error;
  }
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
