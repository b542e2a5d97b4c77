import { SPLITS, type SplitName } from '../../data/dataset.ts';
import type { MetricsLine, RunEvent } from '../../runs/events.ts';
import type { CurvePoint, EvaluatedCurve } from '../text/curve.ts';

/** Means over an epoch as training saw them or, where an epoch is one step, over that step's batch; and what an evaluation found then. */
export interface HistoryRow {
  /** The epoch from 1, or the step. */
  at: number;
  trainLoss: number | null;
  trainAccuracy: number | undefined;
  evaluation: Scores | undefined;
}

export interface Scores {
  split: SplitName;
  loss: number | null;
  accuracy: number | null | undefined;
}

/** More are thinned out to half as often as it is exceeded: enough for any table or curve, however long the run. */
const MAX_KEPT = 4096;
/** From here on, epochs draw a smoother curve than single batches. */
const CURVE_EPOCHS = 20;

/** What a run's table and curve are made of, in bounded memory. */
export class History {
  readonly #epochs = new Thinned<HistoryRow>();
  readonly #logged = new Thinned<HistoryRow>();
  readonly #evaluated = new Thinned<Pick<Scores, 'split' | 'loss'> & { step: number }>();
  #lastEvaluation: { step: number; scores: Scores } | undefined;

  add(event: RunEvent): void {
    if (event.type === 'metrics') this.#addMetrics(event.line);
    if (event.type !== 'epoch') return;
    const { epoch, trainLoss, trainAccuracy, evaluation } = event;
    const scores = evaluation && { ...evaluation, accuracy: trainAccuracy === undefined ? undefined : evaluation.accuracy };
    this.#epochs.add({ at: epoch, trainLoss, trainAccuracy, evaluation: scores });
  }

  #addMetrics(line: MetricsLine): void {
    const scores = scoresOf(line);
    if (scores !== undefined) {
      this.#lastEvaluation = { step: line.step, scores };
      this.#evaluated.add({ step: line.step, split: scores.split, loss: scores.loss });
    }
    const loss = line['train.loss'];
    // An evaluation after step s-1 and the batch loss before step s are of the same parameters.
    const evaluation = this.#lastEvaluation?.step === line.step ? this.#lastEvaluation.scores : undefined;
    if (loss !== undefined) this.#logged.add({ at: line.step, trainLoss: loss, trainAccuracy: undefined, evaluation });
  }

  /** The rows of the table: epochs, or logged steps of a run whose epochs are single steps. */
  rows(): { unit: 'epoch' | 'step'; rows: readonly HistoryRow[] } {
    return this.#epochs.items.length > 0 ? { unit: 'epoch', rows: this.#epochs.items } : { unit: 'step', rows: this.#logged.items };
  }

  curve(stepsPerEpoch: number): CurvePoint[] {
    const byEpoch = this.#epochs.items.length >= CURVE_EPOCHS || this.#logged.items.length < 2;
    const rows = byEpoch ? this.#epochs.items : this.#logged.items;
    return rows.map(({ at, trainLoss }) => ({ step: byEpoch ? at * stepsPerEpoch : at, loss: trainLoss ?? Number.NaN }));
  }

  /** What evaluations found of the split that was evaluated most often: that is the one while training; undefined without any. */
  evaluated(): EvaluatedCurve | undefined {
    const curves = SPLITS.map((name) => ({ name, points: this.#evaluated.items.filter(({ split }) => split === name) }));
    const [most] = curves.toSorted((a, b) => b.points.length - a.points.length);
    if (most === undefined || most.points.length === 0) return undefined;
    return { name: most.name, points: most.points.map(({ step, loss }) => ({ step, loss: loss ?? Number.NaN })) };
  }
}

/** What a metrics line says of an evaluation. */
export function scoresOf(line: Partial<MetricsLine>): Scores | undefined {
  for (const split of ['val', 'test', 'train'] as const) {
    const loss = line[split === 'train' ? 'train.eval_loss' : `${split}.loss`];
    if (loss !== undefined) return { split, loss, accuracy: line[`${split}.accuracy`] };
  }
  return undefined;
}

/** A list that keeps every n-th item and always the last, n doubling as it grows. */
class Thinned<T> {
  readonly #kept: T[] = [];
  #stride = 1;
  #seen = 0;
  #last: T | undefined;

  add(item: T): void {
    if (this.#seen % this.#stride === 0) this.#kept.push(item);
    this.#seen += 1;
    this.#last = item;
    if (this.#kept.length <= MAX_KEPT) return;
    this.#stride *= 2;
    const half = this.#kept.filter((_, i) => i % 2 === 0);
    this.#kept.splice(0, this.#kept.length, ...half);
  }

  get items(): readonly T[] {
    return this.#last === undefined || this.#kept.at(-1) === this.#last ? this.#kept : [...this.#kept, this.#last];
  }
}
