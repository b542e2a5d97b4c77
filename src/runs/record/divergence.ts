import type { Dataset, SplitName } from '../../data/dataset.ts';
import type { Engine, StepRecord } from '../../engine/coordinator/engine.ts';
import { batchesAt } from '../../engine/plan/batches.ts';
import { leafStart } from '../../engine/plan/leaves.ts';
import { epochOrder } from '../../engine/plan/order.ts';
import { GradloomError } from '../../errors.ts';
import { finiteOrNull } from './metrics-values.ts';

const MAX_SAMPLES = 64;

/** diverged.json: enough to find the cause without running again. */
export interface Divergence {
  step: number;
  /** null for an evaluation. */
  epoch: number | null;
  /** A loss that is not finite; a gradient, although the loss is; a loss above its limit; or the loss of an evaluated set. */
  cause: 'loss' | 'gradient' | 'explosion' | 'evaluation';
  /** As text, since JSON knows neither NaN nor Infinity. */
  loss: string;
  lr: number;
  /** The first bad value of the averaged gradient, in PyTorch's layout. */
  gradient: { tensor: string; index: number; value: string } | null;
  /** The set whose evaluation was not finite. */
  split: SplitName | null;
  /** Samples (index in the data set) of the leaves whose loss is not finite. */
  samples: number[];
  /** The steps before, the latest last. */
  recent: { step: number; loss: number | null; grad_norm: number | null }[];
}

/** Describes a step that was left before its update. */
export function describeStep(
  engine: Engine,
  dataset: Dataset,
  { step, loss }: { step: number; loss: number },
  lr: number,
  recent: readonly StepRecord[],
): Divergence {
  const { batches, experiment } = engine.plan;
  const [batch] = batchesAt(batches, step);
  const gradient = engine.shared.firstNonfiniteGradient();
  return {
    step,
    epoch: batch?.epoch ?? 0,
    cause: !Number.isFinite(loss) ? 'loss' : gradient === undefined ? 'explosion' : 'gradient',
    loss: String(loss),
    lr,
    gradient: gradient === undefined ? null : { ...gradient, value: String(gradient.value) },
    split: null,
    // With several batches a step the sums are those of the last one.
    samples: batch === undefined || batches.batchesPerStep > 1 ? [] : samplesOf(engine.shared.nonfiniteLeaves()),
    recent: shorten(recent),
  };

  function samplesOf(leaves: readonly number[]): number[] {
    if (batch === undefined) return [];
    const order = epochOrder(experiment, dataset.splits.train, batch.epoch);
    const bound = (leaf: number): number => batch.first + leafStart(leaf, experiment.numerics.leaves, batch.rows);
    return leaves.flatMap((leaf) => [...order.subarray(bound(leaf), bound(leaf + 1))]).slice(0, MAX_SAMPLES);
  }
}

/** Describes parameters that give a loss which is not finite. */
export function describeEvaluation(split: SplitName, loss: number, step: number, lr: number, recent: readonly StepRecord[]): Divergence {
  return { step, epoch: null, cause: 'evaluation', loss: String(loss), lr, gradient: null, split, samples: [], recent: shorten(recent) };
}

function shorten(recent: readonly StepRecord[]): Divergence['recent'] {
  return recent.map(({ step, loss, gradientNorm }) => {
    return { step, loss: finiteOrNull(loss), grad_norm: gradientNorm === undefined ? null : finiteOrNull(gradientNorm) };
  });
}

/** The error that ends a diverged run. */
export function divergenceError({ step, cause, loss, gradient, lr, split }: Divergence, notes = ''): GradloomError {
  const what = {
    loss: `the loss became ${loss}`,
    gradient: `the gradient of ${gradient?.tensor}[${gradient?.index}] became ${gradient?.value}`,
    evaluation: `the ${split} loss became ${loss}`,
    explosion: `the loss rose to ${loss}, above the limit that train.max_loss_ratio sets`,
  }[cause];
  return new GradloomError({
    code: 'E_DIVERGED',
    where: `step ${step}`,
    message: `${what}${notes}`,
    next: `lower optimizer.lr (${lr} at this step), set regularization.clip_global_norm, or check the data for extreme values`,
  });
}
