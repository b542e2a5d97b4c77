import type { OpType } from './op-type.ts';

/** y[r,j,i] = x[r,i,j]: pictures that come with their channels first get them last, as the engine has them. */
export interface SwapAxesOp {
  type: 'swap_axes';
  layer: number;
  /** [rows, a, b] */
  x: string;
  /** [rows, b, a] */
  y: string;
  extents: readonly [a: number, b: number];
}

export const swapAxes: OpType<SwapAxesOp> = {
  inputs: ({ x }) => [x],
  parameters: () => [],
  reads: { x: false, y: false },
  inPlace: false,

  forward({ x, y, extents }, run) {
    const [from, to] = [run.value(x), run.value(y)];
    for (let i = 0; i < to.length; i++) to[swapped(i, extents)] = from[i] as number;
  },

  backward({ x, y, extents }, run) {
    const [dx, dy] = [run.gradient(x), run.gradient(y)];
    for (let i = 0; i < dx.length; i++) dx[i] = (dx[i] as number) + (dy[swapped(i, extents)] as number);
  },
};

/** Where the value at `at` of [rows, a, b] is in [rows, b, a]. */
function swapped(at: number, [a, b]: readonly [number, number]): number {
  const [i, j] = [Math.floor(at / b) % a, at % b];
  return at - (at % (a * b)) + j * a + i;
}
