import { encode } from 'fast-png';
import { escapeHtml } from './html.ts';

/** Pixels of a small picture, 8 bits a channel, row by row. */
export interface Pixels {
  width: number;
  height: number;
  /** 1: grey, 3: red, green, blue. */
  channels: 1 | 3;
  data: Uint8Array;
}

export interface PictureSize {
  channels: number;
  height: number;
  width: number;
}

/** Pixels of a sample, [channels, height, width]: bytes as they are, other numbers from the least to the largest of the sample. */
export function samplePixels(values: Uint8Array | Float32Array, { channels, height, width }: PictureSize): Pixels {
  const isBytes = values instanceof Uint8Array;
  const [least, largest] = isBytes ? [0, 255] : [Math.min(...values), Math.max(...values)];
  const data = new Uint8Array(height * width * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height * width; i++) {
      const value = values[c * height * width + i] as number;
      data[i * channels + c] = largest > least ? Math.round((255 * (value - least)) / (largest - least)) : 0;
    }
  }
  return { width, height, channels: channels === 3 ? 3 : 1, data };
}

/** The bytes of a PNG file. */
export function pngOf({ width, height, channels, data }: Pixels): Uint8Array {
  return encode({ width, height, channels, data, depth: 8 });
}

/** A picture that stands in the page itself: the page must allow it (`hasPictures`). */
export function picture(pixels: Pixels, alt: string): string {
  const address = `data:image/png;base64,${Buffer.from(pngOf(pixels)).toString('base64')}`;
  return `<img src="${address}" width="${pixels.width}" height="${pixels.height}" alt="${escapeHtml(alt)}">`;
}

/** From blue (-1) by white (0) to red (1): values that have a sign. */
export function signColour(share: number): [red: number, green: number, blue: number] {
  const size = Math.min(1, Math.abs(share));
  const [red, green, blue] = share < 0 ? [0x20, 0x66, 0xac] : [0xb2, 0x18, 0x2b];
  const mix = (end: number): number => Math.round(247 + (end - 247) * size);
  return [mix(red ?? 0), mix(green ?? 0), mix(blue ?? 0)];
}
