import { type Fence, type FileCalls, writeFileAtomic } from '../../storage/atomic.ts';
import { type LineCalls, LineFile } from '../../storage/lines.ts';
import { DirectoryLock } from '../../storage/lock.ts';
import type { RunDirectory } from '../files/directory.ts';
import { type RunFile, runFile } from '../files/names.ts';
import { LINE_KINDS, type LineKind, type RunLines } from '../files/run-lines.ts';
import { CheckpointFiles } from './files.ts';

/** For tests of storage faults: the calls behind files, and behind files of lines. */
export interface StorageCalls {
  files?: FileCalls;
  lines?: LineCalls;
}

/** The right to write in a run: its lock, and what else must hold. */
interface Right {
  lock: DirectoryLock;
  fence: Fence;
}

/** The directory of a run under its lock: all that writes in it. */
export class RunFiles {
  readonly directory: RunDirectory;
  readonly lines: RunLines;
  readonly checkpoints: CheckpointFiles;
  /** For files beside those named here: the right to write them, and the calls to do it with. */
  readonly fence: Fence;
  readonly calls: StorageCalls;
  readonly #lock: DirectoryLock;

  private constructor(directory: RunDirectory, right: Right, lines: RunLines, calls: StorageCalls) {
    this.directory = directory;
    this.lines = lines;
    this.checkpoints = new CheckpointFiles(directory.path, right.fence, calls.files);
    this.fence = right.fence;
    this.calls = calls;
    this.#lock = right.lock;
  }

  /**
   * In a directory that was just made.
   *
   * @param outer  the right to write where the run is part of something larger
   * @throws GradloomError E_STORAGE
   */
  static create(directory: RunDirectory, calls: StorageCalls = {}, outer?: Fence): Promise<RunFiles> {
    const right = rightTo(DirectoryLock.acquire(directory.path), outer);
    return RunFiles.#open(directory, right, calls, (file) => LineFile.create(file, calls.lines, right.fence));
  }

  /** In a directory that was just made, for a run whose first lines are known. @throws GradloomError E_STORAGE */
  static async createWith(
    directory: RunDirectory,
    lines: Readonly<Record<LineKind, Uint8Array>>,
    calls: StorageCalls = {},
  ): Promise<RunFiles> {
    const lock = DirectoryLock.acquire(directory.path);
    try {
      for (const kind of LINE_KINDS) await writeFileAtomic(runFile(directory.path, kind), lines[kind], calls.files, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
    return RunFiles.reopen(directory, lock, { metrics: lines.metrics.length, digests: lines.digests.length }, calls);
  }

  /** In the directory of a run that goes on, where its files have so many bytes that count. @throws GradloomError E_STORAGE */
  static reopen(
    directory: RunDirectory,
    lock: DirectoryLock,
    lengths: Readonly<Record<LineKind, number>>,
    calls: StorageCalls = {},
    outer?: Fence,
  ): Promise<RunFiles> {
    const right = rightTo(lock, outer);
    return RunFiles.#open(directory, right, calls, (file, kind) => LineFile.reopen(file, lengths[kind], calls.lines, right.fence));
  }

  static async #open(
    directory: RunDirectory,
    right: Right,
    calls: StorageCalls,
    open: (file: string, kind: LineKind) => LineFile | Promise<LineFile>,
  ): Promise<RunFiles> {
    let metrics: LineFile | undefined;
    try {
      metrics = await open(runFile(directory.path, 'metrics'), 'metrics');
      const digests = await open(runFile(directory.path, 'digests'), 'digests');
      return new RunFiles(directory, right, { metrics, digests }, calls);
    } catch (error) {
      metrics?.close();
      right.lock.release();
      throw error;
    }
  }

  /** Writes a file of the run whole or not at all. @throws GradloomError E_STORAGE, E_BUSY */
  write(file: RunFile, content: string | Uint8Array): Promise<void> {
    return writeFileAtomic(runFile(this.directory.path, file), content, this.calls.files, this.fence);
  }

  /** Makes the lines written so far durable. @throws GradloomError E_STORAGE, E_BUSY */
  async sync(): Promise<void> {
    await this.lines.metrics.sync();
    await this.lines.digests.sync();
  }

  /** Closes the files and gives the run back. */
  close(): void {
    this.lines.metrics.close();
    this.lines.digests.close();
    this.#lock.release();
  }
}

function rightTo(lock: DirectoryLock, outer: Fence | undefined): Right {
  if (outer === undefined) return { lock, fence: lock };
  const check = (): void => {
    outer.check();
    lock.check();
  };
  return { lock, fence: { generation: lock.generation, check } };
}
