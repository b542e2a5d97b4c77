import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, ifStorageWorks } from '../../../machine/cache.ts';
import { writeFileAtomic } from '../../../storage/atomic.ts';
import { readOwnText } from '../../../storage/read.ts';
import { KERNEL_VERSION } from '../../module.ts';

const LIMIT_BYTES = 2 ** 22;
const LINE = /^[0-9a-f]{64}$/;
/** Lines that are kept: those that came last. */
const MOST_LINES = 20_000;

/** Codes that were found to do what their kernels do: a file in the user's cache, for one processor and one version of the kernels. */
export class TrustedCode {
  readonly #file: string;
  readonly #hashes: Set<string>;
  #isChanged = false;

  private constructor(file: string, hashes: Set<string>) {
    this.#file = file;
    this.#hashes = hashes;
  }

  /** A file that is missing or cannot be read trusts nothing: all is checked again. */
  static async read(cpu: string): Promise<TrustedCode> {
    const file = path.join(cacheDirectory(), `native-${KERNEL_VERSION}-${cpu.replaceAll(/[^\w-]+/g, '-')}.txt`);
    const text = await ifStorageWorks(() => readOwnText(file, LIMIT_BYTES));
    return new TrustedCode(file, new Set((text ?? '').split('\n').filter((line) => LINE.test(line))));
  }

  has(code: Uint8Array): boolean {
    return this.#hashes.has(hashOf(code));
  }

  add(code: Uint8Array): void {
    this.#hashes.add(hashOf(code));
    this.#isChanged = true;
  }

  /** What cannot be written is checked again by the next process. */
  async write(): Promise<void> {
    if (!this.#isChanged) return;
    const lines = [...this.#hashes].slice(-MOST_LINES);
    await ifStorageWorks(async () => {
      await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      await writeFileAtomic(this.#file, `${lines.join('\n')}\n`);
      this.#isChanged = false;
    });
  }
}

function hashOf(code: Uint8Array): string {
  return createHash('sha256').update(code).digest('hex');
}
