import { type ExecutableCode, loadCode } from './system/executable.ts';

/** Machine code under a name that says what it computes, for which shape and which instruction set. */
export interface Routine {
  key: string;
  /** 64-bit integers that it takes. */
  args: number;
  code: Uint8Array;
}

/** A routine that can be called by every thread of the process. */
export interface PlacedRoutine {
  key: string;
  args: number;
  address: number;
}

const ALIGN_BYTES = 64;
/** Code of one process, at most: some thousands of shapes. */
export const MOST_CODE_BYTES = 64 * 2 ** 20;

/**
 * The routines of this process. Each is made once and stays to the end, so that no thread can be in code that is gone; what would go
 * beyond the bound is not placed.
 */
export class RoutineStore {
  readonly #placed = new Map<string, PlacedRoutine>();
  readonly #blocks: ExecutableCode[] = [];
  readonly #mostBytes: number;

  constructor(mostBytes = MOST_CODE_BYTES) {
    this.#mostBytes = mostBytes;
  }

  get count(): number {
    return this.#placed.size;
  }

  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  find(key: string): PlacedRoutine | undefined {
    return this.#placed.get(key);
  }

  /**
   * Places routines that are not there yet, in one block of memory.
   *
   * @throws Error where the system does not allow generated code
   */
  place(routines: readonly Routine[]): void {
    const missing = routines.filter(({ key }) => !this.#placed.has(key));
    const starts: number[] = [];
    let size = 0;
    for (const { code } of missing) {
      starts.push(size);
      size += Math.ceil(code.length / ALIGN_BYTES) * ALIGN_BYTES;
    }
    if (size === 0 || this.bytes + size > this.#mostBytes) return;
    const all = new Uint8Array(size);
    for (const [i, { code }] of missing.entries()) all.set(code, starts[i]);
    const block = loadCode(all);
    this.#blocks.push(block);
    for (const [i, { key, args }] of missing.entries()) this.#placed.set(key, { key, args, address: block.address + (starts[i] ?? 0) });
  }
}
