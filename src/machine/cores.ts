import { availableParallelism } from 'node:os';
import path from 'node:path';
import { readSystemFile } from '../storage/read.ts';
import { visitGroups } from './cgroup.ts';

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
  const quotas: number[] = [];
  visitGroups(
    'cpu',
    (directory, version) => {
      const quota = version === 2 ? quotaV2(directory) : quotaV1(directory);
      if (quota !== undefined) quotas.push(quota);
    },
    root,
  );
  return quotas.length === 0 ? undefined : Math.min(...quotas);
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
