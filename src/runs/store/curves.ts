import { GradloomError } from '../../errors.ts';
import { kindAt } from '../../storage/folder.ts';
import { RUN_FILES, runFile } from '../files/names.ts';
import { visitMetrics } from '../files/run-lines.ts';
import { type StoredRun, withProblem } from './store.ts';

/** The values of a metric in the order of metrics.jsonl; null where it was not finite. */
export interface Curve {
  steps: number[];
  values: (number | null)[];
}

interface ReadCurves {
  curves: ReadonlyMap<string, Curve>;
  /** Why metrics.jsonl cannot be read, with the line. */
  problem: string | undefined;
}

const read = new WeakMap<StoredRun, ReadCurves>();

/**
 * All metrics of a run by dotted name; none where metrics.jsonl is missing or damaged, which `withCurvesProblem` tells. A line that is torn, as
 * the last one after a crash, is left out.
 */
export function curvesOf(run: StoredRun): ReadonlyMap<string, Curve> {
  return curvesIn(run).curves;
}

/** The run, `damaged` if its curves were asked for and cannot be read. */
export function withCurvesProblem(run: StoredRun): StoredRun {
  const known = read.get(run);
  if (known?.problem === undefined) return run;
  const marked = withProblem(run, known.problem);
  read.set(marked, known);
  return marked;
}

function curvesIn(run: StoredRun): ReadCurves {
  let known = read.get(run);
  if (known === undefined) {
    known = readCurves(run.directory);
    read.set(run, known);
  }
  return known;
}

function readCurves(directory: string): ReadCurves {
  const file = runFile(directory, 'metrics');
  const curves = new Map<string, Curve>();
  // A run that has not begun, or is only a link to one.
  if (kindAt(directory) !== 'directory' || kindAt(file) === undefined) return { curves, problem: undefined };
  try {
    visitMetrics(directory, ({ step, epoch: _epoch, ...values }) => {
      for (const [name, value] of Object.entries(values)) {
        const curve = curves.get(name) ?? { steps: [], values: [] };
        curve.steps.push(step);
        curve.values.push(value);
        curves.set(name, curve);
      }
    });
    return { curves, problem: undefined };
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    const line = /:\d+$/.exec(error.where ?? '')?.[0] ?? '';
    return { curves: new Map(), problem: `${RUN_FILES.metrics}${line}: ${error.message}` };
  }
}
