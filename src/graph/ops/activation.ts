import type { ActivationConfig } from '../../config/schema/layers/activation.ts';
import { erf } from './erf.ts';
import type { OpType } from './op-type.ts';

/** y = act(x), value by value. identity is no op. */
export interface ActivationOp {
  type: 'activation';
  layer: number;
  function: Exclude<ActivationConfig, { type: 'identity' }>;
  x: string;
  y: string;
}

export const activation: OpType<ActivationOp> = {
  inputs: ({ x }) => [x],
  parameters: () => [],
  // gelu's derivative needs its input; the others find theirs from their output. What an output is like is looked at in any case.
  reads: (op) => ({ x: op.function.type === 'gelu', y: true }),
  inPlace: true,

  /** y = act(x) */
  forward({ x, y, function: act }, run) {
    const [from, to] = [run.value(x), run.value(y)];
    for (let i = 0; i < from.length; i++) to[i] = activate(act, from[i] as number);
  },

  /** dx += dy act'(x) */
  backward({ x, y, function: act }, run) {
    const [from, dy, dx] = [run.value(x), run.gradient(y), run.gradient(x)];
    for (let i = 0; i < from.length; i++) dx[i] = (dx[i] as number) + (dy[i] as number) * slopeAt(act, from[i] as number);
  },
};

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** act(x), as torch.nn.functional has it. */
export function activate(act: ActivationConfig, x: number): number {
  switch (act.type) {
    case 'identity':
      return x;
    case 'relu':
      return Math.max(0, x);
    case 'leaky_relu':
      return x > 0 ? x : act.slope * x;
    case 'sigmoid':
      return logistic(x);
    case 'tanh':
      return Math.tanh(x);
    case 'gelu':
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
  }
}

/** act'(x); at the kink of relu and leaky_relu the slope of the left side, as in PyTorch. */
export function slopeAt(act: ActivationConfig, x: number): number {
  switch (act.type) {
    case 'identity':
      return 1;
    case 'relu':
      return x > 0 ? 1 : 0;
    case 'leaky_relu':
      return x > 0 ? 1 : act.slope;
    case 'sigmoid':
      return logistic(x) * (1 - logistic(x));
    case 'tanh':
      return 1 - Math.tanh(x) ** 2;
    case 'gelu':
      return 0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
  }
}
