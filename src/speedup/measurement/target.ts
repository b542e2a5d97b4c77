import { lossName } from '../../config/check/evaluated.ts';
import { goalOf } from '../../config/names/metrics.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError } from '../../errors.ts';
import { checkEvaluated } from '../../runs/prepare/watched.ts';
import type { RunOptions } from '../../runs/training/options.ts';
import { train } from '../../runs/training/train.ts';
import type { ReachedTarget, SpeedupSearch } from '../events.ts';
import type { TargetSetting } from '../schema.ts';

/**
 * Trains the experiment once, writing nothing, until a metric reaches a value at one of its own evaluations. Where that happens is the
 * same for any number of workers, so once is enough.
 *
 * @param plan      of the experiment, for any number of workers
 * @param workers   as many as are likely to be the fastest
 * @param onValue   is told of every evaluation
 * @returns undefined when stopped before
 * @throws GradloomError E_CONFIG_VALUE for a metric that is not evaluated, E_CONFIG_RANGE if the value is never reached
 */
export async function findTarget(
  plan: EnginePlan,
  { metric, value }: TargetSetting,
  workers: number,
  { signal, engine, dataset }: Pick<RunOptions, 'signal' | 'engine'> & { dataset: Dataset },
  onValue: (search: SpeedupSearch) => void,
): Promise<ReachedTarget | undefined> {
  const { experiment, batches } = plan;
  checkEvaluated(plan, dataset, 'time_to.metric', metric);
  const lowerIsBetter = goalOf(metric) === 'minimize';
  const reaches = (now: number): boolean => (lowerIsBetter ? now <= value : now >= value);
  const losses = lossNamesOf(experiment);
  const enough = new AbortController();
  const stop = (): void => enough.abort();
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  let reached: ReachedTarget | undefined;
  let best: { value: number; step: number } | undefined;
  let evaluations = 0;
  try {
    const run = train(
      { experiment: { ...experiment, parallel: { ...experiment.parallel, workers } } },
      { dry: true, signal: enough.signal, engine, dataset },
    );
    for await (const event of run) {
      if (event.type !== 'metrics' || reached !== undefined) continue;
      const { line } = event;
      if (losses.some((name) => line[name] !== undefined)) evaluations++;
      const now = line[metric];
      if (now === undefined || now === null) continue;
      onValue({ type: 'search', metric, value: now, step: line.step, totalSteps: batches.totalSteps });
      if (best === undefined || (lowerIsBetter ? now < best.value : now > best.value)) best = { value: now, step: line.step };
      if (!reaches(now)) continue;
      reached = { metric, value, reached: now, step: line.step, epochs: line.step / batches.stepsPerEpoch, evaluations };
      stop();
    }
    await run.result;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (reached !== undefined || signal?.aborted === true) return reached;
  throw new GradloomError({
    code: 'E_CONFIG_RANGE',
    where: 'time_to.value',
    message: `${metric} never reaches ${value}${best === undefined ? '' : `; its best is ${best.value} at step ${best.step}`}`,
    next: lowerIsBetter ? 'give a higher value, or train longer' : 'give a lower value, or train longer',
  });
}

/** Each line of metrics with one of these is an evaluation of a split, or of its averaged parameters. */
function lossNamesOf({ train: { eval: evaluation, average } }: Experiment): string[] {
  if (evaluation.on === 'none') return [];
  return [lossName(evaluation.on), ...(average.type === 'none' ? [] : [lossName(evaluation.on, average.type)])];
}
