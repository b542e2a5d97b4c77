import { readdirSync } from 'node:fs';
import path from 'node:path';
import { GradloomError } from '../../errors.ts';
import { resultShape } from '../../speedup/result-shape.ts';
import { statsAt } from '../../storage/folder.ts';
import { readOwnText } from '../../storage/read.ts';
import { isShaped, type Shaped } from '../../storage/shape.ts';

export type KeptSpeedup = Shaped<typeof resultShape>;

export interface FoundSpeedup {
  /** Its file, relative to the directory of the page. */
  key: string;
  result: KeptSpeedup;
  /** When the file was written. */
  time: number;
}

const LIMIT_BYTES = 2 ** 24;
/** More files are not looked into: a directory of data is not one of results. */
const MOST_FILES = 1000;

interface Known {
  signature: string;
  found: FoundSpeedup | undefined;
}

/** Results of `gradloom speedup` as it keeps them, `speedups/*.json`, and those of `--json` that somebody put into the directory itself. */
export class SpeedupList {
  readonly #root: string;
  #known = new Map<string, Known>();
  #revision = 0;

  constructor(root: string) {
    this.#root = root;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The latest first. */
  get speedups(): readonly FoundSpeedup[] {
    return [...this.#known.values()].flatMap(({ found }) => found ?? []).toSorted((a, b) => b.time - a.time);
  }

  get(key: string): FoundSpeedup | undefined {
    return this.#known.get(key)?.found;
  }

  look(): void {
    const known = new Map<string, Known>();
    for (const folder of ['', 'speedups']) {
      for (const name of namesIn(path.join(this.#root, folder))) {
        const key = path.posix.join(folder, name);
        const stats = statsAt(path.join(this.#root, key));
        if (stats === undefined || !stats.isFile() || stats.size > LIMIT_BYTES) continue;
        const signature = `${stats.mtimeMs}/${stats.size}/${stats.ino}`;
        const before = this.#known.get(key);
        if (before?.signature === signature) known.set(key, before);
        else {
          known.set(key, { signature, found: readAt(path.join(this.#root, key), key, stats.mtimeMs) });
          this.#revision++;
        }
      }
    }
    if (known.size < this.#known.size) this.#revision++;
    this.#known = known;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .slice(0, MOST_FILES);
  } catch {
    // There is none, or it is not ours to look at: then it has no results.
    return [];
  }
}

/** undefined for what is no result, as most files of JSON are not. */
function readAt(file: string, key: string, time: number): FoundSpeedup | undefined {
  try {
    const result: unknown = JSON.parse(readOwnText(file, LIMIT_BYTES) ?? 'null');
    return isShaped(result, resultShape) ? { key, result, time } : undefined;
  } catch (error) {
    if (error instanceof GradloomError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
