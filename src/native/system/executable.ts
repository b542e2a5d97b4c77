import { koffi, systemLibrary } from './foreign.ts';

/** Machine code in memory that can be executed and no longer written to. */
export interface ExecutableCode {
  address: number;
  bytes: number;
  /** Gives the memory back; nobody may be in the code, nor come to it any more. */
  release(): void;
}

/**
 * Puts code into memory of its own: written first, then made executable, never both at a time.
 *
 * @throws Error where the system refuses (SELinux, MDWE, a hardened container)
 */
export function loadCode(code: Uint8Array): ExecutableCode {
  return process.platform === 'win32' ? loadOnWindows(code) : loadOnPosix(code);
}

const PAGE_BYTES = 4096;
const wholePages = (bytes: number): number => Math.max(PAGE_BYTES, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES);

const PROT = { read: 1, write: 2, execute: 4 };
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = process.platform === 'linux' ? 0x20 : 0x1000;

interface PosixCalls {
  mmap: (...args: unknown[]) => unknown;
  mprotect: (...args: unknown[]) => unknown;
  munmap: (...args: unknown[]) => unknown;
  memcpy: (...args: unknown[]) => unknown;
}

let posix: PosixCalls | undefined;

function posixCalls(): PosixCalls {
  if (posix === undefined) {
    const library = systemLibrary();
    posix = {
      mmap: library.func('int64_t mmap(int64_t at, int64_t bytes, int protection, int flags, int file, int64_t offset)'),
      mprotect: library.func('int mprotect(int64_t at, int64_t bytes, int protection)'),
      munmap: library.func('int munmap(int64_t at, int64_t bytes)'),
      memcpy: library.func('int64_t memcpy(int64_t to, const uint8_t *from, int64_t bytes)'),
    };
  }
  return posix;
}

function loadOnPosix(code: Uint8Array): ExecutableCode {
  const { mmap, mprotect, munmap, memcpy } = posixCalls();
  const bytes = wholePages(code.length);
  const address = Number(mmap(0, bytes, PROT.read | PROT.write, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (address === -1) throw new Error(`the system gives no memory for code (mmap: errno ${koffi().errno()})`);
  memcpy(address, code, code.length);
  if (mprotect(address, bytes, PROT.read | PROT.execute) !== 0) {
    const errno = koffi().errno();
    munmap(address, bytes);
    throw new Error(`the system does not allow generated code (mprotect: errno ${errno})`);
  }
  return { address, bytes, release: () => munmap(address, bytes) };
}

const MEM_COMMIT_RESERVE = 0x3000;
const MEM_RELEASE = 0x8000;
const PAGE_READWRITE = 0x04;
const PAGE_EXECUTE_READ = 0x20;

function loadOnWindows(code: Uint8Array): ExecutableCode {
  const kernel32 = systemLibrary();
  const allocate = kernel32.func('int64_t VirtualAlloc(int64_t at, size_t bytes, uint32_t type, uint32_t protection)');
  const protect = kernel32.func('int VirtualProtect(int64_t at, size_t bytes, uint32_t protection, _Out_ uint32_t *before)');
  const free = kernel32.func('int VirtualFree(int64_t at, size_t bytes, uint32_t type)');
  const copy = kernel32.func('void RtlMoveMemory(int64_t to, const uint8_t *from, size_t bytes)');
  const bytes = wholePages(code.length);
  const address = Number(allocate(0, bytes, MEM_COMMIT_RESERVE, PAGE_READWRITE));
  if (address === 0) throw new Error('the system gives no memory for code (VirtualAlloc)');
  copy(address, code, code.length);
  if (protect(address, bytes, PAGE_EXECUTE_READ, [0]) === 0) {
    free(address, 0, MEM_RELEASE);
    throw new Error('the system does not allow generated code (VirtualProtect)');
  }
  return { address, bytes, release: () => free(address, 0, MEM_RELEASE) };
}
