import { createHash } from 'node:crypto';
import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { readTensor } from '../../model/parameters.ts';
import { stateTensors } from './state-tensors.ts';

/** A line of digests.jsonl. */
export interface DigestLine {
  /** Updates done. */
  step: number;
  /** sha256 (hex) over the bytes of all tensors of the training state, in file order and PyTorch's layout. */
  digest: string;
  /** The first 16 digits of each tensor's own sha256, by name. */
  tensors: Record<string, string>;
}

const TENSOR_DIGITS = 16;

/** What the training state is after `step` updates, in few bytes. */
export function digestLine(plan: EnginePlan, step: number, state: TrainingState): DigestLine {
  const whole = createHash('sha256');
  const tensors: Record<string, string> = {};
  for (const { name, tensor, vector } of stateTensors(plan, state)) {
    const { buffer } = readTensor(vector, tensor);
    const bytes = new Uint8Array(buffer);
    whole.update(bytes);
    tensors[name] = createHash('sha256').update(bytes).digest('hex').slice(0, TENSOR_DIGITS);
  }
  return { step, digest: whole.digest('hex'), tensors };
}

/** sha256 (hex) over the bytes of tensors in the given order. */
export function digestOf(tensors: Iterable<Float32Array>): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of tensors) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

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
