import { GradloomError, printable, printableSentence } from '../../errors.ts';
import { type Foreign, koffi } from '../../native/system/foreign.ts';

/** A communicator, a type or an operation: an address in Open MPI, a number in MPICH. */
export type Handle = bigint | number;

/** What of MPI is used, of a library that is loaded: every thread loads it for itself. */
export interface Mpi {
  /** `Open MPI v4.1.4`, `MPICH Version: 4.0.2` */
  version: string;
  world: Handle;
  byte: Handle;
  float: Handle;
  sum: Handle;
  inPlace: bigint;
  /** MPI_STATUS_IGNORE */
  noStatus: bigint;
  call(name: MpiCall, ...args: unknown[]): void;
}

const POINTER = 'void *';
const HANDLE = 'handle';

/** Arguments of the calls; `handle` is what the library has for one. */
const CALLS = {
  MPI_Init_thread: [POINTER, POINTER, 'int', POINTER],
  MPI_Comm_rank: [HANDLE, POINTER],
  MPI_Comm_size: [HANDLE, POINTER],
  MPI_Comm_dup: [HANDLE, POINTER],
  MPI_Iallgather: [POINTER, 'int', HANDLE, POINTER, 'int', HANDLE, HANDLE, POINTER],
  MPI_Ialltoall: [POINTER, 'int', HANDLE, POINTER, 'int', HANDLE, HANDLE, POINTER],
  MPI_Iallreduce: [POINTER, POINTER, 'int', HANDLE, HANDLE, HANDLE, POINTER],
  MPI_Ibcast: [POINTER, 'int', HANDLE, 'int', HANDLE, POINTER],
  MPI_Test: [POINTER, POINTER, POINTER],
  MPI_Abort: [HANDLE, 'int'],
  MPI_Finalize: [],
} as const;

type MpiCall = keyof typeof CALLS;

interface Implementation {
  /** In the text of MPI_Get_library_version. */
  sign: RegExp;
  handle: string;
  files: readonly string[];
  constants(library: Foreign): Omit<Mpi, 'version' | 'call'>;
}

const MAX_VERSION_BYTES = 8192;

/** Names and values as their headers have them: mpi.h of Open MPI 4.1 and 5.0, of MPICH 4.0 (and of all with the common ABI of MPICH). */
export const IMPLEMENTATIONS: Readonly<Record<'Open MPI' | 'MPICH', Implementation>> = {
  'Open MPI': {
    sign: /Open MPI v?[45]\./,
    handle: POINTER,
    files: ['libmpi.so.40', 'libmpi.40.dylib'],
    constants: (library) => {
      const at = (name: string): bigint => library.symbol(name, POINTER);
      return {
        world: at('ompi_mpi_comm_world'),
        byte: at('ompi_mpi_byte'),
        float: at('ompi_mpi_float'),
        sum: at('ompi_mpi_op_sum'),
        inPlace: 1n,
        noStatus: 0n,
      };
    },
  },
  MPICH: {
    sign: /MPICH|MVAPICH|Intel\(R\) MPI/,
    handle: 'int',
    files: ['libmpich.so.12', 'libmpi.so.12', 'libmpi.12.dylib'],
    constants: () => ({
      world: 0x4400_0000,
      byte: 0x4c00_010d,
      float: 0x4c00_040a,
      sum: 0x5800_0003,
      inPlace: -1n,
      noStatus: 1n,
    }),
  },
};

/**
 * Loads a library of MPI.
 *
 * @param files  to be looked for where the system has its libraries, in this order
 * @throws GradloomError E_MPI where none is there, or it is one that gradloom does not know
 */
export function loadMpi(files: readonly string[]): Mpi {
  const library = open(files);
  const version = versionOf(library);
  const implementation = Object.values(IMPLEMENTATIONS).find(({ sign }) => sign.test(version));
  if (implementation === undefined) {
    const message = `the MPI library is ${printableSentence(version)}; expected Open MPI 4 or 5, MPICH, or one with the ABI of MPICH`;
    throw new GradloomError({ code: 'E_MPI', where: files.join(', '), message });
  }
  const types = (args: readonly string[]): string[] => args.map((type) => (type === HANDLE ? implementation.handle : type));
  const functions = new Map<string, (...args: unknown[]) => unknown>();
  const call = (name: MpiCall, ...args: unknown[]): void => {
    const known = functions.get(name) ?? library.func(name, 'int', types(CALLS[name]));
    functions.set(name, known);
    const status = known(...args);
    if (status !== 0) throw new Error(`${name} failed: ${String(status)}`);
  };
  return { version, ...implementation.constants(library), call };
}

function open(files: readonly string[]): Foreign {
  const reasons: string[] = [];
  for (const file of files) {
    try {
      return koffi().load(file);
    } catch (cause) {
      reasons.push(cause instanceof Error ? cause.message : String(cause));
    }
  }
  throw new GradloomError({
    code: 'E_MPI',
    where: files.map((file) => printable(file)).join(', '),
    message: `the MPI library cannot be loaded: ${printableSentence(reasons[0] ?? '')}`,
    next: 'install the library that the launcher belongs to (Debian: openmpi-bin or mpich), or name it: GRADLOOM_MPI_LIBRARY=/path/libmpi.so',
  });
}

/** The first line of it. */
function versionOf(library: Foreign): string {
  const text = new Uint8Array(MAX_VERSION_BYTES);
  const length = new Int32Array(1);
  library.func('MPI_Get_library_version', 'int', [POINTER, POINTER])(text, length);
  const [line = ''] = new TextDecoder().decode(text.subarray(0, length[0])).split(/[\n\0]/);
  return line.replace(/\s+/g, ' ').replace(/,.*$/, '').trim();
}

/**
 * A collective that is under way: begun by a call, over when `isOver` says so. Its memory is shared memory, which stays where it is: V8 keeps
 * small arrays among its objects and moves them, and what came for them would be written into others.
 */
export class Pending {
  readonly #mpi: Mpi;
  readonly #request = new Uint8Array(new SharedArrayBuffer(8));
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));

  constructor(mpi: Mpi) {
    this.#mpi = mpi;
  }

  /** Begins: the request is the call's last argument. */
  begin(name: MpiCall, ...args: unknown[]): void {
    if (args.some((arg) => ArrayBuffer.isView(arg) && !(arg.buffer instanceof SharedArrayBuffer)))
      throw new RangeError(`${name}: expected shared memory`);
    this.#mpi.call(name, ...args, this.#request);
  }

  /** Takes what has come; to be called until it is true. */
  get isOver(): boolean {
    this.#mpi.call('MPI_Test', this.#request, this.#flag, this.#mpi.noStatus);
    return this.#flag[0] !== 0;
  }
}
