import { type ExperimentTree, experimentFromObject, experimentFromTree, parseExperimentTree } from '../../config/load.ts';
import { problemOf } from '../../config/names/metrics.ts';
import type { Experiment, SourceConfig } from '../../config/schema/schema.ts';
import { nodeAt } from '../../config/text/node.ts';
import { Problems } from '../../config/text/problems.ts';
import { readRootText } from '../../config/text/read.ts';
import { treeFromObject } from '../../config/tree/object.ts';
import { checkFinite } from '../../data/check.ts';
import type { Dataset } from '../../data/dataset.ts';
import { featureCount, type Preprocess } from '../../data/preprocess/preprocess.ts';
import type { Features, Samples } from '../../data/samples.ts';
import { allocateShared } from '../../data/shared.ts';
import { dataSource } from '../../data/sources/index.ts';
import { checkWeights } from '../../data/weights.ts';
import { GradloomError, printable } from '../../errors.ts';
import { shapeText } from '../../graph/shape.ts';
import type { LoadedModel } from '../model/parse.ts';
import { listed } from '../rows/values.ts';
import { bareSource } from './bare.ts';
import { type EvaluateOptions, evaluateDataset, type ModelEvaluation } from './evaluate.ts';
import { datasetWith } from './labelled.ts';

/**
 * Evaluates a model on all rows of a source, with the preprocessing of the model.
 *
 * @param file  YAML with a key `source`, or an experiment; or a file of rows as those that the model's run was trained on
 * @throws GradloomError E_CONFIG_... with the place in the file; E_DATA_...; as `evaluateModel`
 */
export async function evaluateSource(model: LoadedModel, file: string, { workers }: EvaluateOptions = {}): Promise<ModelEvaluation> {
  const bare = await bareSource(model, file);
  const { data, seed, loss } = bare === undefined ? readSource(model, file) : experimentWith(model, bare);
  const problem = problemOf(loss.type) === 'regression' ? 'regression' : 'classification';
  const source = sourceFor(data.source, model.preprocess);
  const samples = await dataSource(source).load(source, { seed, problem, split: data.split });
  return evaluateDataset(model, datasetFor(samples, model.preprocess, file), { split: 'test', workers });
}

const NEXT_SOURCE = 'write source: {type: ..., ...}, or name an experiment';

/** The model's experiment with a source of its type, and all rows in one part. */
function experimentWith({ layers, loss, experiment: own }: LoadedModel, source: SourceConfig): Experiment {
  const plain = { data: { source: { type: 'mnist' } }, model: { layers }, loss, seed: own?.seed ?? 0 };
  const { experiment } = experimentFromObject(plain);
  return { ...experiment, data: { ...experiment.data, source } };
}

/** The model's experiment with the source of another file. */
function readSource({ layers, loss, experiment }: LoadedModel, file: string): Experiment {
  const { tree, baseDir, notices } = readTree(file);
  const source = nodeAt(tree, ['source']) ?? nodeAt(tree, ['data', 'source']);
  if (source === undefined) {
    throw new GradloomError({
      code: 'E_CONFIG_MISSING',
      where: printable(file),
      message: 'source: missing; expected where the rows come from',
      next: NEXT_SOURCE,
    });
  }
  const problems = new Problems();
  const plain = { data: { source: { type: 'mnist' } }, model: { layers }, loss, seed: experiment?.seed ?? 0 };
  const own = treeFromObject(plain, baseDir, problems);
  problems.throwIfAny();
  if (own?.kind !== 'map') throw new TypeError('a model has a map of keys');
  const change = { path: ['data', 'source'], key: source.place, value: source };
  return experimentFromTree({ tree: own, file, baseDir, notices, isRecord: false }, [change]).experiment;
}

/** @throws GradloomError E_CONFIG_TYPE, with the form that is expected, for a file that holds something else than keys */
function readTree(file: string): ExperimentTree {
  try {
    return parseExperimentTree(readRootText(file), { file });
  } catch (error) {
    if (!(error instanceof GradloomError && error.code === 'E_CONFIG_TYPE' && error.next === undefined)) throw error;
    const { code, message, where, frame } = error;
    throw new GradloomError({ code, message, where, frame, next: NEXT_SOURCE });
  }
}

