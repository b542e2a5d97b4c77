import type { LossConfig } from '../../config/schema/schema.ts';
import { elements } from '../shape.ts';
import type { OpType, TwinRun } from './op-type.ts';

/**
 * The loss of each row of outputs, and its gradient. softmax_cross_entropy: torch.nn.CrossEntropyLoss; sigmoid_cross_entropy:
 * BCEWithLogitsLoss; mse: MSELoss; huber: HuberLoss; mae: L1Loss. A row's weight is its sample weight, times its class's weight with
 * softmax_cross_entropy; a mean divides by the sum of the weights.
 */
export interface LossOp {
  type: 'loss';
  loss: LossConfig;
  /** [rows, outputs]: logits, or predicted values. */
  x: string;
}

export const loss: OpType<LossOp> = {
  inputs: ({ x }) => [x],
  parameters: () => [],
  reads: { x: true, y: false },
  inPlace: false,
  forward(op, run) {
    for (const { loss: value, weight, isCorrect } of rowTerms(op, run)) {
      run.sums.loss += value;
      run.sums.weight += weight;
      if (isCorrect) run.sums.correct++;
    }
  },
  backward(op, run) {
    const dx = run.gradient(op.x);
    const outputs = elements(run.shapeOf(op.x));
    for (const [r, { dx: terms }] of rowTerms(op, run).entries()) {
      for (let j = 0; j < outputs; j++) dx[r * outputs + j] = (dx[r * outputs + j] as number) + (terms[j] as number);
    }
  },
};

/** labels: the class of a row. values: [outputs] a row, a class becoming a one-hot row. */
export function targetOf({ type }: LossConfig): 'labels' | 'values' {
  return type === 'softmax_cross_entropy' ? 'labels' : 'values';
}

/** What a row adds, its weight included. */
interface RowTerms {
  loss: number;
  weight: number;
  dx: ArrayLike<number>;
  isCorrect: boolean;
}

function rowTerms(op: LossOp, run: TwinRun): RowTerms[] {
  const outputs = elements(run.shapeOf(op.x));
  return Array.from({ length: run.rows }, (_, r) => {
    const x = run.value(op.x).subarray(r * outputs, (r + 1) * outputs);
    const v = run.sampleWeights?.[r] ?? 1;
    const terms = op.loss.type === 'softmax_cross_entropy' ? classTerms(op.loss, x, run, r) : valueTerms(op.loss, x, run, r);
    return { ...terms, loss: v * terms.loss, weight: v * terms.weight, dx: Array.from(terms.dx, (d) => v * d) };
  });
}

/** sum over j of q_j (log sum exp x - x_j), with q_j = w_j ((1 - s) [j = label] + s / O) */
function classTerms(
  { label_smoothing: s }: Extract<LossConfig, { type: 'softmax_cross_entropy' }>,
  x: Float64Array,
  { labels, lossWeights }: TwinRun,
  row: number,
): RowTerms {
  const label = labels[row] as number;
  const largest = Math.max(...x);
  const logSum = largest + Math.log(x.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  const share = x.map((_, j) => (lossWeights?.[j] ?? 1) * ((j === label ? 1 - s : 0) + s / x.length));
  const total = share.reduce((sum, value) => sum + value, 0);
  return {
    loss: share.reduce((sum, q, j) => sum + q * (logSum - (x[j] as number)), 0),
    weight: lossWeights?.[label] ?? 1,
    dx: x.map((value, j) => total * Math.exp(value - logSum) - (share[j] as number)),
    isCorrect: argmax(x) === label,
  };
}

/** The mean over the outputs of a loss of each. */
function valueTerms(
  loss: Exclude<LossConfig, { type: 'softmax_cross_entropy' }>,
  x: Float64Array,
  { targets, lossWeights }: TwinRun,
  row: number,
): RowTerms {
  const outputs = x.length;
  const t = Float64Array.from(x, (_, j) => targets[row * outputs + j] as number);
  const each = Array.from(x, (value, j) => outputTerms(loss, value, t[j] as number, lossWeights?.[j] ?? 1));
  const isYesOrNo = loss.type === 'sigmoid_cross_entropy' && outputs === 1;
  return {
    loss: each.reduce((sum, term) => sum + term.loss, 0) / outputs,
    weight: 1,
    dx: each.map(({ dx }) => dx / outputs),
    isCorrect: isYesOrNo ? (x[0] as number) > 0 === (t[0] as number) > 0.5 : outputs > 1 && argmax(x) === argmax(t),
  };
}

/** The loss of one output and its derivative. */
function outputTerms(
  loss: Exclude<LossConfig, { type: 'softmax_cross_entropy' }>,
  x: number,
  target: number,
  positive: number,
): { loss: number; dx: number } {
  const d = x - target;
  switch (loss.type) {
    case 'mse':
      return { loss: d * d, dx: 2 * d };
    case 'mae':
      return { loss: Math.abs(d), dx: Math.sign(d) };
    case 'huber':
      return Math.abs(d) <= loss.delta
        ? { loss: (d * d) / 2, dx: d }
        : { loss: loss.delta * (Math.abs(d) - loss.delta / 2), dx: Math.sign(d) * loss.delta };
    case 'sigmoid_cross_entropy': {
      // t moved towards 1/2; loss = (1 - t) x + (1 + (w - 1) t) log(1 + e^-x)
      const t = target * (1 - loss.label_smoothing) + loss.label_smoothing / 2;
      const factor = 1 + (positive - 1) * t;
      const softplus = Math.log1p(Math.exp(-Math.abs(x))) + Math.max(-x, 0);
      const below = x < 0 ? 1 / (1 + Math.exp(x)) : Math.exp(-x) / (1 + Math.exp(-x));
      return { loss: (1 - t) * x + factor * softplus, dx: 1 - t - factor * below };
    }
  }
}

/** The first of the largest. */
function argmax(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}
