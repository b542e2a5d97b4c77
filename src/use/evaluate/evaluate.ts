import { experimentFromObject } from '../../config/load.ts';
import { CLASSIFICATION_METRICS, REGRESSION_METRICS } from '../../config/names/metrics.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { type Dataset, SPLITS, type SplitName } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';
import { classCounts } from '../../data/targets.ts';
import { Engine } from '../../engine/coordinator/engine.ts';
import { GradloomError, printable } from '../../errors.ts';
import { shapeText } from '../../graph/shape.ts';
import { lossWeights } from '../../model/losses.ts';
import { checkData } from '../../runs/checkpoint/basis.ts';
import { readEnvironment } from '../../runs/files/file-shapes.ts';
import { prepare } from '../../runs/prepare/prepare.ts';
import type { LoadedModel } from '../model/parse.ts';
import { datasetOf, datasetWith, type LabelledRows } from './labelled.ts';
import { type ClassScore, classScores } from './scores.ts';

/** Rows with what they should be, or a data set whose features are as the model's. */
export type DataToEvaluate = LabelledRows | Dataset;

/** Which rows are evaluated. */
export interface EvaluateOptions {
  /** Of a data set; rows are all evaluated. @default 'test' */
  split?: SplitName | undefined;
  /** Worker threads, for this evaluation only; any number gives the same bits. @default 'auto' */
  workers?: number | 'auto' | undefined;
}

/** What a model is worth on some rows. */
export interface ModelEvaluation {
  rows: number;
  /** Weighted as in training. */
  loss: number;
  /** Unweighted, by name: those that the loss allows, and those of the experiment. */
  metrics: Record<string, number>;
  /** [true][predicted]; undefined where there are no classes, or too many. */
  confusion: number[][] | undefined;
  /** One a class; undefined as above. */
  classes: ClassScore[] | undefined;
}

/** More classes have no matrix that anybody could read. */
const MAX_CONFUSION = 1000;

/**
 * Evaluates a model with threads of its own, which end with it.
 *
 * @throws GradloomError E_ROW, E_LABEL_RANGE, E_DATA_..., E_LIMIT, E_POOL_START, E_WORKER...
 */
export async function evaluateModel(model: LoadedModel, data: DataToEvaluate, options: EvaluateOptions = {}): Promise<ModelEvaluation> {
  const dataset = 'features' in data ? withModel(data, model) : datasetOf(data, model.preprocess, model.network.inputs);
  return evaluateDataset(model, dataset, options);
}

/**
 * Evaluates a model on a data set that has what the model makes of its features.
 *
 * @throws GradloomError as `evaluateModel`
 */
export async function evaluateDataset(
  model: LoadedModel,
  dataset: Dataset,
  { split = 'test', workers = 'auto' }: EvaluateOptions,
): Promise<ModelEvaluation> {
  return evaluateSplit(model, await evaluationExperiment(model, dataset), dataset, split, workers);
}

/**
 * Evaluates a run's model on a split of the data that it was trained with.
 *
 * @throws GradloomError as `evaluateModel`; E_DATA_FINGERPRINT if the data is another by now; E_RUN_READ of a model without its run
 */
export async function evaluateOnOwnData(
  model: LoadedModel,
  { split = 'test', workers = 'auto' }: EvaluateOptions = {},
): Promise<ModelEvaluation> {
  const { experiment, origin } = model;
  if (experiment === undefined || origin.run === undefined) {
    const message = 'a file does not say which data it was trained with';
    throw new GradloomError({
      code: 'E_RUN_READ',
      where: printable(origin.path),
      message,
      next: 'name its run, or data: --data SOURCE.yaml',
    });
  }
  const dataset = await loadDataset(experiment);
  const before = readEnvironment(origin.run)?.basis?.data;
  if (before !== undefined) checkData(before, dataset.fingerprint, origin.run);
  return evaluateSplit(model, withMetrics(experiment, dataset, model), dataset, split, workers);
}

