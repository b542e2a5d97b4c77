import { totalmem } from 'node:os';
import { readSystemFile } from '../storage/read.ts';
import { memoryLimitOfGroups } from './cgroup.ts';

/** What `ulimit` allows this process; undefined where it is unlimited or the system does not say. */
export interface UserLimits {
  /** Bytes of address space (-v). */
  addressSpace: number | undefined;
  /** Threads and processes of the user (-u). */
  processes: number | undefined;
  /** Open files (-n). */
  openFiles: number | undefined;
}

/** The memory that a run may use here. */
export interface MemoryLimit {
  /** The smaller one of what the machine has and what its cgroups allow. */
  bytes: number;
  physical: number;
  /** The cgroup's file, where that is the smaller one. */
  file: string | undefined;
}

/** Lines of /proc/self/limits. */
const LINES = { addressSpace: 'Max address space', processes: 'Max processes', openFiles: 'Max open files' } as const;
/** The same in Node's diagnostic report. */
const REPORTED = {
  addressSpace: ['virtual_memory_kbytes', 1024],
  processes: ['max_user_processes', 1],
  openFiles: ['open_files', 1],
} as const;

/** Reads the soft limits of this process, also where it can open no more files. */
export function userLimits(): UserLimits {
  const text = readSystemFile('/proc/self/limits');
  if (text === undefined) return reportedLimits();
  const limit = (name: keyof UserLimits): number | undefined => {
    const soft = new RegExp(`^${LINES[name]} +(\\d+)`, 'm').exec(text)?.[1];
    return soft === undefined ? undefined : Number(soft);
  };
  return { addressSpace: limit('addressSpace'), processes: limit('processes'), openFiles: limit('openFiles') };
}

/** The report asks the system by a call, without a file; it takes 30 ms. */
function reportedLimits(): UserLimits {
  // Not in Node's types: without it the report looks up the names of peers.
  Object.assign(process.report, { excludeNetwork: true });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a boundary: Node's types do not say what a report holds
  const { userLimits: reported } = process.report.getReport() as { userLimits?: Record<string, { soft: unknown }> };
  const limit = (name: keyof UserLimits): number | undefined => {
    const [key, unit] = REPORTED[name];
    const soft = reported?.[key]?.soft;
    return typeof soft === 'number' ? soft * unit : undefined;
  };
  return { addressSpace: limit('addressSpace'), processes: limit('processes'), openFiles: limit('openFiles') };
}

/** Bytes of address space that this process takes up; undefined where the system does not say. */
export function addressSpaceUsed(): number | undefined {
  const kibibytes = /^VmSize:\s+(\d+) kB$/m.exec(readSystemFile('/proc/self/status') ?? '')?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** @param root  where the file system starts, for tests */
export function memoryLimit(root = '/', physical = totalmem()): MemoryLimit {
  const group = memoryLimitOfGroups(root);
  if (group === undefined || group.value >= physical) return { bytes: physical, physical, file: undefined };
  return { bytes: group.value, physical, file: group.file };
}
