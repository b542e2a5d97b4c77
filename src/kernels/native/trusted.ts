import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory } from '../../machine/cache.ts';
import { cpuHere } from '../../native/system/cpu.ts';
import { temporaryName } from '../../storage/atomic.ts';
import { readOwnText } from '../../storage/read.ts';
import { KERNEL_VERSION } from '../module.ts';

/** Codes that were found to do what their kernels do: a file in the user's cache, for one processor and one version of the kernels. */
const LIMIT_BYTES = 2 ** 22;
const LINE = /^[0-9a-f]{64}$/;

export class Trust {
  readonly #file: string;
  readonly #hashes: Set<string>;
  #isChanged = false;

  private constructor(file: string, hashes: Set<string>) {
    this.#file = file;
    this.#hashes = hashes;
  }

  /** A file that is missing or cannot be read trusts nothing: all is checked again. */
  static read(): Trust {
    const cpu = cpuHere().name.replaceAll(/[^\w-]+/g, '-');
    const file = path.join(cacheDirectory(), `native-${KERNEL_VERSION}-${cpu}.txt`);
    let text: string | undefined;
    try {
      text = readOwnText(file, LIMIT_BYTES);
    } catch {
      text = undefined;
    }
    return new Trust(file, new Set((text ?? '').split('\n').filter((line) => LINE.test(line))));
  }

  has(code: Uint8Array): boolean {
    return this.#hashes.has(hashOf(code));
  }

  add(code: Uint8Array): void {
    this.#hashes.add(hashOf(code));
    this.#isChanged = true;
  }

  /** What cannot be written is checked again by the next process. */
  write(): void {
    if (!this.#isChanged) return;
    const folder = path.dirname(this.#file);
    const temporary = path.join(folder, temporaryName());
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(temporary, `${[...this.#hashes].join('\n')}\n`);
      renameSync(temporary, this.#file);
      this.#isChanged = false;
    } catch {
      this.#isChanged = true;
    }
  }
}

function hashOf(code: Uint8Array): string {
  return createHash('sha256').update(code).digest('hex');
}