/** A source that reads what the model takes: columns by name, pictures of its size. */
function sourceFor(source: SourceConfig, { input, target }: Preprocess): SourceConfig {
  if (source.type === 'images' && input.kind === 'images') return { ...source, size: input.size, channels: input.channels };
  if ((source.type !== 'csv' && source.type !== 'parquet') || input.kind !== 'table') return source;
  const categorical = input.columns.filter(({ type }) => type === 'category').map(({ name }) => name);
  const names = target.kind === 'value' ? target.names : [];
  const given = [source.target].flat();
  return {
    ...source,
    features: input.columns.map(({ name }) => name),
    categorical: categorical.length > 0 ? categorical : undefined,
    // In the order of the model, if they are its own.
    target: names.length === given.length && names.every((name) => given.includes(name)) ? names : source.target,
    // What nothing stands for is an error when the model's columns are made.
    missing: 'mean',
  };
}

/** All samples of a source, with the features, normalisation and class numbers of a model. */
function datasetFor(samples: Samples, preprocess: Preprocess, file: string): Dataset {
  const { sampleCount, origin } = samples;
  const expected = preprocess.input;
  const { features, input, sampleShape } = featuresOf(samples, preprocess);
  if (input.kind !== expected.kind || featureCount(input) !== featureCount(expected)) {
    const message = `${origin}: ${input.kind} samples of ${shapeText(sampleShape)}; the model takes ${expected.kind} samples of ${featureCount(expected)} features`;
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(file),
      message,
      next: 'name data of the kind that the model was trained with',
    });
  }
  if (features instanceof Float32Array) checkFinite(features, featureCount(input), 'feature');
  const dataset = datasetWith({ features, target: targetFor(samples, preprocess, file), rows: sampleCount }, preprocess, origin);
  if (samples.weights === undefined) return dataset;
  checkWeights('data.source.weights', samples.weights, dataset.splits);
  return { ...dataset, weights: samples.weights };
}

function featuresOf(samples: Samples, { input }: Preprocess): Features {
  if (input.kind === 'table' && samples.featuresWith !== undefined) return samples.featuresWith(input);
  return samples.featuresFor(Uint32Array.from({ length: samples.sampleCount }, (_, i) => i));
}

/**
 * Labels by the model's class numbers, or numbers.
 *
 * @throws GradloomError E_LABEL_RANGE for a class that the model does not know; E_DATA_MISMATCH for other targets than the model's
 */
function targetFor({ target, targetNames, placeOf }: Samples, preprocess: Preprocess, file: string): Dataset['target'] {
  if (target.kind === 'value' || preprocess.target.kind === 'value') {
    const width = target.kind === 'value' ? target.width : undefined;
    if (preprocess.target.kind === 'value' && preprocess.target.names.length === width) return target;
    const found = width === undefined ? 'classes' : `${width} ${width === 1 ? 'number' : 'numbers'} a row`;
    const wanted = preprocess.target.kind === 'value' ? listed(preprocess.target.names) : 'classes';
    throw new GradloomError({ code: 'E_DATA_MISMATCH', where: printable(file), message: `${found}; the model predicts ${wanted}` });
  }
  const { classes } = preprocess.target;
  const numbers = targetNames.map((name) => classes.indexOf(name));
  const labels = new Int32Array(allocateShared(target.labels.byteLength, 'the labels'));
  for (const [row, label] of target.labels.entries()) {
    const number = numbers[label] ?? -1;
    if (number < 0) {
      const where = placeOf?.(row) ?? `${printable(file)}, row ${row}`;
      const message = `class ${printable(targetNames[label] ?? String(label))}; the model knows ${listed(classes)}`;
      throw new GradloomError({ code: 'E_LABEL_RANGE', where, message, next: 'correct it, or leave such rows out' });
    }
    labels[row] = number;
  }
  return { kind: 'class', labels, classes: classes.length };
}
