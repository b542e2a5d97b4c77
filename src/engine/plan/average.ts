import type { Experiment } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import type { BatchPlan } from './batches.ts';

/** Steps before the first that SWA may count, and from one of its points to the next. */
interface Points {
  start: number;
  every: number;
}

function swaPoints(average: Extract<Experiment['train']['average'], { type: 'swa' }>, { stepsPerEpoch, totalSteps }: BatchPlan): Points {
  const every = 'steps' in average.every ? average.every.steps : average.every.epochs * stepsPerEpoch;
  return { start: Math.floor(average.start * totalSteps), every };
}

/** Whether the averages after a step depend on how long the training is. */
export function averageFollowsLength({ train: { average } }: Experiment): boolean {
  return average.type === 'swa' && average.start > 0;
}

/** @throws GradloomError E_CONFIG_VALUE where SWA would never take a point: its average would be the untrained model */
export function checkAverage({ train: { average } }: Experiment, batches: BatchPlan): void {
  if (average.type !== 'swa') return;
  const { start, every } = swaPoints(average, batches);
  if (start + every <= batches.totalSteps) return;
  const message = `swa starts after step ${start} and takes a point every ${every} steps, but training has ${batches.totalSteps} steps`;
  throw new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: 'train.average',
    message,
    next: 'lower train.average.start or train.average.every',
  });
}

/**
 * Weight of the parameters in their average after `step`; 0: the average stays as it is. A pure function of the step.
 *
 * ema: average = decay * average + (1 - decay) * p after every step; the first step copies p, as torch.optim.swa_utils.AveragedModel.
 * swa: the mean of p at regular points after the start (Izmailov et al. 2018, "Averaging weights leads to wider optima").
 */
export function averageWeight({ train: { average } }: Experiment, batches: BatchPlan, step: number): number {
  if (average.type === 'none') return 0;
  if (average.type === 'ema') return step === 0 ? 1 : 1 - average.decay;
  const { start, every } = swaPoints(average, batches);
  const done = step + 1 - start;
  return done > 0 && done % every === 0 ? every / done : 0;
}
