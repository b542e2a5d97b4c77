import { createHash } from 'node:crypto';
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from '../storage/errno.ts';
import type { MetricsLine } from './events.ts';

/** JSON has no NaN or Infinity. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/**
 * metrics.jsonl, written line by line as the run goes: whole lines only, so a reader never sees a torn one of a live run. The first
 * write that fails closes the file for good: a gap in the middle would be worse than an end.
 */
export class MetricsFile {
  readonly path: string;
  readonly #fd: number;
  /** Bytes of the whole lines. */
  #length = 0;
  #failed = false;

  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND, 0o600);
    } catch (cause) {
      throw storageError(path, cause);
    }
  }

  /** @throws GradloomError E_STORAGE, once; later lines are dropped silently */
  append(line: MetricsLine): void {
    if (this.#failed) return;
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
      this.#length += bytes.length;
    } catch (cause) {
      this.#failed = true;
      this.#dropTornLine();
      throw storageError(this.path, cause);
    }
  }

  /** A full disk takes a part of a line before it refuses the rest. */
  #dropTornLine(): void {
    try {
      ftruncateSync(this.#fd, this.#length);
    } catch {
      // The file cannot be changed at all: the error of the write tells of it.
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function storageError(path: string, cause: unknown): GradloomError {
  return new GradloomError({ code: 'E_STORAGE', where: printable(path), message: `cannot write metrics: ${errnoText(cause)}`, cause });
}

/** sha256 (hex) over the bytes of tensors in the given order. */
export function digestOf(tensors: Iterable<Float32Array>): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of tensors) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}
