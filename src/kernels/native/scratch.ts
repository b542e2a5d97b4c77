import type { ConvOp } from '../../graph/ops/conv.ts';
import { convBiasGradientScratch } from '../../native/convolution/bias-gradient.ts';
import { convForwardScratch } from '../../native/convolution/forward.ts';
import { convInputGradientScratch } from '../../native/convolution/input-gradient.ts';
import { convWeightGradientScratch } from '../../native/convolution/weight-gradient.ts';
import { AVX2, AVX512 } from '../../native/isa.ts';
import { forwardScratch } from '../../native/products/forward.ts';
import { gradientScratch } from '../../native/products/gradient.ts';
import { sparseForwardScratch } from '../../native/sparse/forward.ts';
import { sparseGradientScratch } from '../../native/sparse/gradient.ts';
import { listWords } from '../sizes.ts';

/** Floats of scratch that routines for such products need, at most, on any machine: a run's memory does not depend on it. */
export function nativeScratch(rows: number, inputs: number, outputs: number, leaves: number): number {
  const forward = { m: rows, n: outputs, k: inputs, hasBias: true, relu: true, isTransposed: false };
  const input = { ...forward, n: inputs, k: outputs, isTransposed: true };
  const gradient = { i: inputs, o: outputs, rows, xWidth: inputs, leaves };
  const bytes = [AVX2, AVX512].flatMap((isa) => [
    forwardScratch(isa, forward),
    forwardScratch(isa, input),
    gradientScratch(isa, gradient),
    sparseForwardScratch(isa, { ...forward, listWords: listWords(inputs) }),
    sparseGradientScratch(isa, gradient),
  ]);
  return Math.ceil(Math.max(...bytes) / Float32Array.BYTES_PER_ELEMENT);
}

/** The same for a convolution and its gradients, for any number of rows. Those of groups have no routines. */
export function nativeConvScratch({ window, filters, groups }: Pick<ConvOp, 'window' | 'filters' | 'groups'>, leaves: number): number {
  if (groups !== 1) return 0;
  // Of one row, and of as many as a vector has lanes: how few columns are computed depends on it.
  const shapes = [1, AVX512.lanes].map((rows) => ({ rows, window, filters, leaves }));
  const bytes = shapes.flatMap((shape) =>
    [AVX2, AVX512].flatMap((isa) => [
      convForwardScratch(isa, shape),
      convInputGradientScratch(isa, shape),
      convWeightGradientScratch(isa, shape),
      convBiasGradientScratch(isa, { pixels: 1, filters, leaves }),
    ]),
  );
  return Math.ceil(Math.max(...bytes) / Float32Array.BYTES_PER_ELEMENT);
}
