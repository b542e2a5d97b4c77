import { type InputSpec, sampleShape } from '../../data/preprocess/preprocess.ts';
import type { Tensor } from '../../storage/safetensors/bytes.ts';
import { type PictureSize, type Pixels, picture, signColour } from '../page/picture.ts';
import { formatCount } from '../text/numbers.ts';
import type { ReportedRun } from './read.ts';

/** Units of a layer that are shown. */
const MAX_TILES = 100;

/** The weights of the first layer, a picture a unit; empty where the input is no picture, or its model is not there. */
export function weightTiles({ preprocess, tensors }: ReportedRun): string {
  const size = preprocess === undefined ? undefined : pictureSize(preprocess.input);
  const first = tensors === undefined ? undefined : [...tensors].find(([name]) => /^layers\.\d+\.weight$/.test(name));
  if (size === undefined || first === undefined) return '';
  const [name, tensor] = first;
  const tile = tileOf(tensor, size);
  if (tile === undefined) return '';
  const weights = floatsOf(tensor);
  const units = tensor.shape[0] ?? 0;
  const largest = weights.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const shown = Math.min(units, MAX_TILES);
  const tiles = Array.from({ length: shown }, (_, unit) => {
    const own = weights.subarray((unit * weights.length) / units, ((unit + 1) * weights.length) / units);
    return `<figure class="plain">${picture(pixelsOf(own, tile, largest), `weights of unit ${unit}`)}</figure>`;
  });
  const left = units > shown ? ` The first ${formatCount(shown)} of ${formatCount(units)} units.` : '';
  return `<p class="faint">${name}, a picture a unit: blue below 0, red above, white at 0; the strongest is ${Number(largest.toPrecision(3))}.${left}</p><div class="tiles">${tiles.join('')}</div>`;
}

/** Of a sample that is a picture; undefined where it is none. */
export function pictureSize(input: InputSpec): PictureSize | undefined {
  if (input.kind === 'table') return undefined;
  const shape = sampleShape(input);
  const [channels = 1, height = 0, width = 0] = shape.length === 2 ? [1, ...shape] : shape;
  const isPicture = (shape.length === 2 || shape.length === 3) && (channels === 1 || channels === 3) && height > 1 && width > 1;
  return isPicture ? { channels, height, width } : undefined;
}

/** Dense layers see the whole picture, convolutions a part of it. */
function tileOf({ dtype, shape }: Tensor, { channels, height, width }: PictureSize): PictureSize | undefined {
  if (dtype !== 'F32') return undefined;
  if (shape.length === 2) return shape[1] === channels * height * width ? { channels, height, width } : undefined;
  const [, depth = 0, rows = 0, columns = 0] = shape;
  return shape.length === 4 && depth === channels ? { channels: depth, height: rows, width: columns } : undefined;
}

/** Of several channels the mean, for their signs differ. */
function pixelsOf(weights: Float32Array, { channels, height, width }: PictureSize, largest: number): Pixels {
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += weights[c * height * width + i] ?? 0;
    data.set(signColour(sum / channels / largest), i * 3);
  }
  return { width, height, channels: 3, data };
}

/** At any alignment. */
export function floatsOf({ data }: Tensor): Float32Array {
  return new Float32Array(data.slice().buffer);
}
