import type { Every } from '../../config/schema/parts/parts.ts';
import { SEGMENT_STEPS } from '../../engine/plan/memory.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** The steps after which something is to be done between two segments. Where they fall changes no bit of the result. */
export class Stops {
  readonly #totalSteps: number;
  readonly #evaluation: number;
  readonly #statistics: number;
  readonly #digest: number;
  readonly #checkpoint: number;

  constructor({ experiment: { train, track, numerics }, batches: { totalSteps, stepsPerEpoch } }: EnginePlan) {
    const steps = (every: Every): number => ('steps' in every ? every.steps : every.epochs * stepsPerEpoch);
    const checkpoint = train.checkpoint.every;
    this.#totalSteps = totalSteps;
    this.#evaluation = train.eval.on === 'none' ? NEVER : steps(train.eval.every);
    this.#statistics = track.statistics === undefined ? NEVER : steps(track.statistics.every);
    this.#digest = steps(numerics.digest.every);
    this.#checkpoint = 'seconds' in checkpoint ? NEVER : steps(checkpoint);
  }

  /** The next one after `step`: at the latest where a segment is full. */
  after(step: number): number {
    const due = [this.#evaluation, this.#statistics, this.#digest, this.#checkpoint, SEGMENT_STEPS].map((every) => next(step, every));
    return Math.min(this.#totalSteps, ...due);
  }

  isEvaluation(step: number): boolean {
    return step % this.#evaluation === 0 || (this.#evaluation !== NEVER && step === this.#totalSteps);
  }

  isStatistics(step: number): boolean {
    return step % this.#statistics === 0;
  }

  isDigest(step: number): boolean {
    return step % this.#digest === 0;
  }

  isCheckpoint(step: number): boolean {
    return step % this.#checkpoint === 0;
  }

  /** Whether every run of the experiment stops here, whatever its checkpoints and interruptions. */
  isShared(step: number): boolean {
    return this.isEvaluation(step) || this.isStatistics(step) || step % SEGMENT_STEPS === 0 || step === this.#totalSteps;
  }

  /** Whether a run of the same experiment that ends here has looked at no more than this one does, its digest left aside. */
  isLikeEnd(step: number): boolean {
    return (this.#evaluation === NEVER || this.isEvaluation(step)) && this.isShared(step);
  }
}

function next(step: number, every: number): number {
  return every === NEVER ? NEVER : (Math.floor(step / every) + 1) * every;
}
