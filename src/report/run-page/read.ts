import { parseExperiment } from '../../config/load.ts';
import { MAX_BYTES } from '../../config/text/source.ts';
import type { LoadedExperiment } from '../../config/validate.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { GradloomError } from '../../errors.ts';
import type { Summary } from '../../runs/events.ts';
import { requireRun } from '../../runs/files/directory.ts';
import { type Environment, readEnvironment, readSummary } from '../../runs/files/file-shapes.ts';
import { RUN_FILES, type RunFile, runFile } from '../../runs/files/names.ts';
import { shortId } from '../../runs/files/run-id.ts';
import { type Curve, curvesOf, withCurvesProblem } from '../../runs/store/curves.ts';
import { notesOf } from '../../runs/store/notes.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import { kindAt } from '../../storage/folder.ts';
import { damaged, readOwnFile, readOwnText } from '../../storage/read.ts';
import type { Tensor } from '../../storage/safetensors/bytes.ts';
import { checkHead, FILE_LIMIT_BYTES, readSafetensors } from '../../storage/safetensors.ts';
import { parsePreprocess } from '../../use/model/preprocess-text.ts';

/** A run as its files tell it; what cannot be read is undefined, and `missing` says why. */
export interface ReportedRun {
  run: StoredRun;
  /** Short id: what it is called in the page. */
  title: string;
  summary: Summary | undefined;
  environment: Environment | undefined;
  /** By dotted name, without what a rollback took back. */
  curves: ReadonlyMap<string, Curve>;
  /** undefined before the first epoch is over. */
  stepsPerEpoch: number | undefined;
  loaded: LoadedExperiment | undefined;
  /** config.yaml as it is. */
  configText: string | undefined;
  /** What somebody has written of it; '' for nothing. */
  notes: string;
  preprocess: Preprocess | undefined;
  /** Of the model file. */
  tensors: ReadonlyMap<string, Tensor> | undefined;
  /** By file, why it is not there or cannot be read. */
  missing: ReadonlyMap<RunFile, string>;
}

const PREPROCESS_LIMIT_BYTES = 2 ** 26;

/**
 * Reads all that a page shows of a run, whatever state it is in.
 *
 * @param known  its curves, where somebody has them already
 * @throws GradloomError E_RUN_READ for what is no run, or a link to one
 */
export function readReportedRun(found: StoredRun, known?: ReadonlyMap<string, Curve>): ReportedRun {
  requireRun(found.directory);
  const missing = new Map<RunFile, string>();
  const attempt = <T>(file: RunFile, read: () => T | undefined): T | undefined => {
    try {
      const value = read();
      if (value === undefined) missing.set(file, `there is no ${RUN_FILES[file]}`);
      return value;
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      missing.set(file, `${RUN_FILES[file]} cannot be read: ${error.message}`);
      return undefined;
    }
  };
  const { directory } = found;
  const curves = known ?? new Map([...curvesOf(found)].map(([name, curve]) => [name, onward(curve)]));
  const run = withCurvesProblem(found);
  const configText = attempt('config', () => readOwnText(runFile(directory, 'config'), MAX_BYTES));
  const loaded =
    configText === undefined ? undefined : attempt('config', () => parseExperiment(configText, { file: runFile(directory, 'config') }));
  return {
    run,
    title: shortId(run.record.id),
    summary: attempt('summary', () => readSummary(directory)),
    environment: attempt('environment', () => readEnvironment(directory)),
    curves,
    stepsPerEpoch: stepsPerEpochOf(curves),
    loaded,
    configText,
    notes: attempt('notes', () => notesOf(found)) ?? '',
    preprocess: attempt('preprocess', () => readPreprocess(directory)),
    tensors: attempt('model', () => readTensors(directory)),
    missing,
  };
}

/** After a rollback steps come again: the later ones count. */
function onward({ steps, values }: Curve): Curve {
  const kept: Curve = { steps: [], values: [] };
  steps.forEach((step, i) => {
    while ((kept.steps.at(-1) ?? -1) >= step) {
      kept.steps.pop();
      kept.values.pop();
    }
    kept.steps.push(step);
    kept.values.push(values[i] ?? null);
  });
  return kept;
}

/** An epoch of more than one step leaves a line at its end. */
function stepsPerEpochOf(curves: ReadonlyMap<string, Curve>): number | undefined {
  return curves.get('train.epoch_loss')?.steps[0];
}

function readPreprocess(directory: string): Preprocess | undefined {
  const file = runFile(directory, 'preprocess');
  const text = readOwnText(file, PREPROCESS_LIMIT_BYTES);
  if (text === undefined) return undefined;
  const found = parsePreprocess(text);
  if (typeof found === 'string') throw damaged(file, found);
  return found;
}

function readTensors(directory: string): ReadonlyMap<string, Tensor> | undefined {
  const file = runFile(directory, 'model');
  if (kindAt(file) === undefined) return undefined;
  // A huge file that is none takes no memory.
  checkHead(file);
  const bytes = readOwnFile(file, FILE_LIMIT_BYTES);
  return bytes === undefined ? undefined : readSafetensors(bytes, file).tensors;
}
