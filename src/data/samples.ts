import type { CallerData } from '../config/caller-data.ts';
import type { Experiment } from '../config/schema/schema.ts';
import type { Dataset } from './dataset.ts';
import type { InputSpec } from './preprocess/preprocess.ts';

/** What an experiment says beside its source that decides what a source reads. */
export interface Reading {
  /** Root seed of the experiment. */
  seed: number;
  /** Whether the loss takes classes or numbers: a column of numbers can be either. */
  problem: 'classification' | 'regression';
  split: Experiment['data']['split'];
  /** What the program passed, for the source `arrays`. */
  passed?: CallerData | undefined;
}

/** The inputs of all samples, as they are stored. */
export interface Features {
  /** [N, D], row-major. */
  features: Dataset['features'];
  featureCount: number;
  /** Shape of one sample; its product is `featureCount`. */
  sampleShape: readonly number[];
  /** How a raw row becomes such features: kept with the model. */
  input: InputSpec;
  /** What `normalize: auto` means for them. */
  scaling: 'none' | 'unit' | 'zscore';
}

/** What a source gives: all its samples, not yet split or normalised; first those to be shared out, then its own val set, then its own test set. */
export interface Samples {
  sampleCount: number;
  target: Dataset['target'];
  /** Names of the classes by their numbers, or of the targets. */
  targetNames: readonly string[];
  /** The target's column in a table of classes. */
  targetColumn?: string;
  /** Samples of the source's own val set; 0 if it has none. */
  ownValCount?: number;
  /** Samples of the source's own test set, the last ones; 0 if it has none. */
  ownTestCount: number;
  /** [N]: a number for each distinct value of the column that `split.by` groups by: samples of a group stay together. */
  groups?: Uint32Array;
  /** [N]: which split a column or file says that a sample belongs to: an index into SPLITS, 255 for none. */
  assigned?: Uint8Array;
  /** [N], not negative: factors of the samples' losses. */
  weights?: Float32Array<SharedArrayBuffer>;
  /** Where a sample stands, for errors: `new.csv:17`, `new/cat/1.png`. */
  placeOf?: (sample: number) => string;
  /** What it is and where it came from, for `Dataset.description`. */
  origin: string;
  /**
   * The features, with everything that has to be learnt from data (categories, what stands for missing values) learnt from the given
   * samples and from nothing else.
   *
   * @param train  samples of the training split
   * @throws GradloomError E_DATA_* with the place in the file
   */
  featuresFor(train: Uint32Array): Features;
  /**
   * The features of a table, made as for a model that is trained already: nothing is learnt from them.
   *
   * @param input  whose columns are those that the table was read with
   * @throws GradloomError E_TABLE_VALUE for what the model has not learnt
   */
  featuresWith?: (input: Extract<InputSpec, { kind: 'table' }>) => Features;
}
