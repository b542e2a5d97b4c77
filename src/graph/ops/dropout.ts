import type { OpType } from './op-type.ts';

/**
 * y = m x, where m is 0 for a share p of the values and 1 / (1 - p) for the others; y = x in evaluation. source: torch.nn.Dropout.
 * The mask is a function of (seed, step, stream, row, value), so it does not depend on who computes which row.
 */
export interface DropoutOp {
  type: 'dropout';
  layer: number;
  p: number;
  /** Number of its random stream among those of the graph. */
  stream: number;
  x: string;
  y: string;
}

export const dropout: OpType<DropoutOp> = {
  inputs: ({ x }) => [x],
  parameters: () => [],
  reads: { x: false, y: false },
  inPlace: true,

  /** y = m x */
  forward(op, run) {
    const [from, to] = [run.value(op.x), run.value(op.y)];
    const width = from.length / run.rows;
    for (let i = 0; i < from.length; i++)
      to[i] = (from[i] as number) * (run.training ? run.mask(op.stream, Math.floor(i / width), i % width, op.p) : 1);
  },

  /** dx += m dy */
  backward(op, run) {
    const [dy, dx] = [run.gradient(op.y), run.gradient(op.x)];
    const width = dy.length / run.rows;
    for (let i = 0; i < dy.length; i++)
      dx[i] = (dx[i] as number) + (dy[i] as number) * run.mask(op.stream, Math.floor(i / width), i % width, op.p);
  },
};
