import { SPLITS, type SplitName } from '../../data/dataset.ts';
import {
  anyNumber,
  anything,
  count,
  fields,
  flag,
  listOf,
  mapOf,
  oneOf,
  optional,
  orNull,
  pairOf,
  type Shape,
  simple,
  text,
} from '../../storage/shape.ts';
import type { RecorderState } from '../record/recorder-state.ts';
import type { Basis } from './basis.ts';
import type { LoopState } from './run-state.ts';

/** A shape for each key: one that is forgotten does not compile. */
type Whole<T> = Readonly<Record<keyof T, Shape<unknown>>>;

/** Of a learning rate; a factor that is not above 0 would undo or stop training. */
const factor: Shape<number> = simple('a number above 0', (value) => typeof value === 'number' && value > 0 && Number.isFinite(value));
const split: Shape<SplitName> = oneOf(SPLITS);
/** -1: none yet. */
const lastSkipped: Shape<number> = simple('a whole number from -1', (value) => Number.isSafeInteger(value) && (value as number) >= -1);
const seconds: Shape<number> = simple('a number from 0', (value) => typeof value === 'number' && value >= 0 && Number.isFinite(value));

const landmark = fields({ step: count, share: oneOf(['state', 'good', 'own']), hasOptimizer: flag });

const loop = fields({
  step: count,
  isOver: flag,
  firstLoss: optional(anyNumber),
  lrFactor: factor,
  rollbacks: count,
  skippedInRow: count,
  lastSkipped,
  plateau: fields({ best: orNull(anyNumber), bad: count, cooldown: count, factor }),
  earlyStop: optional(fields({ best: optional(anyNumber), stale: count })),
  bestKept: optional(fields({ step: count, value: anyNumber })),
} satisfies Whole<LoopState>);

const step = fields({
  step: count,
  loss: anyNumber,
  correct: anyNumber,
  rows: anyNumber,
  weight: anyNumber,
  gradientNorm: optional(anyNumber),
  penalty: anyNumber,
});

const matrix = listOf(listOf(anyNumber));

const recorder = fields({
  step: count,
  last: mapOf(orNull(anyNumber)),
  best: mapOf(fields({ value: anyNumber, step: count })),
  evaluatedAt: listOf(pairOf(split, count)),
  evaluation: orNull(fields({ loss: anyNumber, accuracy: anyNumber, rows: count, split })),
  confusion: orNull(fields({ train: optional(matrix), val: optional(matrix), test: optional(matrix) })),
  epoch: fields({ loss: anyNumber, weight: anyNumber, correct: anyNumber, rows: anyNumber }),
  recent: listOf(step),
  watch: fields({ said: listOf(text), loss: orNull(anyNumber), sameLoss: count }),
  events: count,
  seconds,
  samples: count,
  spent: optional(fields({ start: seconds, training: seconds, evaluation: seconds, checkpoint: seconds })),
  metricsBytes: count,
  digestsBytes: count,
} satisfies Whole<RecorderState>);

/** What `gradloom.state` of a checkpoint holds, once its special numbers are read. */
export const savedShape = fields({ loop, recorder, best: optional(landmark), good: optional(landmark) });

export const basisShape: Shape<Basis> = fields({ kernels: count, data: text, config: anything });
