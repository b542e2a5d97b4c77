import { availableParallelism } from 'node:os';
import path from 'node:path';
import { readSystemFile } from '../storage/read.ts';

/** What the machine gives this process. */
export interface Cores {
  /** Processors this process may run on (affinity). */
  available: number;
  /** The tightest cgroup quota on the way up, in processors; undefined without one. */
  quota: number | undefined;
  /** Threads worth starting: min(available, max(1, floor(quota))). */
  usable: number;
}

/** Reads affinity and cgroup quotas (v1 and v2); Node itself looks at affinity only. */
export function countCores(): Cores {
  const available = availableParallelism();
  const quota = cgroupQuota();
  return { available, quota, usable: quota === undefined ? available : Math.min(available, Math.max(1, Math.floor(quota))) };
}

/**
 * The tightest CPU quota of this process's cgroups, in processors.
 *
 * @param root  where the file system starts, for tests
 */
export function cgroupQuota(root = '/'): number | undefined {
  const memberships = readSystemFile(path.join(root, 'proc/self/cgroup'));
  if (memberships === undefined) return undefined;
  const quotas: number[] = [];
  for (const line of memberships.split('\n')) {
    // hierarchy-id:controllers:path; v2 has id 0 and no controllers.
    const match = /^(\d+):([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    const [, , controllers = '', group = '/'] = match;
    if (controllers === '') climb(path.join(root, 'sys/fs/cgroup'), group, quotaV2, quotas);
    else if (controllers.split(',').includes('cpu')) climb(path.join(root, 'sys/fs/cgroup', 'cpu'), group, quotaV1, quotas);
  }
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** A parent's quota binds its children too, so every level up to the mount is read. Inside a container the path may not exist: then only the mount. */
function climb(mount: string, group: string, quotaOf: (directory: string) => number | undefined, quotas: number[]): void {
  const parts = group.split('/').filter((part) => part !== '' && part !== '..');
  for (let depth = parts.length; depth >= 0; depth--) {
    const quota = quotaOf(path.join(mount, ...parts.slice(0, depth)));
    if (quota !== undefined) quotas.push(quota);
  }
}

function quotaV2(directory: string): number | undefined {
  const [max, period] = (readSystemFile(path.join(directory, 'cpu.max')) ?? 'max').trim().split(/\s+/);
  return positiveRatio(Number(max), Number(period ?? 100_000));
}

function quotaV1(directory: string): number | undefined {
  return positiveRatio(
    Number(readSystemFile(path.join(directory, 'cpu.cfs_quota_us')) ?? -1),
    Number(readSystemFile(path.join(directory, 'cpu.cfs_period_us')) ?? 100_000),
  );
}

/** No quota is `max` (not a number) in v2 and -1 in v1. */
function positiveRatio(quota: number, period: number): number | undefined {
  return quota > 0 && period > 0 ? quota / period : undefined;
}