async function evaluateSplit(
  { parameters, statistics }: LoadedModel,
  experiment: Experiment,
  dataset: Dataset,
  split: SplitName,
  workers: number | 'auto',
): Promise<ModelEvaluation> {
  if (dataset.splits[split].length === 0) throw emptySplit(split, dataset);
  const { plan } = await prepare(experiment, dataset, workers);
  const engine = await Engine.start(plan, dataset, { parameters, statistics });
  try {
    const found = await engine.evaluate(split);
    if (found === undefined) throw emptySplit(split, dataset);
    const { rows, loss, metrics, confusion } = found;
    const { target } = dataset.preprocess;
    const names = target.kind === 'class' ? target.classes : [];
    return { rows, loss, metrics, confusion, classes: confusion && classScores(confusion, names) };
  } finally {
    await engine.close();
  }
}

function emptySplit(split: SplitName, { splits }: Dataset): GradloomError {
  const filled = SPLITS.filter((name) => splits[name].length > 0);
  return new GradloomError({
    code: 'E_DATA_SPLIT',
    where: split,
    message: `the data has no ${split} rows`,
    next: `take another split: ${filled.map((name) => `--split ${name}`).join(', ')}`,
  });
}

/** The experiment that an evaluation plans by: how sums are ordered, the loss, and every metric that can be had. */
async function evaluationExperiment(model: LoadedModel, dataset: Dataset): Promise<Experiment> {
  return withMetrics(await withOwnWeights(model.experiment ?? bareExperiment(model), model), dataset, model);
}

/** A file knows its layers and its loss; the rest is as a minimal experiment has it. */
function bareExperiment({ layers, loss }: LoadedModel): Experiment {
  const { experiment } = experimentFromObject({ data: { source: { type: 'mnist' } }, model: { layers: [{ type: 'dense', units: 10 }] } });
  return { ...experiment, model: { ...experiment.model, layers }, loss };
}

/** Balanced class weights are those of the rows that were trained on, whatever is evaluated. @throws GradloomError as `loadDataset` */
async function withOwnWeights(experiment: Experiment, { network, origin }: LoadedModel): Promise<Experiment> {
  const { loss } = experiment;
  if (loss.type !== 'softmax_cross_entropy' || loss.class_weights !== 'balanced') return experiment;
  if (origin.run === undefined) return { ...experiment, loss: { ...loss, class_weights: undefined } };
  const dataset = await loadDataset(experiment);
  const weights = lossWeights(loss, network.outputs, () => classCounts(dataset, dataset.splits.train)) ?? [];
  return { ...experiment, loss: { ...loss, class_weights: [...weights] } };
}

function withMetrics(experiment: Experiment, { target }: Dataset, { network }: LoadedModel): Experiment {
  const usual =
    target.kind === 'value'
      ? REGRESSION_METRICS
      : CLASSIFICATION_METRICS.filter((name) => name !== 'confusion' || Math.max(2, network.outputs) <= MAX_CONFUSION);
  return { ...experiment, metrics: [...new Set([...(experiment.metrics ?? []), ...usual])] };
}

/** A data set with what the model makes of its features. @throws GradloomError E_DATA_MISMATCH where its features or classes are others */
function withModel(dataset: Dataset, { preprocess, network }: LoadedModel): Dataset {
  const { features, featureCount, target, sampleCount } = dataset;
  if (featureCount !== network.inputs) {
    const message = `samples of ${shapeText(dataset.sampleShape)}; the model takes ${network.inputs} features`;
    throw new GradloomError({ code: 'E_DATA_MISMATCH', where: 'data', message });
  }
  const own = datasetWith({ features, target, rows: sampleCount }, preprocess, dataset.description);
  const { splits, weights } = dataset;
  return { ...own, splits: { ...splits, train: splits.train.length > 0 ? splits.train : own.splits.train }, ...(weights && { weights }) };
}
