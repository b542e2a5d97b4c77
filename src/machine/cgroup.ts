import path from 'node:path';
import { readSystemFile } from '../storage/read.ts';

/** A number that a file of a cgroup sets as a limit. */
export interface GroupLimit {
  value: number;
  /** Where it stands. */
  file: string;
}

/** What a limit of threads and processes leaves. */
export interface ProcessLimit extends GroupLimit {
  /** Threads and processes that count against it now. */
  current: number;
}

/**
 * Visits the cgroups of this process that a controller rules, from its own to the mount: a parent's limit binds its children too. Inside a
 * container the path may not exist: then only the mount has files.
 *
 * @param controller  as in `cpu`, `memory`, `pids`
 * @param root        where the file system starts, for tests
 */
export function visitGroups(controller: string, visit: (directory: string, version: 1 | 2) => void, root = '/'): void {
  for (const line of (readSystemFile(path.join(root, 'proc/self/cgroup')) ?? '').split('\n')) {
    // hierarchy-id:controllers:path; v2 has id 0 and no controllers.
    const match = /^(\d+):([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    const [, , controllers = '', group = '/'] = match;
    const isV2 = controllers === '';
    if (!isV2 && !controllers.split(',').includes(controller)) continue;
    const mount = path.join(root, 'sys/fs/cgroup', isV2 ? '' : controller);
    const parts = group.split('/').filter((part) => part !== '' && part !== '..');
    for (let depth = parts.length; depth >= 0; depth--) visit(path.join(mount, ...parts.slice(0, depth)), isV2 ? 2 : 1);
  }
}

/** The tightest memory limit of this process's cgroups, in bytes; undefined without one. */
export function memoryLimitOfGroups(root = '/'): GroupLimit | undefined {
  const limits: GroupLimit[] = [];
  visitGroups(
    'memory',
    (directory, version) => {
      const file = path.join(directory, version === 2 ? 'memory.max' : 'memory.limit_in_bytes');
      const value = numberIn(file);
      // No limit is `max` in v2 and close to 2^63 in v1.
      if (value !== undefined && value < 2 ** 60) limits.push({ value, file });
    },
    root,
  );
  return tightest(limits);
}

/** The limit of threads and processes that leaves the fewest; undefined without one. */
export function processLimitOfGroups(root = '/'): ProcessLimit | undefined {
  const limits: ProcessLimit[] = [];
  visitGroups(
    'pids',
    (directory) => {
      const file = path.join(directory, 'pids.max');
      const value = numberIn(file);
      if (value !== undefined) limits.push({ value, file, current: numberIn(path.join(directory, 'pids.current')) ?? 0 });
    },
    root,
  );
  return limits.toSorted((a, b) => a.value - a.current - (b.value - b.current))[0];
}

function tightest(limits: readonly GroupLimit[]): GroupLimit | undefined {
  return limits.toSorted((a, b) => a.value - b.value)[0];
}

/** A whole number; undefined for words and for what is not there. */
function numberIn(file: string): number | undefined {
  const text = readSystemFile(file)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
