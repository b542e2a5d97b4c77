import { type ExperimentTree, experimentFromTree, parseExperimentTree } from '../../config/load.ts';
import { problemOf } from '../../config/names/metrics.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { nodeAt } from '../../config/text/node.ts';
import { Problems } from '../../config/text/problems.ts';
import { readRootText } from '../../config/text/read.ts';
import { treeFromObject } from '../../config/tree/object.ts';
import { checkFinite } from '../../data/check.ts';
import type { Dataset } from '../../data/dataset.ts';
import { featureCount, type Preprocess } from '../../data/preprocess/preprocess.ts';
import type { Samples } from '../../data/samples.ts';
import { allocateShared } from '../../data/shared.ts';
import { dataSource } from '../../data/sources/index.ts';
import { GradloomError, printable } from '../../errors.ts';
import { shapeText } from '../../graph/shape.ts';
import type { LoadedModel } from '../model/read.ts';
import { listed } from '../rows/values.ts';
import { type EvaluateOptions, evaluateModel, type ModelEvaluation } from './evaluate.ts';
import { datasetWith } from './labelled.ts';

/**
 * Evaluates a model on all rows of a source, with the preprocessing of the model.
 *
 * @param file  YAML with a key `source`, or an experiment
 * @throws GradloomError E_CONFIG_... with the place in the file; E_DATA_...; as `evaluateModel`
 */
export async function evaluateSource(model: LoadedModel, file: string, { workers }: EvaluateOptions = {}): Promise<ModelEvaluation> {
  const experiment = readSource(model, file);
  const { data, seed, loss } = experiment;
  const problem = problemOf(loss.type) === 'regression' ? 'regression' : 'classification';
  const samples = await dataSource(data.source).load(data.source, { seed, problem, split: data.split });
  return evaluateModel(model, datasetFor(samples, model.preprocess, file), { split: 'test', workers });
}

/** The model's experiment with the source of another file. */
function readSource({ layers, loss, experiment }: LoadedModel, file: string): Experiment {
  const { tree, baseDir, notices }: ExperimentTree = parseExperimentTree(readRootText(file), { file });
  const source = nodeAt(tree, ['source']) ?? nodeAt(tree, ['data', 'source']);
  if (source === undefined) {
    const next = 'write source: {type: ..., ...}, or name an experiment';
    throw new GradloomError({
      code: 'E_CONFIG_MISSING',
      where: printable(file),
      message: 'source: missing; expected where the rows come from',
      next,
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

/** All samples of a source, with the features, normalisation and class numbers of a model. */
function datasetFor(samples: Samples, preprocess: Preprocess, file: string): Dataset {
  const { sampleCount, origin } = samples;
  const all = Uint32Array.from({ length: sampleCount }, (_, i) => i);
  const { features, input, sampleShape } = samples.featuresFor(all);
  const expected = preprocess.input;
  if (input.kind !== expected.kind || expected.kind === 'table' || featureCount(input) !== featureCount(expected)) {
    const message = `${origin}: ${input.kind} samples of ${shapeText(sampleShape)}; the model takes ${expected.kind} samples of ${featureCount(expected)} features`;
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(file),
      message,
      next: 'name data of the kind that the model was trained with',
    });
  }
  if (features instanceof Float32Array) checkFinite(features, featureCount(input), 'feature');
  return datasetWith({ features: features, target: targetFor(samples, preprocess, file), rows: sampleCount }, preprocess, origin);
}

/** Labels by the model's class numbers. @throws GradloomError E_LABEL_RANGE for a class that the model does not know */
function targetFor({ target, targetNames }: Samples, preprocess: Preprocess, file: string): Dataset['target'] {
  if (target.kind === 'value' || preprocess.target.kind === 'value') return target;
  const { classes } = preprocess.target;
  const numbers = targetNames.map((name) => classes.indexOf(name));
  const labels = new Int32Array(allocateShared(target.labels.byteLength, 'the labels'));
  for (const [row, label] of target.labels.entries()) {
    const number = numbers[label] ?? -1;
    if (number < 0) {
      const message = `row ${row} is of class ${printable(targetNames[label] ?? String(label))}; the model knows ${listed(classes)}`;
      throw new GradloomError({ code: 'E_LABEL_RANGE', where: printable(file), message, next: 'leave such rows out' });
    }
    labels[row] = number;
  }
  return { kind: 'class', labels, classes: classes.length };
}
