import { GradloomError } from '../errors.ts';
import { processLimitOfGroups } from './cgroup.ts';
import { addressSpaceUsed, memoryLimit, userLimits } from './limits.ts';
import { showBytes } from './show-bytes.ts';

/** What the system would not give. */
export type Resource = 'files' | 'threads' | 'memory';

const RESOURCES: Readonly<Record<string, Resource>> = { EMFILE: 'files', ENFILE: 'files', EAGAIN: 'threads', ENOMEM: 'memory' };
const MEMORY = /^(?:WebAssembly\.Memory\(\): could not allocate memory|Array buffer allocation failed)$/;
/** measured: address space that V8 (Node 20 and 22, x64) takes for a thread; a thread that does not get it ends the whole process. */
const THREAD_ADDRESS_BYTES = 600 * 2 ** 20;
const UNGUARDED = '--disable-wasm-trap-handler';
const GUARDS = `10 GiB of it are guards around WebAssembly's memory, which NODE_OPTIONS=${UNGUARDED} leaves out`;
const LESS_MEMORY = 'raise the limit, or use a smaller batch, network or data set';
/** Node itself takes 20, and loading modules side by side some dozens. */
const ENOUGH_FILES = 1024;

/**
 * The error for what the system refused, with the limit's name and value: E_LIMIT. Undefined for a fault of another kind.
 *
 * @param cause  as Node threw it, or an error with it as a cause
 */
export function refusalError(cause: unknown): GradloomError | undefined {
  const resource = resourceOf(cause);
  return resource && refused(resource, cause);
}

/** The error for a resource that the system refused, or would refuse. */
export function refused(resource: Resource, cause: unknown, what = WHAT[resource]): GradloomError {
  const { limits, next } = LIMITS[resource](cause);
  const shown = limits.length === 0 ? 'no limit of this process or its cgroups explains it' : limits.join('; ');
  return new GradloomError({ code: 'E_LIMIT', message: `${what}: ${shown}`, next, cause });
}

const WHAT: Readonly<Record<Resource, string>> = {
  files: 'the system opens no more files for this process',
  threads: 'the system starts no more threads',
  memory: 'the system gives no more memory',
};

/**
 * Refuses threads that could not have the address space they take: V8 would end the process without a word of ours.
 *
 * @throws GradloomError E_LIMIT
 */
export function checkThreads(count: number): void {
  const { addressSpace } = userLimits();
  const used = addressSpaceUsed();
  if (addressSpace === undefined || used === undefined || used + count * THREAD_ADDRESS_BYTES <= addressSpace) return;
  const needs = `${showBytes(count * THREAD_ADDRESS_BYTES)} more of address space`;
  throw refused('memory', undefined, `${count} ${count === 1 ? 'thread needs' : 'threads need'} ${needs}`);
}

/**
 * Refuses memory beyond what the machine has or its cgroups allow: the kernel would kill the process when it is touched, not refuse it.
 *
 * @param bytes  besides what this process has now
 * @param what   needs them: `the data set`
 * @throws GradloomError E_LIMIT
 */
export function checkMemory(bytes: number, what: string, limit = memoryLimit()): void {
  const used = process.memoryUsage.rss();
  if (used + bytes <= limit.bytes) return;
  const allowed =
    limit.file === undefined ? `the machine has ${showBytes(limit.bytes)}` : `the cgroup allows ${showBytes(limit.bytes)} (${limit.file})`;
  throw new GradloomError({
    code: 'E_LIMIT',
    message: `${what} ${showBytes(bytes)} of memory beside the ${showBytes(used)} in use: ${allowed}`,
    next: LESS_MEMORY,
  });
}

/**
 * Reserves the memory up front, so that nothing can run out of it in the middle of a step.
 *
 * @throws GradloomError E_LIMIT if the system refuses
 */
export function reserveMemory(plan: { bytes: number; pages: number }, what = 'the run'): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages, shared: true });
  } catch (cause) {
    throw refused('memory', cause, `the system refused the ${showBytes(plan.bytes)} of shared memory that ${what} needs`);
  }
}

interface Found {
  limits: string[];
  next: string;
}

const LIMITS: Readonly<Record<Resource, (cause: unknown) => Found>> = {
  files: (cause) => {
    const { openFiles } = userLimits();
    if (nameOf(cause) === 'ENFILE') return { limits: ['fs.file-max of the whole system'], next: 'close programs, or raise fs.file-max' };
    return { limits: openFiles === undefined ? [] : [`ulimit -n is ${openFiles}`], next: `raise it: ulimit -n ${ENOUGH_FILES}` };
  },
  threads: () => {
    const group = processLimitOfGroups();
    const { processes, addressSpace } = userLimits();
    const limits: string[] = [];
    if (group !== undefined) limits.push(`pids.max of the cgroup is ${group.value}, ${group.current} in use (${group.file})`);
    // It does not bind root.
    if (processes !== undefined && process.getuid?.() !== 0) limits.push(`ulimit -u is ${processes} for all processes of the user`);
    if (addressSpace !== undefined) limits.push(`ulimit -v is ${showBytes(addressSpace)}`);
    return { limits, next: 'raise the limit, or take fewer threads: --workers 1' };
  },
  memory: () => {
    const { addressSpace } = userLimits();
    const { bytes, file } = memoryLimit();
    if (addressSpace === undefined) {
      const limit = file === undefined ? `the machine has ${showBytes(bytes)}` : `the cgroup allows ${showBytes(bytes)} (${file})`;
      return { limits: [limit], next: LESS_MEMORY };
    }
    const used = addressSpaceUsed();
    const limit = `ulimit -v is ${showBytes(addressSpace)}${used === undefined ? '' : `, ${showBytes(used)} in use`}`;
    const guarded = process.execArgv.includes(UNGUARDED) || (process.env['NODE_OPTIONS'] ?? '').includes(UNGUARDED) ? [] : [GUARDS];
    return { limits: [limit], next: ['raise it: ulimit -v unlimited', ...guarded].join('; ') };
  },
};

/** @param depth  causes of causes to look at: a circle must end */
function resourceOf(cause: unknown, depth = 8): Resource | undefined {
  if (!(cause instanceof Error) || depth === 0) return undefined;
  const resource = Object.hasOwn(RESOURCES, nameOf(cause) ?? '') ? RESOURCES[nameOf(cause) ?? ''] : undefined;
  if (resource !== undefined) return resource;
  if (cause instanceof RangeError && MEMORY.test(cause.message)) return 'memory';
  return resourceOf(cause.cause, depth - 1);
}

/** The system's name of a fault: threads carry it in their message only. */
function nameOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  if ('code' in cause && typeof cause.code === 'string' && cause.code.startsWith('E') && !cause.code.startsWith('ERR_')) return cause.code;
  const last = cause.message.split(/[\s:]+/).at(-1) ?? '';
  return Object.hasOwn(RESOURCES, last) ? last : undefined;
}
