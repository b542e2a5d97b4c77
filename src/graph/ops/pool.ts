import { eachTap, type Window } from '../window.ts';
import type { OpType, TwinRun } from './op-type.ts';

/**
 * y = the largest value, or the mean, of each window of each channel. max: the first of several largest gets the gradient; padding takes no
 * part. avg: padding counts as zeros. source: torch.nn.MaxPool2d, AvgPool2d (count_include_pad).
 */
export interface PoolOp {
  type: 'pool';
  layer: number;
  function: 'max' | 'avg';
  /** [rows, height, width, channels] */
  x: string;
  /** [rows, outHeight, outWidth, channels] */
  y: string;
  window: Window;
}

export const pool: OpType<PoolOp> = {
  inputs: ({ x }) => [x],
  parameters: () => [],
  reads: { x: false, y: false },
  inPlace: false,

  /** y[r,p,c] = max over taps t of x[r,p+t,c], or their sum / (kh kw) */
  forward(op, run) {
    const [from, to] = [run.value(op.x), run.value(op.y)];
    const taps = op.window.kernel[0] * op.window.kernel[1];
    eachWindow(op, run, (places, y) => {
      to[y] =
        op.function === 'max' ? (from[largest(from, places)] as number) : places.reduce((sum, i) => sum + (from[i] as number), 0) / taps;
    });
  },

  /** max: dx[where y was found] += dy   avg: dx[each tap] += dy / (kh kw) */
  backward(op, run) {
    const [from, dy, dx] = [run.value(op.x), run.gradient(op.y), run.gradient(op.x)];
    const taps = op.window.kernel[0] * op.window.kernel[1];
    eachWindow(op, run, (places, y) => {
      const chosen = op.function === 'max' ? [largest(from, places)] : places;
      const d = (dy[y] as number) / (op.function === 'max' ? 1 : taps);
      for (const i of chosen) dx[i] = (dx[i] as number) + d;
    });
  },
};

/** The first place of the largest value; a NaN is larger than all. */
function largest(values: Float64Array, places: readonly number[]): number {
  const [first = 0, ...rest] = places;
  let best = first;
  for (const i of rest) {
    const [value, most] = [values[i] as number, values[best] as number];
    if (value > most || (Number.isNaN(value) && !Number.isNaN(most))) best = i;
  }
  return best;
}

/** The places in x of the taps of every output that lie in the picture, in the order of scan. */
function eachWindow({ window }: PoolOp, { rows }: TwinRun, visit: (places: readonly number[], y: number) => void): void {
  const { height, width, channels, outHeight, outWidth } = window;
  for (let place = 0; place < rows * outHeight * outWidth; place++) {
    const r = Math.floor(place / (outHeight * outWidth));
    const pixels: number[] = [];
    eachTap(window, Math.floor(place / outWidth) % outHeight, place % outWidth, ({ pixel }) => pixels.push(r * height * width + pixel));
    for (let c = 0; c < channels; c++) {
      visit(
        pixels.map((pixel) => pixel * channels + c),
        place * channels + c,
      );
    }
  }
}
