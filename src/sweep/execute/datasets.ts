import type { CallerData } from '../../config/caller-data.ts';
import type { Dataset } from '../../data/dataset.ts';
import { type DataExperiment, datasetOf, loadDataset, loadSamples } from '../../data/load.ts';
import type { Samples } from '../../data/samples.ts';

/**
 * The data sets of a sweep's trials, each in memory once: trials with the same data settings and seed share one, and so do those for which
 * the seed makes no difference to what is loaded.
 */
export class Datasets {
  /** Data sets kept beside those that trials use just now. */
  readonly #capacity: number;
  readonly #passed: CallerData | undefined;
  /** By settings and seed; the most recently used last. */
  readonly #loaded = new Map<string, Promise<Dataset>>();
  readonly #byContent = new Map<string, WeakRef<Dataset>>();
  /** Of the folds that were asked for last. */
  #samples: { key: string; loading: Promise<Samples> } | undefined;

  /** @param passed  what the program passed, for the source `arrays` */
  constructor(capacity: number, passed?: CallerData) {
    this.#passed = passed;
    this.#capacity = capacity;
  }

  /** @throws GradloomError as `loadDataset` */
  get({ version, seed, data, loss }: DataExperiment): Promise<Dataset> {
    const experiment = { version, seed, data, loss };
    const key = JSON.stringify([version, seed, data, loss.type]);
    const known = this.#loaded.get(key) ?? this.#begin(key, experiment);
    this.#loaded.delete(key);
    this.#loaded.set(key, known);
    for (const oldest of this.#loaded.keys()) {
      if (this.#loaded.size <= this.#capacity) break;
      this.#loaded.delete(oldest);
    }
    return known;
  }

  #begin(key: string, experiment: DataExperiment): Promise<Dataset> {
    const loading = this.#load(experiment);
    // A file that could not be read may be there, and whole, at the next attempt.
    loading.catch(() => {
      if (this.#loaded.get(key) === loading) this.#loaded.delete(key);
    });
    return loading;
  }

  async #load(experiment: DataExperiment): Promise<Dataset> {
    const dataset = await this.#datasetOf(experiment);
    const content = JSON.stringify([dataset.fingerprint, experiment.version, experiment.data.normalize, dataset.preprocess]);
    const known = this.#byContent.get(content)?.deref();
    if (known !== undefined) return known;
    this.#byContent.set(content, new WeakRef(dataset));
    return dataset;
  }

  /** Folds are cut from the same samples, which are read once. */
  async #datasetOf(experiment: DataExperiment): Promise<Dataset> {
    const { version, seed, data, loss } = experiment;
    if (data.split.fold === undefined) return loadDataset(experiment, this.#passed);
    const { fold: _fold, ...split } = data.split;
    const key = JSON.stringify([version, seed, { ...data, split }, loss.type]);
    if (this.#samples?.key !== key) this.#samples = { key, loading: loadSamples(experiment, this.#passed) };
    const { loading } = this.#samples;
    try {
      return datasetOf(await loading, experiment);
    } catch (error) {
      // Another fold that waited for the same may have been here before.
      if (this.#samples?.loading === loading) this.#samples = undefined;
      throw error;
    }
  }
}
