import { goalNotice, problemOf } from '../names/metrics.ts';
import type { Experiment } from '../schema/schema.ts';
import type { Path } from '../text/node.ts';
import type { View } from '../tree/view.ts';
import { absenceOf, type Evaluation, emptiness } from './evaluated.ts';

const EARLY_STOP: Path = ['train', 'early_stop'];
const BEST: Path = ['train', 'checkpoint', 'best'];
const SCHEDULE: Path = ['schedule'];

/** What early stopping, the best checkpoint and the schedule watch must be there at every evaluation. */
export function checkWatched(view: View): void {
  const evaluation = evaluationIn(view);
  if (evaluation === undefined) return;
  const watching = [EARLY_STOP, BEST].filter((path) => view.given(path));
  if (view.type(SCHEDULE) === 'plateau') watching.push(SCHEDULE);
  for (const path of watching) {
    const at = [...path, 'metric'];
    const metric = view.value(at);
    const absence = typeof metric === 'string' ? absenceOf(metric, evaluation) : undefined;
    if (absence !== undefined) view.report('E_CONFIG_VALUE', at, absence.message, view.given(at) ? at : path, absence.next);
  }
}

/** What is evaluated during training; undefined where the keys that say it are wrong themselves. */
function evaluationIn(view: View): Evaluation | undefined {
  const on = view.value(['train', 'eval', 'on']);
  const average = view.type(['train', 'average']);
  const metrics = metricsIn(view);
  if (on !== 'train' && on !== 'val' && on !== 'test' && on !== 'none') return undefined;
  if (metrics === undefined || (average !== 'none' && average !== 'ema' && average !== 'swa')) return undefined;
  const folds = view.value(['data', 'split', 'folds']);
  const noRows: Evaluation['noRows'] = (part) => emptiness(part, view.value(['data', 'split', part]), folds);
  return { on, average, metrics, outputs: view.outputs(), noRows };
}

function metricsIn(view: View): string[] | undefined {
  if (!view.given(['metrics'])) {
    const problem = problemOf(view.type(['loss']));
    return problem === undefined ? undefined : defaultMetrics(problem);
  }
  const names = Array.from({ length: view.count(['metrics']) ?? 0 }, (_, i) => view.value(['metrics', i]));
  return names.every((name) => typeof name === 'string') ? names : undefined;
}

/** What an experiment without `metrics` reports. */
export function defaultMetrics(problem: ReturnType<typeof problemOf>): string[] {
  return problem === 'classification' ? ['accuracy'] : [];
}

/** A metric that something goes by during training. */
export interface Watched {
  /** The key of what watches it, without `.metric`. */
  key: string;
  metric: string;
  goal: 'minimize' | 'maximize';
}

/** What early stopping, the best checkpoint and the schedule of an experiment watch. */
export function watchedOf({ schedule, train: { early_stop: earlyStop, checkpoint } }: Experiment): Watched[] {
  const watched: Watched[] = [];
  if (earlyStop !== undefined) watched.push({ key: EARLY_STOP.join('.'), ...earlyStop });
  if (checkpoint.best !== undefined) watched.push({ key: BEST.join('.'), ...checkpoint.best });
  if (schedule.type === 'plateau') watched.push({ key: SCHEDULE.join('.'), ...schedule });
  return watched;
}

/** Goals that contradict the metrics' names, in sentences for the user. */
export function goalNotices(experiment: Experiment): string[] {
  return watchedOf(experiment).flatMap(({ key, goal, metric }) => goalNotice(`${key}.goal`, goal, metric) ?? []);
}
