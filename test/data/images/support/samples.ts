import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pngBytes } from './png.ts';

const RECORDED = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../../../../test/data/images/recorded');

/** Colour type and depth. */
const COLOURS = [
  [0, 1],
  [0, 4],
  [0, 8],
  [0, 16],
  [2, 8],
  [2, 16],
  [4, 8],
  [6, 8],
] as const;

/** Small pictures of most kinds of PNG. */
export function smallPngs(): Buffer[] {
  return COLOURS.flatMap(([colour, depth]) =>
    [false, true].map((interlaced) =>
      pngBytes({ width: 19, height: 13, depth, colour, interlaced, sample: (x, y, c) => (x * 37 + y * 101 + c * 53 + x * y) % 2 ** depth }),
    ),
  );
}

/** Small pictures of every kind of JPEG, which Pillow wrote. */
export function smallJpegs(): Buffer[] {
  return readdirSync(RECORDED).map((name) => readFileSync(path.join(RECORDED, name)));
}
