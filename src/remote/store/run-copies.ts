import { mkdirSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { listCheckpoints } from '../../runs/checkpoint/files.ts';
import { checkpointFolder, isSetAside, type Moment, runFile } from '../../runs/files/names.ts';
import { type Fence, isTemporary, temporaryName } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt, namesInFolder } from '../../storage/folder.ts';
import { readOwnFile } from '../../storage/read.ts';
import { type BundledFile, blobName, bundle, isWhole, unbundle } from './bundle.ts';
import type { BlobStore } from './store.ts';

/** Older ones are of use only where the newest is damaged. */
const KEPT = 2;

/**
 * Copies of one run in a store: all of its files as they were at a checkpoint. Whoever takes the run over takes the copy that is furthest
 * of those that are whole; there is no pointer to keep in step. Since training is a function of the experiment, two agents that train
 * the same run leave copies that lead to the same end, and none of them can undo what another has done.
 */
export class RunCopies {
  readonly #store: BlobStore;
  readonly #folder: string;

  /** @param folder  in the store, of this run alone and of what it follows from */
  constructor(store: BlobStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /**
   * Copies a run as it is, also while it is being trained.
   *
   * @param hasEnded  nobody trains it: of two copies of the same step this one is further
   * @returns false where there is nothing yet to go on from
   * @throws GradloomError E_STORAGE, also where it is larger than a blob of the store may be
   */
  async save(directory: string, hasEnded: boolean): Promise<boolean> {
    const moment = listCheckpoints(directory)[0];
    if (moment === undefined && !(hasEnded && kindAt(runFile(directory, 'summary')) === 'file')) return false;
    const files = filesOf(directory);
    if (files === undefined) return false;
    const bytes = bundle(files);
    if (bytes.length > this.#store.limitBytes) throw tooLarge(this.#store, bytes.length);
    await this.#store.put(`${this.#folder}/${await blobName(orderOf(moment, hasEnded), bytes)}`, bytes);
    for (const name of (await this.#names()).slice(KEPT)) await this.#store.remove(`${this.#folder}/${name}`);
    return true;
  }

  /**
   * The copy that is furthest.
   *
   * @param reject  told of each that is damaged
   * @returns undefined if there is none
   * @throws GradloomError E_STORAGE
   */
  async newest(reject: (name: string) => void): Promise<BundledFile[] | undefined> {
    for (const name of await this.#names()) {
      const bytes = await this.#store.get(`${this.#folder}/${name}`);
      // Removed since: there is a newer one, but this run's own is enough.
      if (bytes === undefined) continue;
      if (await isWhole(name, bytes)) return unbundle(bytes, name);
      reject(name);
    }
    return undefined;
  }

  /** Removes all copies. @throws GradloomError E_STORAGE */
  async removeAll(): Promise<void> {
    for (const name of await this.#names()) await this.#store.remove(`${this.#folder}/${name}`);
  }

  /** The furthest first. */
  async #names(): Promise<string[]> {
    return (await this.#store.list(this.#folder)).toReversed();
  }
}

/** Puts the files of a run in a directory that is not there yet. @throws GradloomError E_STORAGE */
export async function restoreRun(files: readonly BundledFile[], directory: string): Promise<void> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const { name, bytes } of files) {
      const file = path.join(directory, name);
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, bytes, { flag: 'wx', mode: 0o600 });
    }
  } catch (cause) {
    throw storageError(directory, cause);
  }
}

/** Puts the files of a run in the place of those that are there. @throws GradloomError E_STORAGE, and that of the fence */
export async function replaceRun(files: readonly BundledFile[], directory: string, fence: Fence | undefined): Promise<void> {
  const temporary = path.join(path.dirname(directory), temporaryName());
  try {
    await restoreRun(files, temporary);
    fence?.check();
    await rm(directory, { recursive: true, force: true });
    await rename(temporary, directory);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    throw cause instanceof GradloomError ? cause : storageError(directory, cause);
  }
}

/** Sorts by how far the run is; a part that has ended is further than one under way at the same step. */
function orderOf(moment: Moment | undefined, hasEnded: boolean): string {
  const { rollbacks, step } = moment ?? { rollbacks: 0, step: 0 };
  return `${String(rollbacks).padStart(4, '0')}-${String(step).padStart(12, '0')}-${hasEnded ? 1 : 0}`;
}

/** @returns undefined if a checkpoint was removed while it was read: the next look finds a newer one */
function filesOf(directory: string): BundledFile[] | undefined {
  const folder = path.basename(checkpointFolder(directory));
  // Checkpoints first: what is appended to meanwhile is longer than they say, never shorter.
  const names = [...namesInFolder(checkpointFolder(directory)).map((name) => path.join(folder, name)), ...namesInFolder(directory)];
  const files: BundledFile[] = [];
  for (const name of names) {
    const place = path.join(directory, name);
    if (isTemporary(path.basename(name)) || isSetAside(name) || kindAt(place) === 'directory') continue;
    const bytes = readOwnFile(place, Number.MAX_SAFE_INTEGER);
    if (bytes === undefined) return undefined;
    files.push({ name: name.replaceAll(path.sep, '/'), bytes });
  }
  return files;
}

function tooLarge(store: BlobStore, bytes: number): GradloomError {
  return new GradloomError({
    code: 'E_STORE_LIMIT',
    where: store.shown,
    message: `a copy of the run takes ${bytes} bytes, the store takes ${store.limitBytes} at most`,
    next: 'use --store file:/a/directory/of/all/machines for the sweep and for its agents',
  });
}

function storageError(place: string, cause: unknown): GradloomError {
  const next = 'check the disk, the permissions and the file system';
  return new GradloomError({ code: 'E_STORAGE', where: printable(place), message: `cannot be written: ${errnoText(cause)}`, next, cause });
}
