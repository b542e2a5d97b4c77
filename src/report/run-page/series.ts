import { goalOf } from '../../config/names/metrics.ts';
import type { Curve } from '../../runs/store/curves.ts';
import { chooseEvenly } from '../text/table.ts';
import type { ReportedRun } from './read.ts';

/** A line of a chart. */
export interface Line {
  /** `train.loss`; of several runs with the run before it. */
  name: string;
  metric: string;
  /** Number of the run in the page. */
  run: number;
  points: readonly (readonly [step: number, value: number])[];
  /** Of single batches: smoothed. */
  isNoisy: boolean;
  /** 0 to 5. */
  colour: number;
  /** Lines of one colour in a chart: 0 is drawn through, 1 dotted, 2 and 3 dashed. */
  dash: 0 | 1 | 2 | 3;
  /** The best point, where one way is better. */
  best: readonly [step: number, value: number] | undefined;
}

/** Lines of one kind of value over the steps. */
export interface CurveChart {
  title: string;
  lines: readonly Line[];
  /** Values that people look at by their powers of ten. */
  canLog: boolean;
}

/** What charts need of a run. */
export type CurvedRun = Pick<ReportedRun, 'title' | 'curves'>;

/** Points of a line that are drawn. */
export const MAX_POINTS = 1000;
const COLOURS = 6;
/** Lines of one statistic of many layers. */
const MAX_LINES = 12;
/** Values of one batch each. */
const NOISY = new Set(['train.loss', 'grad_norm', 'train.penalty']);
const LOSSES = ['train.loss', 'val.loss', 'train.eval_loss', 'test.loss'];
const SPLITS = /^(?<split>train|val|test)\.(?:(?:epoch|eval)_)?(?:(?:ema|swa)_)?(?<metric>[a-z0-9_]+)$/;

/** The charts of some runs: losses, every metric, learning rate, gradients, and what `track.statistics` wrote. */
export function curveCharts(runs: readonly CurvedRun[]): CurveChart[] {
  const names = new Set(runs.flatMap(({ curves }) => [...curves.keys()]));
  const metrics = [...new Set([...names].flatMap((name) => SPLITS.exec(name)?.groups?.['metric'] ?? []))].filter(
    (metric) => metric !== 'loss' && metric !== 'penalty',
  );
  const ending = (end: string): string[] => [...names].filter((name) => name.endsWith(end)).slice(0, MAX_LINES);
  const charts = [
    chartOf(runs, 'Loss', lossNames(runs, names), true),
    ...metrics.map((metric) =>
      chartOf(
        runs,
        metric,
        [...names].filter((name) => SPLITS.exec(name)?.groups?.['metric'] === metric),
        false,
      ),
    ),
    chartOf(runs, 'Learning rate', ['lr'], true),
    chartOf(runs, 'Gradient norm', ['grad_norm'], true),
    chartOf(runs, 'Penalty', ['train.penalty'], true),
    chartOf(runs, 'Size of an update beside its weights', ending('.weight.update_ratio'), true),
    chartOf(runs, 'Share of outputs that are 0', ending('.activation.zeros'), false),
  ];
  return charts.filter(({ lines }) => lines.length > 0);
}

function lossNames(runs: readonly CurvedRun[], names: ReadonlySet<string>): string[] {
  const isThin = runs.every(({ curves }) => (curves.get('train.loss')?.steps.length ?? 0) < 3);
  const averaged = [...names].filter((name) => /^(?:val|test)\.(?:ema|swa)_loss$/.test(name));
  return [...(isThin ? ['train.epoch_loss', ...LOSSES] : LOSSES), ...averaged];
}

function chartOf(runs: readonly CurvedRun[], title: string, metrics: readonly string[], canLog: boolean): CurveChart {
  const isSingle = runs.length === 1;
  const found = metrics.filter((metric) => runs.some(({ curves }) => curves.has(metric)));
  const evaluated = found.filter((metric) => !metric.startsWith('train.'));
  const lines = runs.flatMap((run, i) =>
    found.flatMap((metric, j): Line[] => {
      const points = finitePoints(run.curves.get(metric));
      if (points.length === 0 || isLone(metric, points)) return [];
      const isNoisy = NOISY.has(metric);
      return [
        {
          name: isSingle ? metric : `${run.title} ${metric}`,
          metric,
          run: i,
          points: chooseEvenly(points, MAX_POINTS),
          isNoisy,
          colour: (isSingle ? j : i) % COLOURS,
          dash: isSingle ? 0 : dashOf(metric, evaluated.indexOf(metric)),
          best: metric.startsWith('val.') ? bestPoint(metric, points) : undefined,
        },
      ];
    }),
  );
  return { title, lines, canLog };
}

/** Where a colour is a run: what is of training is dotted, other values differ by their place among them. */
function dashOf(metric: string, place: number): Line['dash'] {
  if (metric.startsWith('train.')) return 1;
  return ([0, 2, 3] as const)[place % 3] ?? 0;
}

/** What is evaluated once, at the end, is no curve; the results have it. */
function isLone(metric: string, points: readonly unknown[]): boolean {
  return points.length === 1 && (metric.startsWith('test.') || /^train\.(?!epoch_|loss$)/.test(metric));
}

function finitePoints({ steps, values }: Curve = { steps: [], values: [] }): [number, number][] {
  return steps.flatMap((step, i): [number, number][] => {
    const value = values[i];
    return typeof value === 'number' ? [[step, value]] : [];
  });
}

/** The first of the best. */
export function bestPoint(metric: string, points: readonly (readonly [number, number])[]): readonly [number, number] | undefined {
  const goal = goalOf(metric);
  if (goal === undefined) return undefined;
  return points.reduce<readonly [number, number] | undefined>((best, point) => {
    if (best === undefined) return point;
    return (goal === 'minimize' ? point[1] < best[1] : point[1] > best[1]) ? point : best;
  }, undefined);
}
