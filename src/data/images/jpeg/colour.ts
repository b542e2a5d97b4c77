import type { Picture } from '../picture/picture.ts';
import type { Frame } from './frame.ts';
import { rowsOf, samplesOf } from './upsample.ts';

/** What the numbers of a pixel mean: `ycc` and `ycck` are brightness and two colour differences, the latter of inks, with black. */
export type JpegColours = 'grey' | 'ycc' | 'rgb' | 'cmyk' | 'ycck';

/** What the headers say beside the frame. */
export interface ColourHints {
  jfif: boolean;
  /** Transform of Adobe's marker; undefined without one. */
  adobe: number | undefined;
}

/** As libjpeg guesses it (jdapimin.c). */
export function coloursOf({ components }: Frame, { jfif, adobe }: ColourHints): JpegColours {
  if (components.length === 1) return 'grey';
  if (components.length === 4) return adobe === 2 ? 'ycck' : 'cmyk';
  if (jfif) return 'ycc';
  if (adobe !== undefined) return adobe === 0 ? 'rgb' : 'ycc';
  return components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB' ? 'rgb' : 'ycc';
}

const BITS = 16;
const HALF = 1 << (BITS - 1);
/** 1.402, 1.772, 0.71414 and 0.34414, with 16 bits behind the point. */
const CR_RED = 91_881;
const CB_BLUE = 116_130;
const CR_GREEN = 46_802;
const CB_GREEN = 22_554;

/**
 * The pixels from the coefficients of all components.
 *
 * @param tables  quantization factors by the number that components name
 */
export function pixelsOf(frame: Frame, colours: JpegColours, tables: readonly Uint16Array[]): Picture {
  const { width, height, components } = frame;
  const channels = colours === 'grey' ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  const rows = components.map((component) => rowsOf(frame, component, samplesOf(component, tables[component.quantization] as Uint16Array)));
  for (let y = 0; y < height; y++) {
    const lines = rows.map((row) => row(y)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    if (colours === 'grey') pixels.set(lines[0].subarray(0, width), y * width);
    else convertRow(colours, lines, width, pixels.subarray(y * width * 3));
  }
  return { width, height, channels, pixels };
}

function convertRow(
  colours: JpegColours,
  [first, second, third, black]: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array],
  width: number,
  out: Uint8Array,
): void {
  const isInks = colours === 'cmyk' || colours === 'ycck';
  for (let x = 0; x < width; x++) {
    let red = first[x] as number;
    let green = second[x] as number;
    let blue = third[x] as number;
    if (colours === 'ycc' || colours === 'ycck') {
      const [y, cb, cr] = [red, green - 128, blue - 128];
      red = clamp(y + ((CR_RED * cr + HALF) >> BITS));
      green = clamp(y + ((-CB_GREEN * cb - CR_GREEN * cr + HALF) >> BITS));
      blue = clamp(y + ((CB_BLUE * cb + HALF) >> BITS));
    }
    if (isInks) {
      // Adobe's files hold 255 for no ink; of transformed ones the colours are no ink's already.
      const paper = black[x] as number;
      const flip = colours === 'ycck' ? 255 : 0;
      red = underInk(flip ^ red, paper);
      green = underInk(flip ^ green, paper);
      blue = underInk(flip ^ blue, paper);
    }
    out[3 * x] = red;
    out[3 * x + 1] = green;
    out[3 * x + 2] = blue;
  }
}

/** Light that is left of `paper` by an ink whose absence is `clear`: paper - paper (255 - clear) / 255, as Pillow rounds it. */
function underInk(clear: number, paper: number): number {
  const product = (255 - clear) * paper + 128;
  return clamp(paper - (((product >> 8) + product) >> 8));
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
