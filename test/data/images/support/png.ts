import { crc32, deflateSync } from 'node:zlib';

export const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export function chunk(type: string, content: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + content.length);
  out.writeUInt32BE(content.length, 0);
  out.write(type, 4, 'latin1');
  out.set(content, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + content.length)), 8 + content.length);
  return out;
}

export interface PngSpec {
  width: number;
  height: number;
  depth: number;
  colour: number;
  interlaced?: boolean;
  /** Sample `c` of a pixel. */
  sample(x: number, y: number, c: number): number;
  /** Chunks between header and pixels. */
  between?: readonly Buffer[];
  /** Filter of every row; only 0 is applied. */
  filter?: number;
}

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const WHOLE = [[0, 0, 1, 1]] as const;
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function header({ width, height, depth, colour, interlaced = false }: Omit<PngSpec, 'sample'>): Buffer {
  const out = Buffer.alloc(13);
  out.writeUInt32BE(width, 0);
  out.writeUInt32BE(height, 4);
  out.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return chunk('IHDR', out);
}

/** A PNG file written bit by bit, as the specification tells it. */
export function pngBytes(spec: PngSpec): Buffer {
  const { width, height, depth, sample, filter = 0 } = spec;
  const samples = SAMPLES[spec.colour] ?? 1;
  const rows: Buffer[] = [];
  for (const [x0, y0, dx, dy] of spec.interlaced === true ? ADAM7 : WHOLE) {
    const across = Math.ceil((width - x0) / dx);
    if (across <= 0) continue;
    for (let y = y0; y < height; y += dy) {
      let bits = '';
      for (let x = x0; x < width; x += dx) for (let c = 0; c < samples; c++) bits += sample(x, y, c).toString(2).padStart(depth, '0');
      const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
      rows.push(Buffer.from([filter, ...bytes]));
    }
  }
  const between = spec.between ?? [];
  return Buffer.concat([
    SIGNATURE,
    header(spec),
    ...between,
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A small grey picture. */
export function greyPng(
  width: number,
  height: number,
  sample: (x: number, y: number) => number = (x, y) => (37 * x + 11 * y) % 256,
): Buffer {
  return pngBytes({ width, height, depth: 8, colour: 0, sample });
}
