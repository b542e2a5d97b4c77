import type { Dataset } from './dataset.ts';

/** What a source gives: all its samples, not yet split or normalised. */
export interface Samples extends Pick<Dataset, 'features' | 'featureCount' | 'sampleCount' | 'sampleShape' | 'target'> {
  /** How many samples at the end are the source's own test set; 0 if it has none. */
  ownTestCount: number;
  /** What it is and where it came from, for `Dataset.description`. */
  origin: string;
}
