import { createRequire } from 'node:module';

/** A library that is loaded. */
export interface Foreign {
  func(prototype: string): (...args: unknown[]) => unknown;
  func(name: string, result: string, parameters: readonly string[]): (...args: unknown[]) => unknown;
  /** The address of a global of a type. */
  symbol(name: string, type: string): bigint;
}

/** The part of koffi that is used. @see https://koffi.dev */
export interface Koffi {
  load(path: string | null): Foreign;
  proto(result: string, parameters: readonly string[]): unknown;
  decode(address: bigint, prototype: unknown): (...args: number[]) => unknown;
  address(view: Uint8Array): bigint;
  view(address: bigint, bytes: number): ArrayBuffer;
  errno(): number;
}

let loaded: Koffi | undefined;

/** The system's own library. */
const SYSTEM_LIBRARY: Partial<Record<NodeJS.Platform, string>> = { darwin: '/usr/lib/libSystem.B.dylib', win32: 'kernel32.dll' };

/** @throws Error where the optional package is missing or does not run on this platform */
export function koffi(): Koffi {
  if (loaded === undefined) {
    loaded = requireKoffi();
    systemLibrary();
  }
  return loaded;
}

function requireKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND';
    const text = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new Error(isMissing ? 'the optional package koffi is not installed' : `the package koffi does not run here: ${text}`, { cause });
  }
}

/** Each thread has to load a library before its first call: koffi 3.3.4 makes the stack that it calls on then, and crashes without. */
export function systemLibrary(): ReturnType<Koffi['load']> {
  return koffi().load(SYSTEM_LIBRARY[process.platform] ?? null);
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

/** Where values of a SharedArrayBuffer stand. */
export function addressOfWords(words: Int32Array | Uint32Array | Uint8Array): number {
  return Number(koffi().address(new Uint8Array(words.buffer, words.byteOffset, words.byteLength)));
}

/**
 * Ends the process without waiting for its threads: nothing interrupts one that is in machine code. Returns where no machine code was
 * made, as the threads can be ended then.
 */
export function endProcess(exitCode: number): void {
  if (loaded === undefined) return;
  const prototype = process.platform === 'win32' ? 'void ExitProcess(uint32_t code)' : 'void _exit(int code)';
  systemLibrary().func(prototype)(exitCode);
}
