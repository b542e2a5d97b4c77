import type { AugmentConfig } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import { cosSin, exp } from '../../random/elementary.ts';

/** Words of a sample's stream that decide its map and its cutout; those of noise come behind them. */
export const DRAWN_WORDS = 8;
const WORD = { shiftX: 0, shiftY: 1, angle: 2, scale: 3, flipX: 4, flipY: 5, cutoutX: 6, cutoutY: 7 } as const;

const TWO_32 = 0x1_0000_0000;
/** Neighbours further away than so many standard deviations do not count. */
const REACH = 3;

export interface PictureShape {
  channels: number;
  height: number;
  width: number;
}

/**
 * How samples of a shape are pictures: [height, width], or [channels, height, width].
 *
 * @throws GradloomError E_CONFIG_VALUE for others
 */
export function pictureShape(shape: readonly number[]): PictureShape {
  const [width, height, channels] = shape.toReversed();
  if (shape.length === 3 || shape.length === 2) return { channels: channels ?? 1, height: height as number, width: width as number };
  throw new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: 'data.augment',
    message: `changes pictures, of height x width or channels x height x width; these samples are ${shape.join(' x ') || 'single numbers'}`,
    next: 'remove data.augment, or use a source of pictures',
  });
}

/** Whether pixels change their places. */
export function moves({ shift, rotate, scale, flip, elastic }: AugmentConfig): boolean {
  return [shift, rotate, scale, flip, elastic].some((part) => part !== undefined);
}

/**
 * Where the pixels of a changed picture come from: source x = map[0] x + map[1] y + map[2], source y likewise by map[3..5]. The picture is
 * mirrored, turned and scaled around its middle, then shifted; this is the way back.
 *
 * @param words  DRAWN_WORDS of the sample's stream; which word decides what does not depend on what is asked for
 * @param map    receives it, f64[6]
 */
export function drawMap(
  { shift = 0, rotate, scale = 0, flip }: AugmentConfig,
  { height, width }: PictureShape,
  words: Uint32Array,
  map: Float64Array,
): void {
  const between = (word: number): number => 2 * uniform(words, word) - 1;
  const whole = (word: number): number => Math.floor(uniform(words, word) * (2 * shift + 1)) - shift;
  const isMirrored = (word: number, other: 'horizontal' | 'vertical'): boolean =>
    flip !== undefined && flip !== other && uniform(words, word) >= 0.5;
  const [cos, sin] = rotate === undefined ? [1, 0] : cosSin((between(WORD.angle) * rotate * Math.PI) / 180);
  const factor = 1 + between(WORD.scale) * scale;
  const mirrorX = isMirrored(WORD.flipX, 'vertical') ? -1 : 1;
  const mirrorY = isMirrored(WORD.flipY, 'horizontal') ? -1 : 1;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const [toX, toY] = [middleX + whole(WORD.shiftX), middleY + whole(WORD.shiftY)];
  const xx = (mirrorX * cos) / factor;
  const xy = (mirrorX * sin) / factor;
  const yx = (-mirrorY * sin) / factor;
  const yy = (mirrorY * cos) / factor;
  map[0] = xx;
  map[1] = xy;
  map[2] = middleX - xx * toX - xy * toY;
  map[3] = yx;
  map[4] = yy;
  map[5] = middleY - yx * toX - yy * toY;
}

/** The square that becomes 0: columns [left, right) of rows [top, bottom), as far as it lies in the picture. */
export function drawCutout(
  side: number,
  { height, width }: PictureShape,
  words: Uint32Array,
): { left: number; right: number; top: number; bottom: number } {
  const left = Math.floor(uniform(words, WORD.cutoutX) * width) - Math.floor(side / 2);
  const top = Math.floor(uniform(words, WORD.cutoutY) * height) - Math.floor(side / 2);
  return {
    left: Math.max(0, left),
    right: Math.min(width, left + side),
    top: Math.max(0, top),
    bottom: Math.min(height, top + side),
  };
}

/** Weights of the neighbours from -R to R under a Gaussian of `sigma`, with a sum of 1. */
export function gaussian(sigma: number): Float32Array {
  const reach = gaussianReach(sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}

/** R of `gaussian`. */
function gaussianReach(sigma: number): number {
  return Math.ceil(REACH * sigma);
}

/** R of the Gaussian that smooths displacements; undefined where there are none. */
export function elasticReach({ elastic }: AugmentConfig): number | undefined {
  return elastic === undefined ? undefined : gaussianReach(elastic.sigma);
}

/** In (0, 1). */
function uniform(words: Uint32Array, word: number): number {
  return ((words[word] as number) + 0.5) / TWO_32;
}
