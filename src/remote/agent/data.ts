import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';
import { GradloomError } from '../../errors.ts';
import { dataNameOf, type TrialJob } from '../queue/protocol.ts';
import { refusal } from '../queue/standing.ts';
import { contentKey, unpackDataset } from '../store/dataset-copy.ts';
import type { BlobStore } from '../store/store.ts';

/** Data sets in memory beside those that trials use just now. */
const KEPT = 4;

/** The data sets of an agent's jobs, by content: from the files that the experiment names, if they hold the same here, or else from the store. */
export class AgentData {
  readonly #store: BlobStore;
  readonly #loaded = new Map<string, Promise<Dataset>>();

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** @throws GradloomError E_AGENT if the data set is neither here nor in the store; E_STORAGE, E_LIMIT */
  get(job: TrialJob, experiment: Experiment): Promise<Dataset> {
    const { data: key } = job;
    const known = this.#loaded.get(key) ?? this.#load(job, experiment);
    this.#loaded.delete(key);
    this.#loaded.set(key, known);
    // It may be there, and whole, at the next attempt.
    known.catch(() => {
      if (this.#loaded.get(key) === known) this.#loaded.delete(key);
    });
    for (const oldest of this.#loaded.keys()) {
      if (this.#loaded.size <= KEPT) break;
      this.#loaded.delete(oldest);
    }
    return known;
  }

  async #load(job: TrialJob, experiment: Experiment): Promise<Dataset> {
    let why: string;
    let cause: unknown;
    try {
      const own = await loadDataset(experiment);
      if (contentKey(own) === job.data) return own;
      why = `its files are others here (sha256 ${own.fingerprint.slice(0, 12)})`;
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      [why, cause] = [`${error.where ?? 'its files'}: ${error.message}`, error];
    }
    const bytes = await this.#store.get(dataNameOf(job.data));
    if (bytes !== undefined) return unpackDataset(bytes, job.data);
    const { type } = experiment.data.source;
    const message = `the data set (${type}) is not to be had: ${why}, and it is not in the store ${this.#store.shown}`;
    throw refusal(job, message, 'put the files at the same path on this machine, or use a store that takes them: --store file:/...', cause);
  }
}
