import type { InputSpec } from '../preprocess/preprocess.ts';
import { decodePicture } from './decode.ts';
import type { Picture } from './picture/picture.ts';
import { resize } from './picture/resize.ts';

/** What pictures become before the network sees them. */
export type PictureShape = Omit<Extract<InputSpec, { kind: 'images' }>, 'kind'>;

/**
 * The features of one picture: decoded, made grey or RGB, then resized; bytes [channels, height, width].
 *
 * @param bytes  of a PNG or JPEG file
 * @throws PictureError
 */
export function pictureFeatures(bytes: Uint8Array, input: PictureShape): Uint8Array {
  return featuresOf(decodePicture(bytes), input);
}

/** The features of a decoded picture. */
export function featuresOf(picture: Picture, { channels, size: [height, width] }: PictureShape): Uint8Array {
  return planes(resize(channels === 1 ? grey(picture) : rgb(picture), width, height));
}

/** 19595, 38470 and 7471 of 2^16: ITU-R 601's 0.299, 0.587 and 0.114, with Pillow's rounding. */
const RED = 19_595;
const GREEN = 38_470;
const BLUE = 7_471;

export function grey(picture: Picture): Picture {
  if (picture.channels === 1) return picture;
  const { width, height, pixels } = picture;
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    const sum = RED * (pixels[3 * i] as number) + GREEN * (pixels[3 * i + 1] as number) + BLUE * (pixels[3 * i + 2] as number);
    out[i] = (sum + 0x8000) >> 16;
  }
  return { width, height, channels: 1, pixels: out };
}

function rgb(picture: Picture): Picture {
  if (picture.channels === 3) return picture;
  const { width, height, pixels } = picture;
  const out = new Uint8Array(3 * width * height);
  for (let i = 0; i < pixels.length; i++) out.fill(pixels[i] as number, 3 * i, 3 * i + 3);
  return { width, height, channels: 3, pixels: out };
}

/** [height, width, channels] as [channels, height, width]. */
function planes({ width, height, channels, pixels }: Picture): Uint8Array {
  if (channels === 1) return pixels;
  const count = width * height;
  const out = new Uint8Array(pixels.length);
  for (let c = 0; c < channels; c++) for (let i = 0; i < count; i++) out[c * count + i] = pixels[i * channels + c] as number;
  return out;
}
