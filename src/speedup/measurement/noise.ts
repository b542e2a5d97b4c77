import os from 'node:os';
import path from 'node:path';
import { readSystemFile } from '../../storage/read.ts';

/** What the machine has done so far, in counters that only grow; undefined where the system does not tell. */
export interface MachineCounters {
  /** Seconds in which the processors that this process may use were busy, for whomever. */
  busySeconds: number | undefined;
  /** Seconds in which the hypervisor gave those processors to others. */
  stealSeconds: number | undefined;
  /** Periods in which a cgroup's quota stopped this process. */
  throttled: number | undefined;
}

/** What disturbed a measurement. */
export interface Disturbance {
  /** Processors that other processes kept busy, on average. */
  otherCores: number | undefined;
  stealSeconds: number;
  throttled: number;
}

const TICKS_PER_SECOND = 100;

/** Load averages of 1, 5 and 15 minutes; Windows has none. */
export function loadAverage(): number | undefined {
  return process.platform === 'win32' ? undefined : os.loadavg()[0];
}

/** @param root  where the file system starts, for tests */
export function readCounters(root = '/'): MachineCounters {
  const stat = readSystemFile(path.join(root, 'proc/stat'));
  const allowed = allowedProcessors(readSystemFile(path.join(root, 'proc/self/status')) ?? '');
  return {
    ...(stat === undefined ? { busySeconds: undefined, stealSeconds: undefined } : sumProcessors(stat, allowed)),
    throttled: throttled(root),
  };
}

/**
 * What happened between two readings.
 *
 * @param seconds     wall time between them
 * @param cpuSeconds  that this process used in it
 */
export function disturbanceOf(before: MachineCounters, after: MachineCounters, seconds: number, cpuSeconds: number): Disturbance {
  const grown = (of: (counters: MachineCounters) => number | undefined): number | undefined => {
    const [from, to] = [of(before), of(after)];
    return from === undefined || to === undefined ? undefined : Math.max(0, to - from);
  };
  const busy = grown((counters) => counters.busySeconds);
  return {
    otherCores: busy === undefined ? undefined : Math.max(0, busy - cpuSeconds) / seconds,
    stealSeconds: grown((counters) => counters.stealSeconds) ?? 0,
    throttled: grown((counters) => counters.throttled) ?? 0,
  };
}

/** `Cpus_allowed_list: 0-3,8` as numbers; undefined for all. */
function allowedProcessors(status: string): ReadonlySet<number> | undefined {
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(status)?.[1];
  if (list === undefined) return undefined;
  const numbers = list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return new Set(numbers);
}

/** Lines `cpuN user nice system idle iowait irq softirq steal`, in ticks. */
function sumProcessors(stat: string, allowed: ReadonlySet<number> | undefined): Pick<MachineCounters, 'busySeconds' | 'stealSeconds'> {
  let busy = 0;
  let stolen = 0;
  for (const match of stat.matchAll(/^cpu(\d+) (.*)$/gm)) {
    if (allowed !== undefined && !allowed.has(Number(match[1]))) continue;
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (match[2] ?? '').trim().split(/\s+/).map(Number);
    busy += user + nice + system + irq + softirq;
    stolen += steal;
  }
  return { busySeconds: busy / TICKS_PER_SECOND, stealSeconds: stolen / TICKS_PER_SECOND };
}

/** nr_throttled of this process's cgroups, v1 and v2, on all levels. */
function throttled(root: string): number | undefined {
  const memberships = readSystemFile(path.join(root, 'proc/self/cgroup')) ?? '';
  const mounts = path.join(root, 'sys/fs/cgroup');
  const counts: number[] = [];
  for (const [, , controllers = '', group = '/'] of memberships.matchAll(/^(\d+):([^:]*):(.*)$/gm)) {
    if (controllers !== '' && !controllers.split(',').includes('cpu')) continue;
    const mount = controllers === '' ? mounts : path.join(mounts, 'cpu');
    const parts = group.split('/').filter((part) => part !== '' && part !== '..');
    // Inside a container the group's path may not exist: then only the mount is read.
    for (let depth = parts.length; depth >= 0; depth--) {
      const count = /^nr_throttled (\d+)$/m.exec(readSystemFile(path.join(mount, ...parts.slice(0, depth), 'cpu.stat')) ?? '')?.[1];
      if (count !== undefined) counts.push(Number(count));
    }
  }
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
