import { crc32, inflateSync } from 'node:zlib';
import { DEFLATE_RATIO } from '../../files/content.ts';
import { checkSize, PictureError } from '../picture/picture.ts';

/** What the header of a PNG file says. */
export interface PngHeader {
  width: number;
  height: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  depth: number;
  colour: PngColour;
  interlaced: boolean;
}

export const PNG_COLOUR = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;
export type PngColour = (typeof PNG_COLOUR)[keyof typeof PNG_COLOUR];

/** The parts of a PNG file that decide its pixels. */
export interface PngParts {
  header: PngHeader;
  /** RGB triples. */
  palette: Uint8Array;
  /** Content of tRNS; empty where there is none. */
  transparency: Uint8Array;
  /** The rows of all passes, each behind the byte of its filter. */
  rows: Uint8Array;
  /** Byte of the file where the pixels begin: where faults among them are told. */
  pixelsAt: number;
}

/** Part of a picture: all of it, or what one pass of the interlacing brings. */
export interface Pass {
  width: number;
  height: number;
  x: number;
  y: number;
  stepX: number;
  stepY: number;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Length, type, sum. */
const AROUND = 12;
const MAX_PALETTE = 256;

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** [x, y, step x, step y] of the seven passes of Adam7. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Samples of a pixel as it lies in the file. */
export function samplesOf(colour: PngColour): number {
  return SAMPLES[colour] as number;
}

export function rowBytes({ depth, colour }: PngHeader, width: number): number {
  return Math.ceil((width * depth * samplesOf(colour)) / 8);
}

export function passesOf({ width, height, interlaced }: PngHeader): Pass[] {
  if (!interlaced) return [{ width, height, x: 0, y: 0, stepX: 1, stepY: 1 }];
  return ADAM7.map(([x, y, stepX, stepY]) => {
    const pass = { width: Math.ceil((width - x) / stepX), height: Math.ceil((height - y) / stepY) };
    return { ...pass, x, y, stepX, stepY };
  }).filter((pass) => pass.width > 0 && pass.height > 0);
}

/**
 * The chunks of a PNG file, their sums checked, and its rows, decompressed to the length that the header asks for and not a byte further.
 *
 * @throws PictureError
 * @see https://www.w3.org/TR/png-3/
 */
export function readPng(bytes: Uint8Array): PngParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const data: Uint8Array[] = [];
  let header: PngHeader | undefined;
  let palette = new Uint8Array(0);
  let transparency = new Uint8Array(0);
  let pixelsAt = 0;
  for (let at = SIGNATURE.length; ; ) {
    if (at + AROUND > bytes.length) throw new PictureError(bytes.length, 'ends before its last chunk');
    const length = view.getUint32(at);
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1');
    if (length > bytes.length - at - AROUND) throw new PictureError(at, `a chunk of ${length} bytes goes beyond the end of the file`);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw new PictureError(at, 'the sum of a chunk is not that of its content: the file is damaged');
    }
    if (header === undefined) {
      if (type !== 'IHDR' || length !== 13) throw new PictureError(at, 'does not begin with a header');
      header = headerOf(content, at + 8);
    } else if (type === 'PLTE') {
      if (length === 0 || length % 3 !== 0 || length > 3 * MAX_PALETTE) throw new PictureError(at, `a palette of ${length} bytes`);
      palette = Uint8Array.from(content);
    } else if (type === 'tRNS') {
      transparency = Uint8Array.from(content);
    } else if (type === 'IDAT') {
      if (data.length === 0) pixelsAt = at;
      data.push(content);
    } else if (type === 'IEND') {
      break;
    } else if (type === 'IHDR' || ((bytes[at + 4] as number) & 0x20) === 0) {
      throw new PictureError(at, `an unknown chunk of ${type.replace(/[^A-Za-z]/g, '?')} that must not be skipped`);
    }
    at += AROUND + length;
  }
  checkColours(header, palette, transparency);
  return { header, palette, transparency, pixelsAt, rows: inflate(header, data, pixelsAt) };
}

function headerOf(content: Uint8Array, at: number): PngHeader {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = content.subarray(8) as unknown as [number, number, number, number, number];
  checkSize(width, height, at);
  if (DEPTHS[colour]?.includes(depth) !== true) throw new PictureError(at + 8, `colour type ${colour} with ${depth} bits`);
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw new PictureError(at + 10, `compression ${compression}, filter ${filter}, interlacing ${interlace}; expected 0, 0 and 0 or 1`);
  }
  return { width, height, depth, colour: colour as PngColour, interlaced: interlace === 1 };
}

function checkColours({ colour }: PngHeader, palette: Uint8Array, transparency: Uint8Array): void {
  if (colour === PNG_COLOUR.palette && palette.length === 0) throw new PictureError(0, 'has no palette, and colours from one');
  const most = { [PNG_COLOUR.grey]: 2, [PNG_COLOUR.rgb]: 6, [PNG_COLOUR.palette]: palette.length / 3 }[colour as 0 | 2 | 3] ?? 0;
  if (transparency.length === 0) return;
  const fits = colour === PNG_COLOUR.palette ? transparency.length <= most : transparency.length === most;
  if (!fits) throw new PictureError(0, `${transparency.length} bytes of transparency, which colour type ${colour} does not have`);
}

function inflate(header: PngHeader, data: readonly Uint8Array[], at: number): Uint8Array {
  const expected = passesOf(header).reduce((sum, pass) => sum + pass.height * (1 + rowBytes(header, pass.width)), 0);
  const stored = data.reduce((sum, part) => sum + part.length, 0);
  if (stored * DEFLATE_RATIO < expected) {
    throw new PictureError(at, `${stored} bytes of compressed pixels; ${header.width} x ${header.height} cannot be so few`);
  }
  let rows: Uint8Array;
  try {
    rows = inflateSync(Buffer.concat(data), { maxOutputLength: expected });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const isMore = error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new PictureError(at, isMore ? `more pixels than ${header.width} x ${header.height}` : `broken compression: ${error.message}`);
  }
  if (rows.length !== expected) throw new PictureError(at, `${rows.length} bytes of pixels, expected ${expected}: the file was cut short`);
  return rows;
}
