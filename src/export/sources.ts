import path from 'node:path';
import { isOnnx } from '../import/weights.ts';
import { findRun } from '../runs/store/store.ts';
import { kindAt } from '../storage/folder.ts';
import { readModel } from '../use/model/read.ts';
import type { CheckpointChoice } from '../use/model/weights.ts';
import { readOnnxModel } from './from-onnx.ts';
import { exportModelOf } from './loaded.ts';
import type { ExportModel } from './model.ts';

export interface SourceOptions {
  /** Directory of the runs. */
  dir?: string | undefined;
  checkpoint: CheckpointChoice;
  average: boolean;
  /** Of an ONNX file. */
  classes?: readonly string[] | undefined;
}

/**
 * The model that a word names: an ONNX file, a model file of gradloom, else a run.
 *
 * @throws GradloomError as `readOnnxModel`, `readModel` and `findRun`
 */
export async function readForExport(word: string, { dir, checkpoint, average, classes }: SourceOptions): Promise<ExportModel> {
  if (isOnnx(word)) return readOnnxModel(word, path.basename(word, path.extname(word)), classes).model;
  if (kindAt(word) === 'file') return exportModelOf(await readModel(word, { checkpoint, average }));
  const { directory } = await findRun(word, dir);
  return exportModelOf(await readModel(directory, { checkpoint, average }));
}
