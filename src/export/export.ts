import { extname } from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { writeOutput } from '../storage/atomic.ts';
import type { LoadedModel } from '../use/model/parse.ts';
import { js } from './js/export.ts';
import { kerasJson } from './keras/export.ts';
import { exportModelOf } from './loaded.ts';
import type { ExportModel } from './model.ts';
import { onnx } from './onnx/export.ts';
import { safetensors } from './safetensors.ts';
import type { Exporter, Target, TargetOptions } from './target.ts';
import { torch } from './torch/export.ts';
import { checkDiverged, trialOf } from './verify.ts';

const EXPORTERS: Readonly<Record<Target, Exporter>> = { onnx, js, safetensors, torch, 'keras-json': kerasJson };

/** What a file of each target is called; another name is taken for a mistake. */
const EXTENSIONS: Readonly<Record<Target, readonly string[]>> = {
  onnx: ['.onnx'],
  js: ['.js', '.mjs'],
  safetensors: ['.safetensors'],
  torch: ['.py'],
  'keras-json': ['.json'],
};

/** What was written, and how it was tried. */
export interface ExportReport {
  files: { path: string; bytes: number }[];
  /** Rows that it was compared with the network on; 0 where that was not possible or not needed. */
  rows: number;
  /** The largest difference of a probability or value on them. */
  difference: number | undefined;
  /** What was done in place of rows, or why nothing was. */
  note: string | undefined;
}

/**
 * Writes a model in another format: makes the files in memory, tries them on 100 rows (fewer where a row takes long), and only then lets them appear under their names,
 * whole.
 *
 * @throws GradloomError E_USAGE for a name of another format, E_DATA_NONFINITE of a network that diverged, E_EXPORT where the format cannot hold the model, E_EXPORT_CHECK where what was
 *   made gives other numbers, E_STORAGE
 */
export async function writeExport(model: ExportModel, to: Target, options: TargetOptions): Promise<ExportReport> {
  checkName(to, options.output);
  const trial = trialOf(model, options.raw);
  checkDiverged(trial);
  const artifact = EXPORTERS[to](model, options);
  const check = await artifact.check(trial);
  for (const { path, bytes } of artifact.files) await writeOutput(path, bytes);
  const files = artifact.files.map(({ path, bytes }) => ({ path, bytes: Buffer.byteLength(bytes) }));
  return typeof check === 'string'
    ? { files, rows: 0, difference: undefined, note: check }
    : { files, rows: check.rows, difference: check.difference, note: undefined };
}

/** What `exportModel` may be told. */
export interface ExportOptions {
  /** Leaves preprocessing out: the export takes what the network takes. @default false */
  raw?: boolean;
  /** How js keeps its weights. @default 'f32' */
  dtype?: TargetOptions['dtype'];
  /** Whether onnx and js make batch norms part of the layers before them. @default 'fold' */
  batchNorm?: TargetOptions['batchNorm'];
}

/**
 * Writes a trained model for other programs, as `gradloom export` does: tried on 100 rows before it stands under its name.
 *
 * ```ts
 * const model = await loadModel('runs/iris-20260101-120000-29898d');
 * await exportModel(model, 'onnx', 'iris.onnx');
 * ```
 *
 * @param output  the file to write, with the extension of its format; torch and keras-json write their weights beside it
 * @throws GradloomError E_USAGE for a name of another format, E_DATA_NONFINITE of a network that diverged, E_EXPORT where the format cannot hold the model, E_EXPORT_CHECK where what was
 *   made gives other numbers, E_STORAGE
 */
export async function exportModel(
  model: LoadedModel,
  to: Target,
  output: string,
  { raw = false, dtype = 'f32', batchNorm = 'fold' }: ExportOptions = {},
): Promise<ExportReport> {
  return writeExport(exportModelOf(model), to, { output, raw, dtype, batchNorm });
}

function checkName(to: Target, output: string): void {
  if (EXTENSIONS[to].includes(extname(output).toLowerCase())) return;
  const expected = EXTENSIONS[to].join(' or ');
  const message = `--output ${printable(output)}: expected a name that ends in ${expected} for --to ${to}`;
  throw new GradloomError({ code: 'E_USAGE', message, next: 'gradloom export --help' });
}
