import { renameSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { type Fence, FILE_CALLS, type FileCalls, isTemporary, syncDirectory, writeFileAtomic } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { hasFolder, kindAt, makeFolder, namesInFolder } from '../../storage/folder.ts';
import { damaged, readOwnFile } from '../../storage/read.ts';
import { checkHead, FILE_LIMIT_BYTES } from '../../storage/safetensors.ts';
import { checkpointFolder, checkpointName, type Moment, momentOf, setAsideName } from '../files/names.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';

/** A file in checkpoints/ by its name. */
export interface CheckpointFile extends Moment {
  path: string;
}

/**
 * The checkpoints of a run, the newest first, by name only.
 *
 * @throws GradloomError E_RUN_FILE if the folder is a link, and so another run's; E_STORAGE
 */
export function listCheckpoints(directory: string): CheckpointFile[] {
  const folder = checkpointFolder(directory);
  const files = namesInFolder(folder).flatMap((name) => {
    const moment = momentOf(name);
    return moment === undefined ? [] : [{ path: path.join(folder, name), ...moment }];
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

function readOrReason({ path: place, step }: CheckpointFile): Checkpoint | string {
  try {
    const checkpoint = loadCheckpoint(place);
    return checkpoint.step === step ? checkpoint : `a checkpoint of step ${checkpoint.step}`;
  } catch (error) {
    // What the machine cannot do now says nothing about the file, but for a disk that cannot give it back.
    if (!(error instanceof GradloomError) || (error.code === 'E_STORAGE' && !isUnreadable(error.cause))) throw error;
    return error.message;
  }
}

function isUnreadable(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException | null)?.code === 'EIO';
}

/** @throws GradloomError E_CHECKPOINT, E_SAFETENSORS, E_RUN_FILE, E_DATA_READ if there is no such file; E_STORAGE */
export function loadCheckpoint(place: string): Checkpoint {
  // A huge file that is no checkpoint takes no memory.
  checkHead(place);
  const bytes = readOwnFile(place, FILE_LIMIT_BYTES);
  if (bytes === undefined) throw damaged(place, 'missing');
  return readCheckpoint(place, bytes);
}

/** Writes checkpoints under the lock of their run, and removes those that are no longer wanted. */
export class CheckpointFiles {
  readonly #directory: string;
  readonly #fence: Fence;
  readonly #calls: FileCalls;
  /** The folder has been there: if it is not any more, somebody took it away, and it is not made again. */
  #hasFolder: boolean;

  /** @param fence  the directory's lock, or more */
  constructor(directory: string, fence: Fence, calls: FileCalls = FILE_CALLS) {
    this.#directory = directory;
    this.#fence = fence;
    this.#calls = calls;
    this.#hasFolder = kindAt(checkpointFolder(directory)) !== undefined;
  }

  get generation(): number {
    return this.#fence.generation;
  }

  /**
   * Writes a checkpoint; once the promise is fulfilled it survives a power loss. A file of that moment that is there holds the same, and is
   * never written over.
   *
   * @throws GradloomError E_STORAGE; E_BUSY if the run has another owner by now; E_RUN_FILE if the folder is a link
   */
  async write(moment: Moment, bytes: () => Uint8Array): Promise<void> {
    const folder = checkpointFolder(this.#directory);
    const file = path.join(folder, checkpointName(moment));
    this.#fence.check();
    try {
      if (!this.#hasFolder) {
        makeFolder(folder);
        await syncDirectory(this.#directory, this.#calls);
        this.#hasFolder = true;
      }
      if (hasFolder(folder) && kindAt(file) === 'file') {
        // The try that made it may have failed just after.
        await syncDirectory(folder, this.#calls);
        return;
      }
    } catch (cause) {
      if (cause instanceof GradloomError) throw cause;
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
    hasFolder(path.dirname(file.path));
    try {
      renameSync(file.path, setAsideName(file.path));
    } catch (cause) {
      throw storageError(file.path, 'cannot be renamed', cause);
    }
  }

  /** Removes what writers that died have left. @throws GradloomError E_STORAGE */
  removeLeftovers(): void {
    for (const folder of [this.#directory, checkpointFolder(this.#directory)]) {
      for (const name of namesInFolder(folder)) {
        if (!isTemporary(name) || kindAt(path.join(folder, name)) === 'directory') continue;
        try {
          unlinkSync(path.join(folder, name));
        } catch (cause) {
          throw storageError(path.join(folder, name), 'cannot be removed', cause);
        }
      }
    }
  }
}

function storageError(file: string, what: string, cause: unknown): GradloomError {
  const next = 'check the disk, the permissions and the file system';
  return new GradloomError({ code: 'E_STORAGE', where: printable(file), message: `${what}: ${errnoText(cause)}`, next, cause });
}
