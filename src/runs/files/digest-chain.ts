import path from 'node:path';
import { kindAt } from '../../storage/folder.ts';
import { readLines } from '../../storage/lines.ts';
import { digestShape } from './file-shapes.ts';
import type { DigestLine } from './state-tensors.ts';

/** The first point at which two trainings differ. */
export interface Parting {
  /** Updates done. */
  step: number;
  /** Tensors whose digests differ, in file order; those that only one of the two has included. */
  tensors: string[];
}

/** Two digest chains side by side. */
export interface ChainComparison {
  /** Lines that were compared and are equal. */
  equal: number;
  first?: Parting;
}

/**
 * digests.jsonl of a run; empty if there is none. A torn last line, as of a run at work, is left out.
 *
 * @throws GradloomError E_RUN_FILE with the line number for a damaged line
 */
export function readDigests(directory: string): DigestLine[] {
  const file = path.join(directory, 'digests.jsonl');
  return kindAt(file) === undefined ? [] : readLines<DigestLine>(file, undefined, { shape: digestShape }).lines;
}

/** Compares lines of the steps that both have, in their order (after a rollback a step comes twice), up to the first difference. */
export function compareChains(a: readonly DigestLine[], b: readonly DigestLine[]): ChainComparison {
  const stepsOf = (lines: readonly DigestLine[]): Set<number> => new Set(lines.map(({ step }) => step));
  const [inA, inB] = [stepsOf(a), stepsOf(b)];
  const left = a.filter(({ step }) => inB.has(step));
  const right = b.filter(({ step }) => inA.has(step));
  const count = Math.min(left.length, right.length);
  for (let i = 0; i < count; i++) {
    const [x, y] = [left[i], right[i]];
    if (x === undefined || y === undefined || (x.step === y.step && x.digest === y.digest)) continue;
    return { equal: i, first: { step: Math.min(x.step, y.step), tensors: differingTensors(x, y) } };
  }
  return { equal: count };
}

function differingTensors({ tensors: a }: DigestLine, { tensors: b }: DigestLine): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
}
