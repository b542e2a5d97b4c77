import { decodeJpeg, isJpeg } from './jpeg/decode.ts';
import { type Picture, PictureError } from './picture/picture.ts';
import { isPng } from './png/chunks.ts';
import { decodePng } from './png/decode.ts';

/** What pictures of other kinds begin with. */
const OTHERS: readonly [start: RegExp, name: string][] = [
  [/^GIF8/, 'a GIF picture'],
  [/^BM/, 'a BMP picture'],
  [/^(?:II\*\0|MM\0\*)/, 'a TIFF picture'],
  [/^RIFF[\s\S]{4}WEBP/, 'a WebP picture'],
  [/^[\s\S]{4}ftyp(?:avif|avis)/, 'an AVIF picture'],
  [/^[\s\S]{4}ftyp(?:heic|heix|mif1|msf1)/, 'a HEIC picture'],
  [/^[\s\S]{4}jP {2}/, 'a JPEG 2000 picture'],
  [/^[\s\S]{4}JXL /, 'a JPEG XL picture'],
  [/^%PDF/, 'a PDF document'],
  [/^\s*<(?:svg|\?xml)/, 'an SVG picture, or XML'],
  [/^version https:\/\/git-lfs/, 'a pointer of Git LFS, not the file itself: git lfs pull'],
];
const HEAD_BYTES = 64;

/**
 * A picture from the bytes of a PNG or JPEG file, told apart by their first bytes.
 *
 * @throws PictureError
 */
export function decodePicture(bytes: Uint8Array): Picture {
  if (isPng(bytes)) return decodePng(bytes);
  if (isJpeg(bytes)) return decodeJpeg(bytes);
  const start = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1');
  const other = OTHERS.find(([pattern]) => pattern.test(start))?.[1];
  const found = bytes.length === 0 ? 'an empty file' : (other ?? 'no picture');
  throw new PictureError(0, `${found}; expected PNG or JPEG`, 'E_DATA_MAGIC');
}
