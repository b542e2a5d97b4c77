import { addressOfWords, systemLibrary } from '../../native/system/foreign.ts';
import { readSystemFile } from '../../storage/read.ts';

/** Yama's scope from which on a process may not read another's memory, whatever that one allows. */
const SCOPE_WITHOUT_PTRACE = 2;
const SETTINGS = [
  ['OMPI_MCA_btl_vader_single_copy_mechanism', 'none'],
  ['OMPI_MCA_smsc', '^cma'],
] as const;

/**
 * What has to be set for Open MPI where the system does not let one process read the memory of another, as in containers without ptrace: it
 * finds that out too late, and ends with `Read -1, expected ...`. Nothing where the system does, or the user has set it.
 *
 * @see https://github.com/open-mpi/ompi/issues/4948
 */
export function singleCopySettings(environment: NodeJS.ProcessEnv, mayRead = mayReadMemory): (readonly [string, string])[] {
  if (SETTINGS.some(([name]) => environment[name] !== undefined) || mayRead()) return [];
  return [...SETTINGS];
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
