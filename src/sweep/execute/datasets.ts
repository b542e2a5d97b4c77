import type { Dataset } from '../../data/dataset.ts';
import { type DataExperiment, loadDataset } from '../../data/load.ts';

/**
 * The data sets of a sweep's trials, each in memory once: trials with the same data settings and seed share one, and so do those for which
 * the seed makes no difference to what is loaded.
 */
export class Datasets {
  /** Data sets kept beside those that trials use just now. */
  readonly #capacity: number;
  /** By settings and seed; the most recently used last. */
  readonly #loaded = new Map<string, Promise<Dataset>>();
  readonly #byContent = new Map<string, WeakRef<Dataset>>();

  constructor(capacity: number) {
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
    const dataset = await loadDataset(experiment);
    const content = JSON.stringify([dataset.fingerprint, experiment.version, experiment.data.normalize, dataset.preprocess]);
    const known = this.#byContent.get(content)?.deref();
    if (known !== undefined) return known;
    this.#byContent.set(content, new WeakRef(dataset));
    return dataset;
  }
}
