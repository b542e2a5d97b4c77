import path from 'node:path';
import { sampleShape } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import { buildNetwork } from '../../model/network.ts';
import { loadRunConfig } from '../../runs/files/config.ts';
import { requireRun } from '../../runs/files/directory.ts';
import { runFile } from '../../runs/files/names.ts';
import { kindAt } from '../../storage/folder.ts';
import { damaged } from '../../storage/read.ts';
import { readSafetensors } from '../../storage/safetensors.ts';
import { type LoadedModel, modelOfFile, vectorsOf } from './parse.ts';
import { readPreprocess } from './preprocess.ts';
import { targetProblem } from './preprocess-text.ts';
import { averageOf, type CheckpointChoice, readWeights } from './weights.ts';

/** Which parameters of a run are taken. */
export interface LoadModelOptions {
  /** Of a run: the parameters that it has come to, those of its best evaluation, or those after so many steps. @default 'last' */
  checkpoint?: CheckpointChoice | undefined;
  /** Of a run with `train.average`: the averaged parameters, in place of the raw ones, which are what `val.loss` and the like are of. @default false */
  average?: boolean | undefined;
}

/**
 * Reads a trained model. Nothing in the files is trusted: what is damaged, or does not fit together, is an error that names file and tensor.
 *
 * @param where  directory of a run, or a model.safetensors that gradloom has written
 * @throws GradloomError E_RUN_READ, E_RUN_FILE, E_CHECKPOINT, E_SAFETENSORS, E_TENSOR_MISMATCH, E_DATA_NONFINITE, E_DATA_READ, E_CONFIG_...
 */
export async function readModel(where: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  return kindAt(where) === 'directory' ? readRunModel(path.resolve(where), options) : readModelFile(where, options);
}

async function readRunModel(
  directory: string,
  { checkpoint = 'last', average: isAveraged = false }: LoadModelOptions,
): Promise<LoadedModel> {
  requireRun(directory);
  const { experiment } = loadRunConfig(directory);
  const average = isAveraged ? averageOf(directory, experiment) : undefined;
  const preprocess = await readPreprocess(directory, experiment);
  const network = buildNetwork(experiment, sampleShape(preprocess.input));
  const problem = targetProblem(preprocess, network.outputs);
  if (problem !== undefined) throw damaged(runFile(directory, 'preprocess'), problem);
  const weights = readWeights(directory, checkpoint, average);
  const { path: file, step } = weights;
  return {
    layers: experiment.model.layers,
    blocks: experiment.model.blocks,
    loss: experiment.loss,
    network,
    ...vectorsOf(network, weights.file, weights.path),
    preprocess,
    experiment,
    origin: { path: file, run: directory, step, average },
  };
}

async function readModelFile(where: string, { checkpoint, average }: LoadModelOptions): Promise<LoadedModel> {
  if (kindAt(where) === undefined) {
    const message = 'no such run and no such file';
    const next = 'name the directory of a run, as runs/<id>, or its model.safetensors';
    throw new GradloomError({ code: 'E_RUN_READ', where: printable(where), message, next });
  }
  if ((checkpoint ?? 'last') !== 'last' || average === true) {
    const message = `a file has one set of parameters; got ${average === true ? 'average' : `checkpoint ${printable(String(checkpoint))}`}`;
    throw new GradloomError({ code: 'E_CHECKPOINT', where: printable(where), message, next: 'name the directory of the run' });
  }
  return modelOfFile(readSafetensors(where), where);
}
