import type { DataConfig } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';

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
  get(config: DataConfig, seed: number): Promise<Dataset> {
    const key = JSON.stringify([config, seed]);
    const known = this.#loaded.get(key) ?? this.#begin(key, config, seed);
    this.#loaded.delete(key);
    this.#loaded.set(key, known);
    for (const oldest of this.#loaded.keys()) {
      if (this.#loaded.size <= this.#capacity) break;
      this.#loaded.delete(oldest);
    }
    return known;
  }

  #begin(key: string, config: DataConfig, seed: number): Promise<Dataset> {
    const loading = this.#load(config, seed);
    // A file that could not be read may be there, and whole, at the next attempt.
    loading.catch(() => {
      if (this.#loaded.get(key) === loading) this.#loaded.delete(key);
    });
    return loading;
  }

  async #load(config: DataConfig, seed: number): Promise<Dataset> {
    const dataset = await loadDataset(config, seed);
    const content = JSON.stringify([dataset.fingerprint, config.normalize]);
    const known = this.#byContent.get(content)?.deref();
    if (known !== undefined) return known;
    this.#byContent.set(content, new WeakRef(dataset));
    return dataset;
  }
}
