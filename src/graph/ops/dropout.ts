import type { OpType, TwinRun } from './op-type.ts';

/**
 * y = m x, where m is 0 for a share p of the values and 1 / (1 - p) for the others; y = x in evaluation. source: torch.nn.Dropout.
 * The mask is a function of (seed, step, stream, row, value or channel), so it does not depend on who computes which row.
 */
export interface DropoutOp {
  type: 'dropout';
  layer: number;
  p: number;
  /** Whole channels of pictures, channels last, are kept or not: this many. undefined: value by value. source: torch.nn.Dropout2d. */
  channels: number | undefined;
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
    for (let i = 0; i < from.length; i++) to[i] = (from[i] as number) * (run.training ? factorAt(op, run, i, from.length) : 1);
  },

  /** dx += m dy */
  backward(op, run) {
    const [dy, dx] = [run.gradient(op.y), run.gradient(op.x)];
    for (let i = 0; i < dy.length; i++) dx[i] = (dx[i] as number) + (dy[i] as number) * factorAt(op, run, i, dy.length);
  },
};

/** m of value `i` of `count`. */
function factorAt({ stream, p, channels }: DropoutOp, run: TwinRun, i: number, count: number): number {
  const width = count / run.rows;
  return run.mask(stream, Math.floor(i / width), i % (channels ?? width), p);
}
