import { GradloomError, printable } from '../errors.ts';
import { readSafetensors } from '../storage/safetensors.ts';
import type { Dataset } from './dataset.ts';
import type { Samples } from './samples.ts';
import { allocateShared } from './shared.ts';

const NAME = 'weights';
/** Beyond these, a gradient or the reciprocal of a batch's weight could overflow f32. */
const LEAST = 1e-30;
const MOST = Math.fround(1e20);

export const EXPECTED_WEIGHT = `expected 0, or ${LEAST} to ${MOST.toPrecision(1)}`;

export function isWeight(weight: number): boolean {
  return weight === 0 || (weight >= LEAST && weight <= MOST);
}

/**
 * One weight a sample from the tensor `weights` of a safetensors file: f32 [N], for all samples in the source's order, or for all but the
 * source's own test set, whose samples then weigh 1.
 *
 * @throws GradloomError E_TENSOR_MISMATCH, E_WEIGHT_RANGE, or those of `readSafetensors`
 */
export function loadWeights(path: string, { sampleCount, ownTestCount }: Samples): Float32Array<SharedArrayBuffer> {
  const tensor = readSafetensors(path).tensors.get(NAME);
  const sizes = [...new Set([sampleCount - ownTestCount, sampleCount])];
  const count = tensor?.shape.length === 1 ? tensor.shape[0] : undefined;
  if (tensor === undefined || tensor.dtype !== 'F32' || count === undefined || !sizes.includes(count)) {
    throw new GradloomError({
      code: 'E_TENSOR_MISMATCH',
      where: printable(path),
      message: `${NAME}: ${tensor === undefined ? 'missing' : `${tensor.dtype} [${tensor.shape.join(', ')}]`}; expected F32 [${sizes.join('] or [')}]`,
      next: 'write one f32 weight for each sample of data.source, in its order',
    });
  }
  const weights = new Float32Array(allocateShared(sampleCount * Float32Array.BYTES_PER_ELEMENT, printable(path))).fill(1);
  // As bytes: the file's data may lie at any alignment.
  new Uint8Array(weights.buffer).set(tensor.data);
  const bad = weights.findIndex((weight) => !isWeight(weight));
  if (bad >= 0) throw outOfRange(path, `row ${bad} has ${weights[bad]}; ${EXPECTED_WEIGHT}`);
  return weights;
}

/** @throws GradloomError E_WEIGHT_RANGE if no training sample has a weight above 0 */
export function checkWeights(path: string, weights: Float32Array, { train }: Dataset['splits']): void {
  if (train.every((sample) => weights[sample] === 0))
    throw outOfRange(path, 'all weights of the training set are 0; expected at least one above 0');
}

function outOfRange(path: string, problem: string): GradloomError {
  return new GradloomError({ code: 'E_WEIGHT_RANGE', where: printable(path), message: `${NAME}: ${problem}` });
}
