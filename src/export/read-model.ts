import { experimentFromObject } from '../config/load.ts';
import { featureCount, type Preprocess, preprocessSchema } from '../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../errors.ts';
import { buildNetwork } from '../model/network.ts';
import { listCheckpoints, loadCheckpoint } from '../runs/checkpoint/files.ts';
import { MODEL_METADATA } from '../runs/files/model-file.ts';
import { runFile } from '../runs/files/names.ts';
import { f32Tensors, readSafetensors, type Safetensors } from '../storage/safetensors.ts';
import type { ExportModel } from './model.ts';

/**
 * The model in a file that gradloom has written: layers, loss and preprocessing are in its metadata.
 *
 * @param name  what the model is called
 * @throws GradloomError E_DATA_READ, E_SAFETENSORS if it is no such file, E_TENSOR_MISMATCH if its tensors are not those of its layers
 */
export function readModel(file: string, name: string, step?: number, directory?: string): ExportModel {
  const found = readSafetensors(file);
  const described = <T>(key: string, parse: (value: unknown) => T): T => {
    try {
      return parse(JSON.parse(found.metadata[key] ?? 'null'));
    } catch (cause) {
      const message = `its metadata has no ${key} that can be read: it is no model that gradloom has written`;
      throw new GradloomError({ code: 'E_SAFETENSORS', where: printable(file), message, cause });
    }
  };
  const preprocess: Preprocess = described(MODEL_METADATA.preprocess, (value) => preprocessSchema.parse(value));
  const { experiment } = described(MODEL_METADATA.model, (value) => {
    const { layers, loss } = value as { layers: unknown; loss: unknown };
    // What is said of data and length has no part in the network.
    return experimentFromObject({ data: { source: { type: 'synthetic', kind: 'blobs' } }, model: { layers }, loss, train: { steps: 1 } });
  });
  const { graph } = buildNetwork(experiment, featureCount(preprocess.input));
  const weights = step === undefined || directory === undefined ? found : checkpointOf(directory, step);
  const tensors = f32Tensors(weights, [...graph.parameters, ...graph.statistics], file);
  return { name, layers: experiment.model.layers, graph, tensors, preprocess };
}

/** The model of a run: its final one, or that of a checkpoint. @throws GradloomError as `readModel`, E_CHECKPOINT */
export function readRunModel(directory: string, name: string, step?: number): ExportModel {
  return readModel(runFile(directory, 'model'), name, step, directory);
}

function checkpointOf(directory: string, step: number): Safetensors {
  const files = listCheckpoints(directory);
  const found = files.find((file) => file.step === step);
  if (found === undefined) {
    const steps = files.map((file) => file.step).join(', ');
    const next = steps === '' ? 'the run keeps no checkpoints (train.checkpoint)' : `its checkpoints are of steps ${steps}`;
    throw new GradloomError({ code: 'E_CHECKPOINT', where: printable(directory), message: `there is no checkpoint of step ${step}`, next });
  }
  const { file } = loadCheckpoint(found.path);
  return { ...file, tensors: new Map([...file.tensors].filter(([tensor]) => tensor.startsWith('layers.'))) };
}
