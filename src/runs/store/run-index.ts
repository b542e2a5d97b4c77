import path from 'node:path';
import { GradloomError } from '../../errors.ts';
import { appendText, writeFileAtomic } from '../../storage/atomic.ts';
import { readOwnText } from '../../storage/read.ts';
import { anyOf, count, fields, finite, flag, isShaped, listOf, mapOf, oneOf, orNull, text } from '../../storage/shape.ts';
import { type ConfigValues, RECORD_STATUSES, type RunRecord, readRecord } from './record.ts';

const NAME = '.index';
/** Of the lines' format: an index of another version is as good as none. */
const HEAD = 'gradloom runs 2';
/** Lines that are out of date before the index is written anew. */
const MAX_STALE = 1000;

/** Twenty thousand runs; a larger one is made anew. */
const LIMIT_BYTES = 2 ** 27;

const recordShape = fields({
  id: text,
  name: text,
  status: oneOf(RECORD_STATUSES),
  started: orNull(text),
  tags: listOf(text),
  steps: orNull(count),
  epochs: orNull(count),
  seconds: orNull(finite),
  samples_per_second: orNull(finite),
  training_seconds: orNull(finite),
  evaluation_seconds: orNull(finite),
  workers: orNull(count),
  digest: orNull(text),
  last: mapOf(orNull(finite)),
  best: mapOf(finite),
  problem: orNull(text),
});

const configShape = mapOf(orNull(anyOf(text, finite, flag)));

/** What the index knows of a run. */
export interface Indexed {
  /** Of the files that the record was read from. */
  signature: string;
  record: RunRecord;
  /** Parsed only when asked for: most lists do not show it. */
  config: () => ConfigValues;
}

interface Entry extends Indexed {
  line: string;
}

/**
 * The index of a directory of runs: one line a run of id, signature, record and config, apart by tabs, the later line counts. It only
 * saves time: the runs' own files are the truth, so it may be removed, torn or out of date, and several processes may write it at once (each
 * appends whole lines; who writes it anew may drop what another has just appended, and that is read again).
 */
export class StoreIndex {
  readonly #parent: string;
  readonly #file: string;
  readonly #entries = new Map<string, Entry>();
  #fresh: string[] = [];
  /** Lines in the file that say nothing any more. */
  #stale = 0;
  #isBroken = false;

  constructor(parent: string) {
    this.#parent = parent;
    this.#file = path.join(parent, NAME);
    const [head, ...lines] = (textOf(this.#file) ?? '').split('\n');
    if (head !== HEAD || lines.pop() !== '') this.#isBroken = true;
    if (head === HEAD) for (const line of lines) this.#read(line);
  }

  get(id: string, signature: string): Indexed | undefined {
    const entry = this.#entries.get(id);
    return entry?.signature === signature ? entry : undefined;
  }

  put(id: string, signature: string, record: RunRecord, config: ConfigValues): Indexed {
    const line = [id, signature, JSON.stringify(record), JSON.stringify(config)].join('\t');
    const entry: Entry = { signature, record, config: () => config, line };
    // A name that would tear its own line has none.
    if (/[\t\n]/.test(id)) return entry;
    if (this.#entries.has(id)) this.#stale++;
    this.#entries.set(id, entry);
    this.#fresh.push(line);
    return entry;
  }

  /** Forgets all runs but these, and writes what is new. A directory that cannot be written to has no index. */
  async save(ids: ReadonlySet<string>): Promise<void> {
    for (const id of this.#entries.keys()) {
      if (ids.has(id)) continue;
      this.#entries.delete(id);
      this.#stale++;
    }
    try {
      if (this.#isBroken || this.#stale > MAX_STALE) await this.#rewrite();
      else if (this.#fresh.length > 0) appendText(this.#file, `${this.#fresh.join('\n')}\n`);
    } catch {
      // Read-only or full: the list is right all the same, only slower the next time.
    }
    this.#fresh = [];
  }

  async #rewrite(): Promise<void> {
    const lines = [...this.#entries.values()].map(({ line }) => line);
    await writeFileAtomic(this.#file, `${[HEAD, ...lines].join('\n')}\n`);
    this.#isBroken = false;
    this.#stale = 0;
  }

  #read(line: string): void {
    const [id = '', signature = '', recordText = '', configText = '', ...more] = line.split('\t');
    let config: ConfigValues | undefined;
    try {
      // A line is whole if it ends as it began: two that were torn into one do not.
      if (more.length > 0 || !configText.startsWith('{') || !configText.endsWith('}')) throw new SyntaxError('torn line');
      const record: unknown = JSON.parse(recordText);
      if (!isShaped(record, recordShape) || record.id !== id) throw new SyntaxError('torn line');
      if (this.#entries.has(id)) this.#stale++;
      this.#entries.set(id, { signature, record, config: () => (config ??= this.#config(id, configText)), line });
    } catch {
      // Torn by a crash: this run is read again, and the index written anew.
      this.#isBroken = true;
    }
  }

  /** Of a line that is only found to be wrong when its config is asked for, the run is read again. */
  #config(id: string, configText: string): ConfigValues {
    try {
      const config: unknown = JSON.parse(configText);
      if (isShaped(config, configShape)) return config;
    } catch {
      // Torn in its middle.
    }
    return readRecord(path.join(this.#parent, id)).config;
  }
}

/** undefined if there is none yet, or none to read: then everything is read from the runs. */
function textOf(file: string): string | undefined {
  try {
    return readOwnText(file, LIMIT_BYTES);
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return undefined;
  }
}
