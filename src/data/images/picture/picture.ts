import { GradloomError } from '../../../errors.ts';

/** A decoded picture: bytes [height, width, channels], grey or RGB. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  pixels: Uint8Array;
}

/** What one picture may have: 64 megapixels, more than a camera gives at once. */
export const PIXEL_LIMIT = 2 ** 26;

/** A picture that cannot be decoded, with the byte of the file where that shows. */
export class PictureError extends Error {
  readonly at: number;
  readonly code: 'E_DATA_IMAGE' | 'E_DATA_TOO_LARGE' | 'E_DATA_MAGIC';

  constructor(at: number, message: string, code: PictureError['code'] = 'E_DATA_IMAGE') {
    super(message);
    this.at = at;
    this.code = code;
  }
}

/** @throws PictureError if a header declares no pixels, or more than may be */
export function checkSize(width: number, height: number, at: number): void {
  if (width < 1 || height < 1) throw new PictureError(at, `${width} x ${height} pixels`);
  if (width * height <= PIXEL_LIMIT) return;
  throw new PictureError(at, `${width} x ${height} pixels; the limit is ${PIXEL_LIMIT} of them`, 'E_DATA_TOO_LARGE');
}

/** How it is told to who named the file. */
export function pictureFault(where: string, error: PictureError): GradloomError {
  const next =
    error.code === 'E_DATA_TOO_LARGE'
      ? 'make the picture smaller first'
      : 'save the picture again as PNG or JPEG, or take it out of the folder';
  return new GradloomError({ code: error.code, where: `${where}:${error.at}`, message: error.message, next });
}

const OPAQUE = 255;

/** A value laid over white: v a / 255 + 255 (255 - a) / 255, rounded, as Pillow's `paste` with a mask does it. */
export function overWhite(value: number, alpha: number): number {
  const sum = value * alpha + OPAQUE * (OPAQUE - alpha) + 128;
  return ((sum >> 8) + sum) >> 8;
}
