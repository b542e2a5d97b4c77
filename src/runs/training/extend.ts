import path from 'node:path';
import type { ScheduleSpan } from '../../config/schema/blocks/parent.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { GradloomError, printable } from '../../errors.ts';
import { horizonSteps } from '../../optim/schedule.ts';
import { commandOf } from '../../storage/shell.ts';
import { loadRunConfig } from '../files/config.ts';
import { requireRun } from '../files/directory.ts';
import { readSummary } from '../files/file-shapes.ts';
import { lastCheckpoint } from '../prepare/initial.ts';
import { prepare } from '../prepare/prepare.ts';
import type { TrainRun } from './run.ts';
import { type TrainOptions, trainIn } from './train.ts';
import { startWork } from './under-way.ts';

/**
 * What becomes of the learning rate when a training is made longer:
 * stretch: the schedule's formula with the new length, read from the present step on, so the rate may jump (a finished cosine rises again);
 * hold: the rate of the last step stays, reductions of `plateau` included;
 * restart: the schedule begins anew, warmup too, over the steps that were added.
 * The optimizer's state and its count of steps go on in every case.
 */
export type ScheduleMode = 'stretch' | 'hold' | 'restart';

/** How far a finished run is to be trained, and where. */
export interface ExtendOptions extends Omit<TrainOptions, 'dry' | 'prefix'> {
  /** New length of the whole training, from its first step: one of the two. */
  epochs?: number | undefined;
  steps?: number | undefined;
  /** @default 'stretch' */
  schedule?: ScheduleMode | undefined;
}

/**
 * Trains a finished run for longer, in a new run directory beside it whose config.yaml, summary.json and model say where it comes from.
 * It goes on from the state after the parent's last step (not from parameters that early stopping restored); steps and epochs go on
 * counting; its metrics.jsonl begins at the parent's end. Early stopping keeps the best value and starts its patience anew.
 *
 * @throws GradloomError (from `result`) E_RUN_READ if the run is not finished, E_CONFIG_RANGE if it is not made longer, E_CHECKPOINT
 *   without the checkpoint of its end, and those of `train`
 */
export function extend(directory: string, options: ExtendOptions): TrainRun {
  const run = path.resolve(directory);
  return startWork(async (emit) => {
    const experiment = await extended(run, options);
    return trainIn(experiment, options, emit);
  });
}

/** The experiment of a run that makes another one longer. */
async function extended(run: string, { epochs, steps, schedule = 'stretch', dataset, data }: ExtendOptions): Promise<Experiment> {
  requireRun(run);
  const { experiment } = loadRunConfig(run);
  const status = readSummary(run)?.status;
  if (status !== 'finished') throw notFinished(run, status);
  if ((epochs === undefined) === (steps === undefined))
    throw new GradloomError({
      code: 'E_CONFIG_VALUE',
      where: 'extend',
      message: 'expected the new length in epochs or in steps, one of the two',
    });
  const checkpoint = lastCheckpoint(run);
  const { step, sha256 } = checkpoint;
  const { epochs: _epochs, steps: _steps, batch_size, ...train } = experiment.train;
  const { batches } = (await prepare(experiment, dataset, undefined, data)).plan;
  const before = experiment.parent?.schedule ?? { from: 0 };
  const horizon = before.horizon ?? horizonSteps(experiment.schedule, batches.totalSteps - before.from, batches.stepsPerEpoch);
  const spans: Record<ScheduleMode, ScheduleSpan> = {
    stretch: { from: before.from },
    hold: { from: before.from, until: Math.min(before.until ?? Number.POSITIVE_INFINITY, step - 1), horizon },
    restart: { from: step },
  };
  return {
    ...experiment,
    schedule: schedule === 'stretch' ? withoutHorizon(experiment.schedule) : experiment.schedule,
    train: { batch_size, ...(epochs === undefined ? { steps } : { epochs }), ...train },
    parent: { run, step, sha256, schedule: spans[schedule] },
    track: { ...experiment.track, dir: path.dirname(run) },
  };
}

/** A length of its own cannot be stretched. */
function withoutHorizon(schedule: Experiment['schedule']): Experiment['schedule'] {
  if (!('horizon' in schedule)) return schedule;
  const { horizon: _horizon, ...rest } = schedule;
  return rest;
}

function notFinished(run: string, status: string | undefined): GradloomError {
  return new GradloomError({
    code: 'E_RUN_READ',
    where: printable(run),
    message: `not finished${status === undefined ? '' : `, but ${printable(status)}`}`,
    next: commandOf('resume', run),
  });
}
