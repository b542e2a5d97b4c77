import { eachTap, type Window } from '../window.ts';
import type { OpType, TwinRun } from './op-type.ts';

/** y = x * W + b, each group of filters over its own channels. source: torch.nn.Conv2d, Conv1d (height 1). */
export interface ConvOp {
  type: 'conv';
  layer: number;
  /** [rows, height, width, channels] */
  x: string;
  /** [filters, channels / groups, kh, kw] */
  weight: string;
  /** [filters]; undefined: none. */
  bias: string | undefined;
  /** [rows, outHeight, outWidth, filters] */
  y: string;
  window: Window;
  filters: number;
  groups: number;
}

export const conv: OpType<ConvOp> = {
  inputs: ({ x }) => [x],
  parameters: ({ weight, bias }) => (bias === undefined ? [weight] : [weight, bias]),
  reads: { x: true, y: false },
  inPlace: false,

  flops: ({ window: { kernel, channels, outHeight, outWidth }, filters, groups }) => {
    const products = 2 * outHeight * outWidth * filters * kernel[0] * kernel[1] * (channels / groups);
    return { forward: products, backward: 2 * products };
  },

  /** y[r,p,f] = b[f] + sum over taps t and channels c of the group of x[r,p+t,c] W[f,c,t] */
  forward(op, run) {
    const [from, w, to] = [run.value(op.x), run.value(op.weight), run.value(op.y)];
    const b = op.bias === undefined ? undefined : run.value(op.bias);
    for (let i = 0; i < to.length; i++) to[i] = b?.[i % op.filters] ?? 0;
    eachProduct(op, run, (x, weight, y) => {
      to[y] = (to[y] as number) + (from[x] as number) * (w[weight] as number);
    });
  },

  /** dW[f,c,t] += dy[r,p,f] x[r,p+t,c]   db[f] += dy[r,p,f]   dx[r,p+t,c] += dy[r,p,f] W[f,c,t] */
  backward(op, run) {
    const [from, w, dy] = [run.value(op.x), run.value(op.weight), run.gradient(op.y)];
    const [dw, dx] = [run.gradient(op.weight), run.gradient(op.x)];
    if (op.bias !== undefined) {
      const db = run.gradient(op.bias);
      for (let i = 0; i < dy.length; i++) db[i % op.filters] = (db[i % op.filters] as number) + (dy[i] as number);
    }
    eachProduct(op, run, (x, weight, y) => {
      const d = dy[y] as number;
      dw[weight] = (dw[weight] as number) + d * (from[x] as number);
      dx[x] = (dx[x] as number) + d * (w[weight] as number);
    });
  },
};

/** The places of every product: of a value of x, of the weight in PyTorch's layout, and of the sum that it goes into. */
function eachProduct({ window, filters, groups }: ConvOp, { rows }: TwinRun, visit: (x: number, weight: number, y: number) => void): void {
  const { height, width, channels, kernel, outHeight, outWidth } = window;
  const [own, filtersOfGroup] = [channels / groups, filters / groups];
  for (let place = 0; place < rows * outHeight * outWidth; place++) {
    const r = Math.floor(place / (outHeight * outWidth));
    const [oy, ox] = [Math.floor(place / outWidth) % outHeight, place % outWidth];
    eachTap(window, oy, ox, ({ ky, kx, pixel }) => {
      const x = (r * height * width + pixel) * channels;
      for (let f = 0; f < filters; f++) {
        const first = Math.floor(f / filtersOfGroup) * own;
        for (let c = 0; c < own; c++) {
          visit(x + first + c, ((f * own + c) * kernel[0] + ky) * kernel[1] + kx, place * filters + f);
        }
      }
    });
  }
}
