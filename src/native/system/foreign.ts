import { createRequire } from 'node:module';

/** The part of koffi that is used. @see https://koffi.dev */
export interface Koffi {
  load(path: string | null): { func(prototype: string): (...args: unknown[]) => unknown };
  proto(result: string, parameters: readonly string[]): unknown;
  decode(address: bigint, prototype: unknown): (...args: number[]) => unknown;
  address(view: Uint8Array): bigint;
  view(address: bigint, bytes: number): ArrayBuffer;
  errno(): number;
}

let loaded: Koffi | undefined;

/** @throws Error where the optional package is missing or does not run on this platform */
export function koffi(): Koffi {
  loaded ??= createRequire(import.meta.url)('koffi') as Koffi;
  return loaded;
}

/** Where a memory stands in this process, the same for all of its threads. Below 2^53, as all addresses of processes are. */
export function addressOf(memory: WebAssembly.Memory): number {
  return Number(koffi().address(new Uint8Array(memory.buffer)));
}

const prototypes = new Map<string, unknown>();

/** The routine at an address, which takes so many 64-bit integers. */
export function callable(address: number, args: number, result: 'void' | 'int64_t' = 'void'): (...values: number[]) => unknown {
  const key = `${result} ${args}`;
  let prototype = prototypes.get(key);
  if (prototype === undefined) {
    prototype = koffi().proto(
      result,
      Array.from({ length: args }, () => 'int64_t'),
    );
    prototypes.set(key, prototype);
  }
  return koffi().decode(BigInt(address), prototype);
}
