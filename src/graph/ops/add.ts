import type { OpType } from './op-type.ts';

/** y = x + other: a residual connection, with `other` a tensor from further back. source: He et al. (2016), equation 1. */
export interface AddOp {
  type: 'add';
  layer: number;
  x: string;
  other: string;
  y: string;
}

export const add: OpType<AddOp> = {
  inputs: ({ x, other }) => [x, other],
  parameters: () => [],
  reads: { x: false, y: false },
  inPlace: true,

  /** y = x + other */
  forward({ x, other, y }, run) {
    const [a, b, to] = [run.value(x), run.value(other), run.value(y)];
    for (let i = 0; i < to.length; i++) to[i] = (a[i] as number) + (b[i] as number);
  },

  /** dx += dy   dother += dy */
  backward({ x, other, y }, run) {
    const dy = run.gradient(y);
    for (const tensor of [x, other]) {
      const d = run.gradient(tensor);
      for (let i = 0; i < dy.length; i++) d[i] = (d[i] as number) + (dy[i] as number);
    }
  },
};
