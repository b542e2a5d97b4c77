import { eachTap, type Window } from '../../../graph/window.ts';

/**
 * For each output and channel of rows of pictures one of the pixels that its window covers, as a pool of the largest values leaves it.
 *
 * @param next  in [0, 1)
 */
export function fillPixels(pixels: Int32Array, window: Window, next: () => number): void {
  const { channels, outHeight, outWidth } = window;
  const covered = Array.from({ length: outHeight * outWidth }, (_, place) => {
    const taps: number[] = [];
    eachTap(window, Math.floor(place / outWidth), place % outWidth, ({ pixel }) => taps.push(pixel));
    return taps;
  });
  for (let i = 0; i < pixels.length; i++) {
    const taps = covered[Math.floor(i / channels) % covered.length] ?? [];
    pixels[i] = taps[Math.floor(next() * taps.length)] ?? 0;
  }
}
