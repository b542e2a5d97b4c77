import type { ExportModel } from './model.ts';
import type { ExportCheck, Trial } from './verify.ts';

/** What `gradloom export` can write. */
export const TARGETS = ['onnx', 'js', 'safetensors', 'torch', 'keras-json'] as const;
/** A format that a model can be written in. */
export type Target = (typeof TARGETS)[number];

export interface TargetOptions {
  /** Path of the file; of the first, where there are several. */
  output: string;
  /** Leaves preprocessing out: inputs are what the network takes. */
  raw: boolean;
  /** How js keeps its weights. */
  dtype: 'f32' | 'f16';
  batchNorm: 'fold' | 'keep';
}

/** An export before it is written. */
export interface Artifact {
  /** In the order in which they are written: the one that names the others comes last. */
  files: { path: string; bytes: Uint8Array | string }[];
  /**
   * Reads the files' contents as a user would, and compares what they give for rows with the network.
   *
   * @param trial  of the model, where it is there already
   * @returns a sentence where there is nothing here that could: not verified, and why
   * @throws GradloomError E_EXPORT_CHECK
   */
  check(trial?: Trial): Promise<ExportCheck | string>;
}

/** @throws GradloomError E_EXPORT where the format cannot hold the model */
export type Exporter = (model: ExportModel, options: TargetOptions) => Artifact;
