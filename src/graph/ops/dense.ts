import { elements } from '../shape.ts';
import { pixelsOf } from '../window.ts';
import type { OpType, TwinRun } from './op-type.ts';

/** y = x W^T + b. source: torch.nn.Linear */
export interface DenseOp {
  type: 'dense';
  layer: number;
  /** [rows, ...]: read as [rows, I]. */
  x: string;
  /** [O, I] */
  weight: string;
  /** [O] */
  bias: string;
  /** [rows, O] */
  y: string;
  /** x has its channels last, while the columns of the weight count them first, as torch.nn.Flatten does. */
  isPicture: boolean;
}

export const dense: OpType<DenseOp> = {
  inputs: ({ x }) => [x],
  parameters: ({ weight, bias }) => [weight, bias],
  reads: { x: true, y: false },
  inPlace: false,

  flops: ({ x, y }, shapeOf) => {
    const products = 2 * elements(shapeOf(x)) * elements(shapeOf(y));
    return { forward: products, backward: 2 * products };
  },

  /** y[r,o] = b[o] + sum over i of x[r,i] W[o,i] */
  forward(op, run) {
    const { x, weight, bias, y } = op;
    const { inputs, outputs, rows } = extents(run, x, y);
    const columns = columnsOf(op, run);
    const [from, w, b, to] = [run.value(x), run.value(weight), run.value(bias), run.value(y)];
    for (let r = 0; r < rows; r++) {
      for (let o = 0; o < outputs; o++) {
        let sum = b[o] as number;
        for (let i = 0; i < inputs; i++) sum += (from[r * inputs + i] as number) * (w[o * inputs + (columns[i] as number)] as number);
        to[r * outputs + o] = sum;
      }
    }
  },

  /** dW[o,i] += dy[r,o] x[r,i]   db[o] += dy[r,o]   dx[r,i] += dy[r,o] W[o,i] */
  backward(op, run) {
    const { x, weight, bias, y } = op;
    const { inputs, outputs, rows } = extents(run, x, y);
    const columns = columnsOf(op, run);
    const [from, w, dy] = [run.value(x), run.value(weight), run.gradient(y)];
    const [dw, db, dx] = [run.gradient(weight), run.gradient(bias), run.gradient(x)];
    for (let r = 0; r < rows; r++) {
      for (let o = 0; o < outputs; o++) {
        const d = dy[r * outputs + o] as number;
        db[o] = (db[o] as number) + d;
        for (let i = 0; i < inputs; i++) {
          const column = o * inputs + (columns[i] as number);
          dw[column] = (dw[column] as number) + d * (from[r * inputs + i] as number);
          dx[r * inputs + i] = (dx[r * inputs + i] as number) + d * (w[column] as number);
        }
      }
    }
  },
};

/** The column of the weight that each value of a row is multiplied with. */
function columnsOf({ x, isPicture }: DenseOp, { shapeOf }: TwinRun): number[] {
  const shape = shapeOf(x);
  const { pixels, channels } = isPicture ? pixelsOf(shape) : { pixels: 1, channels: elements(shape) };
  return Array.from({ length: pixels * channels }, (_, i) => (i % channels) * pixels + Math.floor(i / channels));
}

function extents({ rows, shapeOf }: TwinRun, x: string, y: string): { inputs: number; outputs: number; rows: number } {
  return { inputs: elements(shapeOf(x)), outputs: elements(shapeOf(y)), rows };
}
