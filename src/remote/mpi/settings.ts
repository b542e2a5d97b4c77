import { addressOfWords, systemLibrary } from '../../native/system/foreign.ts';
import { readSystemFile } from '../../storage/read.ts';

/** Yama's scope from which on a process may not read another's memory, whatever that one allows. */
const SCOPE_WITHOUT_PTRACE = 2;
/**
 * Open MPI finds out too late that one process may not read the memory of another, as in containers without ptrace, and ends with
 * `Read -1, expected ...`.
 *
 * @see https://github.com/open-mpi/ompi/issues/4948
 */
const WITHOUT_READING = [
  ['OMPI_MCA_btl_vader_single_copy_mechanism', 'none'],
  ['OMPI_MCA_smsc', '^cma'],
] as const;
/**
 * UCX, on which Debian's MPICH stands, writes jumps of its own into brk, sbrk and mmap, while other threads may be in them, to learn what is
 * unmapped. measured: with UCX 1.13.1, 1 of some 100 starts of Node 20 ended in a heap that was not mapped any more.
 */
const WITHOUT_HOOKS = ['UCX_MEM_EVENTS', 'n'] as const;

type Setting = readonly [name: string, value: string];

/** What has to be set before a library of MPI is loaded; nothing that the user has set. */
export function librarySettings(environment: NodeJS.ProcessEnv, mayRead = mayReadMemory): Setting[] {
  const settings: readonly Setting[] = [WITHOUT_HOOKS, ...(mayRead() ? [] : WITHOUT_READING)];
  return settings.filter(([name]) => environment[name] === undefined);
}

/** Linux: tries the call on the process itself, which only a filter of calls refuses, and asks Yama. */
function mayReadMemory(): boolean {
  if (process.platform !== 'linux') return true;
  if (Number(readSystemFile('/proc/sys/kernel/yama/ptrace_scope') ?? 0) >= SCOPE_WITHOUT_PTRACE) return false;
  const library = systemLibrary();
  const read = library.func('process_vm_readv', 'int64_t', ['int', 'void *', 'uint64_t', 'void *', 'uint64_t', 'uint64_t']);
  const [from, to] = [new Uint8Array(8).fill(7), new Uint8Array(8)];
  read(process.pid, vectorOf(to), 1, vectorOf(from), 1, 0);
  return to.every((byte, i) => byte === from[i]);
}

/** struct iovec */
function vectorOf(bytes: Uint8Array): BigUint64Array {
  return BigUint64Array.of(BigInt(addressOfWords(bytes)), BigInt(bytes.length));
}
