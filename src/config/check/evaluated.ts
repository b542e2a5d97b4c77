import { printable } from '../../errors.ts';
import { flatLayers } from '../layers/flat-layers.ts';
import { outputsOf } from '../layers/flow.ts';
import { isMetric, topKOf } from '../names/metrics.ts';
import type { Experiment } from '../schema/schema.ts';
import { closest, listed } from '../text/closest.ts';

/** Averaged parameters that can be evaluated beside the raw ones. */
export type AverageName = 'ema' | 'swa';
type Part = 'train' | 'val' | 'test';

/** What decides which metrics evaluations during training give. */
export interface Evaluation {
  on: Part | 'none';
  average: AverageName | 'none';
  /** That the experiment names, or that the data allows. */
  metrics: readonly string[];
  /** Of the last layer; undefined where it is not known. */
  outputs: number | undefined;
  /** Why a part of the data has no rows: `data.split.val is 0`; undefined if it has some. */
  noRows: (part: Part) => string | undefined;
}

/** The dotted name of a split's loss. train.loss is the loss of a batch; the whole set's has a name of its own. */
export function lossName(split: Part, average?: AverageName): string {
  const prefix = average === undefined ? '' : `${average}_`;
  return split === 'train' ? `train.eval_${prefix}loss` : `${split}.${prefix}loss`;
}

/** The dotted name of a metric over a split. */
export function metricName(split: Part, metric: string, average?: AverageName): string {
  return `${split}.${average === undefined ? '' : `${average}_`}${metric}`;
}

/** What an experiment evaluates during training. */
export function evaluationOf({ data, model, metrics = [], train }: Experiment): Evaluation {
  return {
    on: train.eval.on,
    average: train.average.type,
    metrics,
    outputs: outputsOf(flatLayers(model)),
    noRows: (part) => emptiness(part, data.split[part], data.split.folds),
  };
}

/** Why a part of the data has no rows, if it has none; a fold has some, whatever share the split gives it. */
export function emptiness(part: Part, share: unknown, folds: unknown): string | undefined {
  if (part === 'train' || share !== 0 || (part === 'val' && folds !== undefined)) return undefined;
  return `data.split.${part} is 0`;
}

/** Names of what is evaluated during training. */
export function evaluatedNames({ on, average, metrics, noRows }: Evaluation): string[] {
  if (on === 'none' || noRows(on) !== undefined) return [];
  const scalars = metrics.filter((name) => name !== 'confusion');
  const kinds: (AverageName | undefined)[] = average === 'none' ? [undefined] : [undefined, average];
  return kinds.flatMap((kind) => [lossName(on, kind), ...scalars.map((name) => metricName(on, name, kind))]);
}

/** Why a metric is never there, and what would bring it. */
export interface Absence {
  message: string;
  next: string | undefined;
}

/** Why a metric is not evaluated during training; undefined if it is. */
export function absenceOf(metric: string, evaluation: Evaluation): Absence | undefined {
  const names = evaluatedNames(evaluation);
  if (names.includes(metric)) return undefined;
  const { why, next } = reasonOf(metric, names, evaluation);
  return { message: `not evaluated during training; got ${printable(metric, 80)}; ${why}`, next };
}

function reasonOf(metric: string, names: readonly string[], evaluation: Evaluation): { why: string; next: string | undefined } {
  const { on, average, metrics, outputs, noRows } = evaluation;
  if (on === 'none') return { why: 'train.eval.on is none', next: 'name a part of the data in train.eval.on: train, val or test' };
  const { part, of, name } = partsOf(metric);
  const isKnown = name === 'loss' || isMetric(name);
  const missing = noRows(part !== undefined && isKnown ? part : on);
  if (missing !== undefined) {
    const next = `give data.split.${part ?? on} some rows, or evaluate another part: train.eval.on, and a metric of that part`;
    return { why: missing, next };
  }
  if (part !== undefined && isKnown) {
    if (metric === 'train.loss')
      return { why: 'it is the loss of one batch', next: `name ${lossName('train')}, with train.eval.on: train` };
    if (part !== on) return { why: `train.eval.on is ${on}`, next: `set train.eval.on: ${part}, or name one of ${listed(names)}` };
    if (of !== undefined && of !== average) return { why: `train.average is ${average}`, next: `set train.average: ${of}` };
    const k = topKOf(name);
    if (k !== undefined && outputs !== undefined && k >= outputs) {
      return { why: `always 1 of ${outputs} outputs`, next: `name a k below ${outputs}, or one of ${listed(names)}` };
    }
    if (name !== 'loss' && !metrics.includes(name)) return { why: 'metrics does not list it', next: `add ${name} to metrics` };
  }
  const near = closest(metric, names);
  return { why: `expected one of ${listed(names)}${near === undefined ? '' : `; did you mean ${near}?`}`, next: undefined };
}

function partsOf(metric: string): { part: Part | undefined; of: string | undefined; name: string } {
  const groups = /^(?<part>train|val|test)\.(?:eval_)?(?:(?<of>ema|swa)_)?(?<name>.*)$/.exec(metric)?.groups;
  return { part: groups?.['part'] as Part | undefined, of: groups?.['of'], name: groups?.['name'] ?? metric };
}
