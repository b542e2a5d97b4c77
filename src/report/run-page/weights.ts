import { type InputSpec, sampleShape } from '../../data/preprocess/preprocess.ts';
import type { Tensor } from '../../storage/safetensors/bytes.ts';
import { type PictureSize, type Pixels, picture, signColour } from '../page/picture.ts';
import { formatCount } from '../text/numbers.ts';
import type { ReportedRun } from './read.ts';

/** Units of a layer that are shown. */
const MAX_TILES = 100;

/** What the first layer's weights are as pictures. */
interface Tiles extends PictureSize {
  /** What has one: a unit, or a filter. */
  of: 'unit' | 'filter';
  /** Filters of colours are shown in theirs: grey at 0. */
  isColour: boolean;
}

/** The weights of the first layer, a picture a unit or filter; empty where the input is no picture, or its model is not there. */
export function weightTiles({ preprocess, tensors }: ReportedRun): string {
  const first = tensors === undefined ? undefined : [...tensors].find(([name]) => /^layers\.\d+\.weight$/.test(name));
  if (preprocess === undefined || first === undefined) return '';
  const [name, tensor] = first;
  const tile = tilesOf(tensor, preprocess.input);
  if (tile === undefined) return '';
  const { of, isColour } = tile;
  const weights = floatsOf(tensor);
  const units = tensor.shape[0] ?? 0;
  const largest = weights.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const shown = Math.min(units, MAX_TILES);
  const tiles = Array.from({ length: shown }, (_, unit) => {
    const own = weights.subarray((unit * weights.length) / units, ((unit + 1) * weights.length) / units);
    const pixels = isColour ? colourPixels(own, tile, largest) : signPixels(own, tile, largest);
    return `<figure class="plain">${picture(pixels, `weights of ${of} ${unit}`)}</figure>`;
  });
  const key = isColour ? 'red, green and blue by the weights of that colour, grey at 0' : 'blue below 0, red above, white at 0';
  const left = units > shown ? ` The first ${formatCount(shown)} of ${formatCount(units)} ${of}s.` : '';
  return `<p class="faint">${name}, a picture a ${of}: ${key}; the strongest is ${Number(largest.toPrecision(3))}.${left}</p><div class="tiles">${tiles.join('')}</div>`;
}

/** Of a sample that is a picture; undefined where it is none. */
export function pictureSize(input: InputSpec): PictureSize | undefined {
  if (input.kind === 'table') return undefined;
  const shape = sampleShape(input);
  const [channels = 1, height = 0, width = 0] = shape.length === 2 ? [1, ...shape] : shape;
  const isPicture = (shape.length === 2 || shape.length === 3) && (channels === 1 || channels === 3) && height > 1 && width > 1;
  return isPicture ? { channels, height, width } : undefined;
}

/** Dense layers see the whole picture, convolutions a part of it, also of what was no picture before; one of 1x1 shows nothing. */
function tilesOf({ dtype, shape }: Tensor, input: InputSpec): Tiles | undefined {
  if (dtype !== 'F32') return undefined;
  const [, channels = 0, height = 0, width = 0] = shape;
  if (shape.length === 4) {
    return (channels === 1 || channels === 3) && height * width > 1
      ? { of: 'filter', channels, height, width, isColour: channels === 3 }
      : undefined;
  }
  const size = pictureSize(input);
  if (size === undefined || shape.length !== 2 || channels !== size.channels * size.height * size.width) return undefined;
  return { of: 'unit', ...size, isColour: false };
}

/** Of several channels the mean, for their signs differ. */
function signPixels(weights: Float32Array, { channels, height, width }: PictureSize, largest: number): Pixels {
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += weights[c * height * width + i] ?? 0;
    data.set(signColour(sum / channels / largest), i * 3);
  }
  return { width, height, channels: 3, data };
}

function colourPixels(weights: Float32Array, { channels, height, width }: PictureSize, largest: number): Pixels {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => {
    const weight = weights[(i % channels) * height * width + Math.floor(i / channels)] ?? 0;
    return Math.round(127.5 + (127.5 * weight) / largest);
  });
  return { width, height, channels: 3, data };
}

/** At any alignment. */
export function floatsOf({ data }: Tensor): Float32Array {
  return new Float32Array(data.slice().buffer);
}
