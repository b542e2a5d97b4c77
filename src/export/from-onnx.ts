import { experimentFromObject } from '../config/load.ts';
import { featureCount, type Preprocess, preprocessSchema, sampleShape } from '../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../errors.ts';
import { interpretOnnx } from '../import/onnx/compute/interpret.ts';
import { decodeOnnx } from '../import/onnx/decode.ts';
import { type ImportedNetwork, matchLayers } from '../import/onnx/match/layers.ts';
import type { OnnxModel } from '../import/onnx/proto.ts';
import { buildNetwork } from '../model/network.ts';
import { MODEL_METADATA } from '../runs/files/model-metadata.ts';
import { readFileBytes } from '../storage/read.ts';
import { FILE_LIMIT_BYTES } from '../storage/safetensors.ts';
import { type ExportModel, type Outcome, outcomeOf } from './model.ts';
import { checkPredictions, type ExportCheck, trialOf } from './verify.ts';

const LOSSES = { softmax: 'softmax_cross_entropy', sigmoid: 'sigmoid_cross_entropy', value: 'mse' } as const;

/**
 * The network in a file of ONNX, as far as it is made of gradloom's layers; where gradloom wrote the file, with its names and preprocessing.
 * It is compared with the file's own graph on up to 100 rows.
 *
 * @param classes  names of the classes, where the file has none; several outputs without softmax or sigmoid are their logits
 * @throws GradloomError E_ONNX, E_EXPORT_CHECK, E_DATA_READ
 */
export function readOnnxModel(file: string, name: string, classes?: readonly string[]): { model: ExportModel; check: ExportCheck } {
  const onnx = decodeOnnx(readFileBytes(file, FILE_LIMIT_BYTES), file);
  const own = ownDescription(onnx);
  const network = matchLayers(onnx, file, own && outcomeNamed(own.loss));
  const preprocess = preprocessOf(network, own?.preprocess, classes, file);
  // As torch.onnx.export writes a classifier: names of classes say that its numbers are logits.
  const areLogits = network.outcome === 'value' && classes !== undefined && network.outputs > 1;
  const loss = own?.loss ?? LOSSES[areLogits ? 'softmax' : network.outcome];
  const { experiment } = experimentFromObject({
    data: { source: { type: 'synthetic', kind: 'blobs' } },
    model: { layers: network.layers },
    loss,
    train: { steps: 1 },
  });
  const { graph } = buildNetwork(experiment, sampleShape(preprocess.input));
  const tensors = new Map([...network.tensors].map(([tensor, { values }]) => [tensor, values]));
  const { layers, blocks } = experiment.model;
  const model = { name, layers, blocks, graph, tensors, preprocess };
  return { model, check: checkImport(model, onnx, network, file) };
}

interface OwnDescription {
  loss: { type: string };
  preprocess: Preprocess;
}

/** What gradloom wrote into the metadata; undefined in files of others, and where it is not whole. */
function ownDescription({ metadata }: OnnxModel): OwnDescription | undefined {
  try {
    const { loss } = JSON.parse(metadata[MODEL_METADATA.model] ?? '') as OwnDescription;
    const preprocess = preprocessSchema.parse(JSON.parse(metadata[MODEL_METADATA.preprocess] ?? ''));
    return typeof loss.type === 'string' ? { loss, preprocess } : undefined;
  } catch {
    // Another program's, or changed since: the graph says what is needed.
    return undefined;
  }
}

function outcomeNamed({ type }: OwnDescription['loss']): ImportedNetwork['outcome'] {
  return type === LOSSES.softmax ? 'softmax' : type === LOSSES.sigmoid ? 'sigmoid' : 'value';
}

function preprocessOf(
  network: ImportedNetwork,
  own: Preprocess | undefined,
  classes: readonly string[] | undefined,
  file: string,
): Preprocess {
  const { input, outcome, features, outputs } = network;
  const isKnown = own !== undefined && featureCount(own.input) === features;
  const { center, scale } = input;
  const all = (values: Float32Array | undefined, otherwise: number): number[] =>
    Array.from({ length: features }, (_, j) => (values?.length === 1 ? values[0] : values?.[j]) ?? otherwise);
  const scaled = center !== undefined || scale !== undefined;
  const normalization: Preprocess['normalization'] =
    isKnown && scaled
      ? own.normalization
      : scaled
        ? { kind: 'affine', center: all(center, 0), scale: all(scale, 1) }
        : { kind: 'divide', divisor: 1 };
  const count = outcome === 'sigmoid' && outputs === 1 ? 2 : outputs;
  if (classes !== undefined && classes.length !== count) {
    throw new GradloomError({ code: 'E_ONNX', where: printable(file), message: `${classes.length} class names for ${count} classes` });
  }
  const numbers = Array.from({ length: count }, (_, j) => String(j));
  const target: Preprocess['target'] =
    outcome === 'value' && classes === undefined
      ? { kind: 'value', names: numbers.slice(0, outputs).map((number) => `y${number}`) }
      : { kind: 'class', classes: [...(classes ?? numbers)] };
  const shape = input.shape.length === 0 ? [features] : input.shape;
  return {
    version: 1,
    input: isKnown ? own.input : { kind: 'array', shape, stored: 'f32' },
    normalization,
    target: isKnown && classes === undefined ? own.target : target,
  };
}

/** Computes the file's graph as it stands, as far as the outputs of the last layer, and compares. */
function checkImport(model: ExportModel, onnx: OnnxModel, { input, output }: ImportedNetwork, file: string): ExportCheck {
  const trial = trialOf(model, false);
  const { rows, count } = trial;
  const [first] = onnx.inputs;
  const shape = input.shape.length === 0 ? [rows.length / count] : input.shape;
  const given = new Map([[first?.name ?? '', { dims: [count, ...shape], values: rows }]]);
  const values = interpretOnnx({ ...onnx, outputs: [{ name: output, type: 'float', dims: [] }] }, given).get(output)?.values ?? [];
  const plain: Outcome = { kind: 'value', classes: undefined, names: outcomeOf(model).names };
  return checkPredictions(trial, file, { values, labels: undefined }, plain);
}
