import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StoredRun } from './store.ts';

/** The values of a metric in the order of metrics.jsonl; null where it was not finite. */
export interface Curve {
  steps: number[];
  values: (number | null)[];
}

const read = new WeakMap<StoredRun, ReadonlyMap<string, Curve>>();

/** All metrics of a run by dotted name; none where metrics.jsonl is missing. A line that is torn, as the last one after a crash, is left out. */
export function curvesOf(run: StoredRun): ReadonlyMap<string, Curve> {
  const known = read.get(run);
  if (known !== undefined) return known;
  const curves = new Map<string, Curve>();
  for (const line of metricLines(run.directory)) {
    const { step, epoch: _epoch, ...values } = line;
    for (const [name, value] of Object.entries(values)) {
      const curve = curves.get(name) ?? { steps: [], values: [] };
      curve.steps.push(Number(step));
      curve.values.push(typeof value === 'number' ? value : null);
      curves.set(name, curve);
    }
  }
  read.set(run, curves);
  return curves;
}

function metricLines(directory: string): Record<string, unknown>[] {
  let text: string;
  try {
    text = readFileSync(path.join(directory, 'metrics.jsonl'), 'utf8');
  } catch {
    // A run that has not begun, or was recorded without metrics.
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null ? [{ ...value }] : [];
    } catch {
      return [];
    }
  });
}
