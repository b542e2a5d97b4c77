import { systemLibrary } from '../../../src/native/system/foreign.ts';
import type { Placed, Room } from './native.ts';

const PAGE_BYTES = 4096;
const PROT = { none: 0, read: 1, write: 2 };
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = process.platform === 'linux' ? 0x20 : 0x1000;

interface Calls {
  mmap: (...args: unknown[]) => unknown;
  mprotect: (...args: unknown[]) => unknown;
  munmap: (...args: unknown[]) => unknown;
  copyIn: (...args: unknown[]) => unknown;
  copyOut: (...args: unknown[]) => unknown;
}

let known: Calls | undefined;

function calls(): Calls {
  if (known === undefined) {
    const library = systemLibrary();
    known = {
      mmap: library.func('int64_t mmap(int64_t at, int64_t bytes, int protection, int flags, int file, int64_t offset)'),
      mprotect: library.func('int mprotect(int64_t at, int64_t bytes, int protection)'),
      munmap: library.func('int munmap(int64_t at, int64_t bytes)'),
      copyIn: library.func('int64_t memcpy(int64_t to, const uint8_t *from, int64_t bytes)'),
      copyOut: library.func('int64_t memmove(_Out_ uint8_t *to, int64_t from, int64_t bytes)'),
    };
  }
  return known;
}

/** Which end of an operand stands against a page that nobody may touch. */
export type Side = 'start' | 'end';
export const SIDES: readonly Side[] = ['start', 'end'];

/** An operand that is given to a routine some values too near to the page beyond it, so that it must be found. */
export interface Misplaced {
  operand: number;
  values: number;
}

/**
 * Every operand in a mapping of its own between two pages without any right, against one of them to the byte; what is only read can not
 * be written to. A routine that touches a byte outside dies by SIGSEGV.
 */
export class GuardedRoom implements Room {
  readonly #side: Side;
  readonly #misplaced: Misplaced | undefined;
  readonly #mappings: { at: number; bytes: number }[] = [];

  constructor(side: Side, misplaced?: Misplaced) {
    this.#side = side;
    this.#misplaced = misplaced;
  }

  place(words: Int32Array, isWritable: boolean): Placed {
    const { mmap, copyIn, copyOut } = calls();
    const inner = Math.ceil(words.byteLength / PAGE_BYTES) * PAGE_BYTES;
    const bytes = inner + 2 * PAGE_BYTES;
    const at = Number(mmap(0, bytes, PROT.none, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (at === -1) throw new Error(`mmap gives no ${bytes} bytes`);
    const shift = this.#misplaced?.operand === this.#mappings.length ? this.#misplaced.values * 4 : 0;
    this.#mappings.push({ at, bytes });
    const first = at + PAGE_BYTES;
    if (inner > 0) this.#protect(first, inner, PROT.read | PROT.write);
    const start = this.#side === 'start' ? first : first + inner - words.byteLength;
    if (shift === 0) copyIn(start, new Uint8Array(words.buffer, words.byteOffset, words.byteLength), words.byteLength);
    if (inner > 0 && !isWritable) this.#protect(first, inner, PROT.read);
    return {
      address: this.#side === 'start' ? start - shift : start + shift,
      read: () => {
        const copy = new Int32Array(words.length);
        copyOut(new Uint8Array(copy.buffer), start, copy.byteLength);
        return copy;
      },
    };
  }

  #protect(at: number, bytes: number, protection: number): void {
    if (calls().mprotect(at, bytes, protection) !== 0) throw new Error(`mprotect refuses ${protection} for ${bytes} bytes`);
  }

  release(): void {
    for (const { at, bytes } of this.#mappings) calls().munmap(at, bytes);
  }
}
