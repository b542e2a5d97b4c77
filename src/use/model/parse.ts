import * as z from 'zod';
import type { AverageName } from '../../config/check/evaluated.ts';
import { loss as lossSchema } from '../../config/schema/blocks/loss.ts';
import { model as modelSchema } from '../../config/schema/blocks/model.ts';
import type { Experiment, LossConfig } from '../../config/schema/schema.ts';
import { type Preprocess, sampleShape } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import { buildNetwork, type Network, tensorsInOrder } from '../../model/network.ts';
import { writeTensor } from '../../model/parameters.ts';
import { MODEL_METADATA } from '../../runs/files/model-metadata.ts';
import { nonfiniteIn } from '../../storage/nonfinite.ts';
import { f32Tensors, type Safetensors } from '../../storage/safetensors/bytes.ts';
import { isShallow } from '../../storage/shallow.ts';
import { issueText, parsePreprocess, targetProblem } from './preprocess-text.ts';

/** A trained model as plain data: all that it takes to use it or to write it in another form. */
export interface LoadedModel {
  layers: Experiment['model']['layers'];
  /** What `{block: name}` among the layers stands for. */
  blocks: Experiment['model']['blocks'];
  loss: LossConfig;
  /** The graph of its ops and its tensors' places, made of `layers`. */
  network: Network;
  /** [network.vectorFloats]; `readTensor` gives a tensor in PyTorch's layout. */
  parameters: Float32Array;
  /** Running statistics, [network.statisticFloats]. */
  statistics: Float32Array;
  preprocess: Preprocess;
  /** Of the run that it comes from; undefined where it was read from a file. */
  experiment: Experiment | undefined;
  origin: ModelOrigin;
}

/** Where a model was read from. */
export interface ModelOrigin {
  /** The file with its parameters. */
  path: string;
  /** Directory of the run; undefined for a bare file. */
  run: string | undefined;
  /** Updates behind its parameters; undefined where nobody has said. */
  step: number | undefined;
  /** Which averaged parameters these are; undefined for the raw ones. */
  average: AverageName | undefined;
}

/** What `gradloom.model` of a file's metadata holds. */
const metadataSchema = z.strictObject({ layers: modelSchema.shape.layers, blocks: modelSchema.shape.blocks, loss: lossSchema });

/**
 * The model that a model.safetensors holds, as gradloom writes it.
 *
 * @param where  the file, for messages
 * @throws GradloomError E_SAFETENSORS, E_TENSOR_MISMATCH, E_DATA_NONFINITE
 */
export function modelOfFile(file: Safetensors, where: string): LoadedModel {
  const fail = (message: string): GradloomError =>
    new GradloomError({
      code: 'E_SAFETENSORS',
      where: printable(where),
      message: printable(message, 500),
      next: 'name a model.safetensors that gradloom has written, or its run',
    });
  const { layers, blocks, loss } = modelMetadata(file.metadata[MODEL_METADATA.model], fail);
  const preprocess = preprocessMetadata(file.metadata[MODEL_METADATA.preprocess], fail);
  const network = buildNetwork({ model: { layers, blocks, init: { type: 'zeros' } }, loss }, sampleShape(preprocess.input));
  const problem = targetProblem(preprocess, network.outputs);
  if (problem !== undefined) throw fail(`${MODEL_METADATA.preprocess}: ${problem}`);
  const vectors = vectorsOf(network, file, where);
  const origin = { path: where, run: undefined, step: undefined, average: undefined };
  return { layers, blocks, loss, network, ...vectors, preprocess, experiment: undefined, origin };
}

type Fail = (message: string) => GradloomError;

function modelMetadata(text: string | undefined, fail: Fail): z.output<typeof metadataSchema> {
  if (text === undefined) throw fail(`its metadata has no ${MODEL_METADATA.model}, so its layers are not known`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fail(`${MODEL_METADATA.model}: not JSON: ${(error as Error).message}`);
  }
  // The schema calls itself once a level.
  if (!isShallow(value)) throw fail(`${MODEL_METADATA.model}: nested too deep`);
  const result = metadataSchema.safeParse(value);
  if (!result.success) throw fail(`${MODEL_METADATA.model}: ${issueText(result.error.issues)}`);
  return result.data;
}

function preprocessMetadata(text: string | undefined, fail: Fail): Preprocess {
  if (text === undefined) throw fail(`its metadata has no ${MODEL_METADATA.preprocess}, so its inputs are not known`);
  const found = parsePreprocess(text);
  if (typeof found === 'string') throw fail(`${MODEL_METADATA.preprocess}: ${found}`);
  return found;
}

/** The vectors that the tensors of a file fill, once all of them are what the network has. */
export function vectorsOf(network: Network, file: Safetensors, where: string): Pick<LoadedModel, 'parameters' | 'statistics'> {
  const expected = tensorsInOrder(network, (tensor, kind) => ({ tensor, kind })).map(([, placed]) => placed);
  const values = f32Tensors(
    file,
    expected.map(({ tensor }) => tensor),
    where,
  );
  const vectors = { parameters: new Float32Array(network.vectorFloats), statistics: new Float32Array(network.statisticFloats) };
  for (const { tensor, kind } of expected) {
    const given = values.get(tensor.name) as Float32Array;
    const fault = nonfiniteIn(tensor.name, tensor.shape, given);
    if (fault !== undefined) throw notFinite(where, fault);
    writeTensor(kind === 'parameter' ? vectors.parameters : vectors.statistics, tensor, given);
  }
  return vectors;
}

function notFinite(where: string, fault: string): GradloomError {
  return new GradloomError({
    code: 'E_DATA_NONFINITE',
    where: printable(where),
    message: `${fault}; expected finite parameters`,
    next: 'the training diverged: take --checkpoint best or an earlier step, or another run',
  });
}
