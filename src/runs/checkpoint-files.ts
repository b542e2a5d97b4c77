import { existsSync, mkdirSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { type Fence, type FileCalls, syncDirectory, writeFileAtomic } from '../storage/atomic.ts';
import { errnoText } from '../storage/errno.ts';
import { readFileBytes } from '../storage/read.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';

const FOLDER = 'checkpoints';
/** A step may come twice, before and after a rollback: `-r1` and so on tell them apart, and the later ones count as newer. */
const NAME = /^step-(\d{12,})(?:-r(\d+))?\.safetensors$/;
/** Larger ones are not read. */
export const LIMIT_BYTES = 2 ** 32;

/** When a checkpoint was: after how many rollbacks, at which step. */
export interface Moment {
  rollbacks: number;
  step: number;
}

/** A file in checkpoints/ by its name. */
export interface CheckpointFile extends Moment {
  path: string;
}

/** The checkpoints of a run, the newest first, by name only. @throws GradloomError E_STORAGE */
export function listCheckpoints(directory: string): CheckpointFile[] {
  const folder = path.join(directory, FOLDER);
  let names: string[];
  try {
    names = existsSync(folder) ? readdirSync(folder) : [];
  } catch (cause) {
    throw storageError(folder, 'cannot be read', cause);
  }
  const files = names.flatMap((name) => {
    const [, step, rollbacks = 0] = NAME.exec(name) ?? [];
    return step === undefined ? [] : [{ path: path.join(folder, name), step: Number(step), rollbacks: Number(rollbacks) }];
  });
  return files.sort((a, b) => b.rollbacks - a.rollbacks || b.step - a.step);
}

/**
 * The newest checkpoint of a run that verifies and that `accept` takes.
 *
 * @param reject  told of each newer one, and why not
 * @param accept  returns what speaks against a checkpoint, if anything does
 */
export function newestCheckpoint(
  directory: string,
  reject: (file: CheckpointFile, reason: string) => void,
  accept: (checkpoint: Checkpoint) => string | undefined = () => undefined,
): Checkpoint | undefined {
  for (const file of listCheckpoints(directory)) {
    const checkpoint = readOrReason(file);
    const reason = typeof checkpoint === 'string' ? checkpoint : accept(checkpoint);
    if (typeof checkpoint !== 'string' && reason === undefined) return checkpoint;
    reject(file, reason ?? '');
  }
  return undefined;
}

function readOrReason(file: CheckpointFile): Checkpoint | string {
  try {
    return readCheckpoint(file.path, readFileBytes(file.path, LIMIT_BYTES));
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return error.message;
  }
}

/** Writes checkpoints under the lock of their run, and removes those that are no longer wanted. */
export class CheckpointFiles {
  readonly #directory: string;
  readonly #fence: Fence;
  readonly #calls: FileCalls;
  /** The folder has been there: if it is not any more, somebody took it away, and it is not made again. */
  #hasFolder: boolean;

  /** @param fence  the directory's lock, or more */
  constructor(directory: string, fence: Fence, calls: FileCalls = { open, rename, unlink }) {
    this.#directory = directory;
    this.#fence = fence;
    this.#calls = calls;
    this.#hasFolder = existsSync(path.join(directory, FOLDER));
  }

  get generation(): number {
    return this.#fence.generation;
  }

  /**
   * Writes a checkpoint; once the promise is fulfilled it survives a power loss. A file of that moment that is there holds the same, and is
   * never written over.
   *
   * @throws GradloomError E_STORAGE, E_BUSY if the run has another owner by now
   */
  async write(moment: Moment, bytes: () => Uint8Array): Promise<void> {
    const folder = path.join(this.#directory, FOLDER);
    const file = this.#path(moment);
    this.#fence.check();
    try {
      if (!this.#hasFolder) {
        makeFolder(folder);
        await syncDirectory(this.#directory, this.#calls);
        this.#hasFolder = true;
      }
      if (existsSync(file)) {
        // The try that made it may have failed just after.
        await syncDirectory(folder, this.#calls);
        return;
      }
    } catch (cause) {
      throw storageError(folder, 'cannot be made', cause);
    }
    await writeFileAtomic(file, bytes(), this.#calls, this.#fence);
  }

  /** Removes all but the newest `keep` and those of step `best`. @throws GradloomError E_STORAGE */
  async prune(keep: number, best: number | undefined): Promise<void> {
    this.#fence.check();
    for (const file of listCheckpoints(this.#directory).slice(keep)) {
      if (file.step === best) continue;
      try {
        await this.#calls.unlink(file.path);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(file.path, 'cannot be removed', cause);
      }
    }
  }

  /** Sets a file aside that does not verify, for whoever wants to look at it. @throws GradloomError E_STORAGE */
  setAside(file: CheckpointFile): void {
    this.#fence.check();
    try {
      renameSync(file.path, `${file.path}.bad`);
    } catch (cause) {
      throw storageError(file.path, 'cannot be renamed', cause);
    }
  }

  /** Removes what writers that died have left. @throws GradloomError E_STORAGE */
  removeLeftovers(): void {
    for (const folder of [this.#directory, path.join(this.#directory, FOLDER)]) {
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder)) {
        if (!name.startsWith('.tmp-')) continue;
        try {
          unlinkSync(path.join(folder, name));
        } catch (cause) {
          throw storageError(path.join(folder, name), 'cannot be removed', cause);
        }
      }
    }
  }

  #path({ step, rollbacks }: Moment): string {
    const name = `step-${String(step).padStart(12, '0')}${rollbacks === 0 ? '' : `-r${rollbacks}`}.safetensors`;
    return path.join(this.#directory, FOLDER, name);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // A try before may have made it and failed just after.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function storageError(file: string, what: string, cause: unknown): GradloomError {
  const next = 'check the disk, the permissions and the file system';
  return new GradloomError({ code: 'E_STORAGE', where: printable(file), message: `${what}: ${errnoText(cause)}`, next, cause });
}
