import { withLiteralPaths } from '../../config/tree/paths.ts';
import type { Dataset } from '../../data/dataset.ts';
import { GradloomError } from '../../errors.ts';
import { configHash } from '../../runs/checkpoint/basis.ts';
import { initHashes } from '../../runs/prepare/initial.ts';
import type { Datasets } from '../../sweep/execute/datasets.ts';
import type { TrialWork } from '../../sweep/execute/executor.ts';
import { contentKey, packDataset } from '../store/dataset-copy.ts';
import type { BlobStore } from '../store/store.ts';
import { dataNameOf, PROTOCOL, type TrialJob } from './protocol.ts';
import type { Standing } from './standing.ts';

/** Sources that every machine makes by itself. */
const MADE: ReadonlySet<string> = new Set(['synthetic']);

interface Place {
  standing: Standing;
  store: BlobStore;
}

/** Makes jobs of works: with the hashes of all that they follow from, and with their data in the store, once. */
export class Offering {
  readonly #sweep: string;
  readonly #standing: Standing;
  readonly #store: BlobStore;
  readonly #datasets: Pick<Datasets, 'get'>;
  readonly #stored = new Map<string, Promise<void>>();
  readonly #tell: (message: string) => void;

  /** @param tell  told of data that agents must have by themselves */
  constructor(sweep: string, { standing, store }: Place, datasets: Pick<Datasets, 'get'>, tell: (message: string) => void) {
    this.#sweep = sweep;
    this.#standing = standing;
    this.#store = store;
    this.#datasets = datasets;
    this.#tell = tell;
  }

  /** @throws GradloomError of the experiment's data or weights, which are the trial's; E_STORAGE of the store */
  async jobOf({ experiment, ...work }: TrialWork): Promise<TrialJob> {
    const dataset = await this.#datasets.get(experiment);
    const data = contentKey(dataset);
    if (!MADE.has(experiment.data.source.type)) await this.#offer(data, dataset);
    return {
      version: PROTOCOL,
      sweep: this.#sweep,
      work,
      config: JSON.stringify(withLiteralPaths(experiment)),
      configHash: configHash(experiment),
      data,
      init: initHashes(experiment),
      ...this.#standing,
    };
  }

  async #offer(key: string, dataset: Dataset): Promise<void> {
    const known = this.#stored.get(key) ?? this.#put(key, dataset);
    this.#stored.set(key, known);
    // A store that was full may have room at the next attempt.
    known.catch(() => this.#stored.delete(key));
    await known;
  }

  async #put(key: string, dataset: Dataset): Promise<void> {
    const name = dataNameOf(key);
    if ((await this.#store.list('data')).includes(key)) return;
    const bytes = packDataset(dataset);
    if (bytes.length <= this.#store.limitBytes) {
      await this.#store.put(name, bytes);
      return;
    }
    const limit = `takes ${bytes.length} bytes, and the store ${this.#store.shown} ${this.#store.limitBytes} at most`;
    this.#tell(`the data set ${limit}: every agent must have its files at the same path`);
  }
}

/** A fault of a store or a queue as the session is to be told of it. */
export function asQueueFault(shown: string, cause: unknown): GradloomError {
  if (cause instanceof GradloomError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new GradloomError({ code: 'E_QUEUE', where: shown, message, next: 'check that Redis or Valkey runs and has memory', cause });
}
