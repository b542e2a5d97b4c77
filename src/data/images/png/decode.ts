import { overWhite, type Picture, PictureError } from '../picture/picture.ts';
import { type Pass, PNG_COLOUR, type PngParts, passesOf, readPng, rowBytes, samplesOf } from './chunks.ts';

/**
 * The pixels of a PNG file of any kind: 1 to 16 bits, palette, interlaced, transparent. Of 16 bits the upper 8 are taken, less than 8 are
 * stretched to 0..255, and what is transparent is laid over white. Of an animation, the picture that stands for it.
 *
 * @throws PictureError
 */
export function decodePng(bytes: Uint8Array): Picture {
  const parts = readPng(bytes);
  const { header } = parts;
  const { width, height, colour } = header;
  const channels = colour === PNG_COLOUR.grey || colour === PNG_COLOUR.greyAlpha ? 1 : 3;
  const picture: Picture = { width, height, channels, pixels: new Uint8Array(width * height * channels) };
  const store = storeFor(parts, picture);
  // Of pixels below a byte the filters count bytes.
  const pixelBytes = Math.max(1, (header.depth * samplesOf(colour)) / 8);
  let at = 0;
  for (const pass of passesOf(header)) {
    const length = rowBytes(header, pass.width);
    let above: Uint8Array = new Uint8Array(length);
    for (let y = 0; y < pass.height; y++) {
      const row = parts.rows.subarray(at + 1, at + 1 + length);
      if (!unfilter(parts.rows[at] as number, row, above, pixelBytes)) {
        throw new PictureError(parts.pixelsAt, `row ${pass.y + y * pass.stepY} has a filter of ${parts.rows[at]}; expected 0 to 4`);
      }
      store(row, pass, y);
      above = row;
      at += 1 + length;
    }
  }
  return picture;
}

/** Turns a filtered row into its bytes, in place; false for a filter that there is not. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): boolean {
  const { length } = row;
  if (filter === 1) for (let i = pixelBytes; i < length; i++) row[i] = (row[i] as number) + (row[i - pixelBytes] as number);
  else if (filter === 2) for (let i = 0; i < length; i++) row[i] = (row[i] as number) + (above[i] as number);
  else if (filter === 3) {
    for (let i = 0; i < length; i++) {
      const left = i < pixelBytes ? 0 : (row[i - pixelBytes] as number);
      row[i] = (row[i] as number) + ((left + (above[i] as number)) >> 1);
    }
  } else if (filter === 4) {
    for (let i = 0; i < length; i++) {
      const isFirst = i < pixelBytes;
      const left = isFirst ? 0 : (row[i - pixelBytes] as number);
      row[i] = (row[i] as number) + paeth(left, above[i] as number, isFirst ? 0 : (above[i - pixelBytes] as number));
    }
  } else if (filter !== 0) return false;
  return true;
}

/** The neighbour nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

type StoreRow = (row: Uint8Array, pass: Pass, y: number) => void;

/** How a row of the file becomes pixels. */
function storeFor(parts: PngParts, { width, channels, pixels }: Picture): StoreRow {
  const { depth, colour } = parts.header;
  const put = pixelFor(parts, pixels);
  const isCopy = depth === 8 && parts.transparency.length === 0 && (colour === PNG_COLOUR.grey || colour === PNG_COLOUR.rgb);
  return (row, pass, y) => {
    const from = ((pass.y + y * pass.stepY) * width + pass.x) * channels;
    if (isCopy && pass.stepX === 1) pixels.set(row, from);
    else for (let x = 0; x < pass.width; x++) put(row, x, from + x * pass.stepX * channels);
  };
}

/** How pixel `x` of a row goes to its place `to`. */
function pixelFor(parts: PngParts, pixels: Uint8Array): (row: Uint8Array, x: number, to: number) => void {
  const { header, palette, transparency, pixelsAt } = parts;
  const { depth, colour } = header;
  const bytes = depth === 16 ? 2 : 1;
  /** The upper byte of sample `i`, of 8 or 16 bits. */
  const upper = (row: Uint8Array, i: number): number => row[i * bytes] as number;
  switch (colour) {
    case PNG_COLOUR.grey: {
      const clear = transparency.length === 0 ? -1 : (((transparency[0] as number) << 8) | (transparency[1] as number)) & (2 ** depth - 1);
      const step = depth < 8 ? 255 / (2 ** depth - 1) : 1;
      return (row, x, to) => {
        const sample = sampleAt(row, x, depth);
        pixels[to] = sample === clear ? 255 : depth === 16 ? sample >> 8 : sample * step;
      };
    }
    case PNG_COLOUR.rgb:
      return (row, x, to) => {
        const isClear = transparency.length > 0 && isColour(row, x * 3 * bytes, bytes, transparency);
        for (let c = 0; c < 3; c++) pixels[to + c] = isClear ? 255 : upper(row, 3 * x + c);
      };
    case PNG_COLOUR.palette:
      return (row, x, to) => {
        const index = sampleAt(row, x, depth);
        if (3 * index >= palette.length) throw new PictureError(pixelsAt, `colour ${index} of a palette of ${palette.length / 3}`);
        for (let c = 0; c < 3; c++) pixels[to + c] = overWhite(palette[3 * index + c] as number, transparency[index] ?? 255);
      };
    case PNG_COLOUR.greyAlpha:
      return (row, x, to) => {
        pixels[to] = overWhite(upper(row, 2 * x), upper(row, 2 * x + 1));
      };
    case PNG_COLOUR.rgba:
      return (row, x, to) => {
        for (let c = 0; c < 3; c++) pixels[to + c] = overWhite(upper(row, 4 * x + c), upper(row, 4 * x + 3));
      };
  }
}

function sampleAt(row: Uint8Array, x: number, depth: number): number {
  if (depth === 8) return row[x] as number;
  if (depth === 16) return ((row[2 * x] as number) << 8) | (row[2 * x + 1] as number);
  const bit = x * depth;
  return ((row[bit >> 3] as number) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** Whether the three samples from byte `at` are the colour of tRNS, three numbers of two bytes. */
function isColour(row: Uint8Array, at: number, bytes: number, transparency: Uint8Array): boolean {
  for (let c = 0; c < 3; c++) {
    if (bytes === 2 && row[at + 2 * c] !== transparency[2 * c]) return false;
    if (row[at + bytes * c + bytes - 1] !== transparency[2 * c + 1]) return false;
  }
  return true;
}
