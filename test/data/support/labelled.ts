import type { Samples } from '../../../src/data/samples.ts';
import { numbered, ofArray } from '../../../src/data/sources/array.ts';

/** Samples of which only the labels matter. */
export function labelled(labels: readonly number[]): Samples {
  const classes = Math.max(...labels) + 1;
  const array = new Int32Array(new SharedArrayBuffer(labels.length * 4));
  array.set(labels);
  return {
    sampleCount: labels.length,
    target: { kind: 'class', labels: array, classes },
    targetNames: numbered(classes),
    ownTestCount: 0,
    origin: 'test',
    featuresFor: () => ofArray(new Uint8Array(new SharedArrayBuffer(labels.length)), [1], 'none'),
  };
}
