import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { cgroupQuota, countCores } from '../../src/machine/cores.ts';

interface Case {
  title: string;
  files: Record<string, string>;
  quota: number | undefined;
}

const V2 = 'sys/fs/cgroup';
const V1 = 'sys/fs/cgroup/cpu';

const CASES: readonly Case[] = [
  { title: 'no /proc (another system)', files: {}, quota: undefined },
  {
    title: 'v2 without a quota',
    files: { 'proc/self/cgroup': '0::/user.slice\n', [`${V2}/user.slice/cpu.max`]: 'max 100000\n' },
    quota: undefined,
  },
  { title: 'v2 with half a CPU', files: { 'proc/self/cgroup': '0::/job\n', [`${V2}/job/cpu.max`]: '50000 100000\n' }, quota: 0.5 },
  { title: 'v2 without a period', files: { 'proc/self/cgroup': '0::/job\n', [`${V2}/job/cpu.max`]: '250000\n' }, quota: 2.5 },
  {
    title: 'v2 nested: the tightest level on the way up binds',
    files: {
      'proc/self/cgroup': '0::/a/b/c\n',
      [`${V2}/a/b/c/cpu.max`]: 'max 100000\n',
      [`${V2}/a/b/cpu.max`]: '300000 100000\n',
      [`${V2}/a/cpu.max`]: '200000 100000\n',
    },
    quota: 2,
  },
  {
    title: 'v2 in a container whose path does not exist here: the mount itself',
    files: { 'proc/self/cgroup': '0::/docker/0123abc\n', [`${V2}/cpu.max`]: '150000 100000\n' },
    quota: 1.5,
  },
  {
    title: 'v2 with a path above the mount',
    files: { 'proc/self/cgroup': '0::/../job\n', [`${V2}/job/cpu.max`]: '400000 100000\n' },
    quota: 4,
  },
  {
    title: 'v1 with a quota',
    files: {
      'proc/self/cgroup': '4:cpu,cpuacct:/job\n2:memory:/job\n',
      [`${V1}/job/cpu.cfs_quota_us`]: '300000\n',
      [`${V1}/job/cpu.cfs_period_us`]: '100000\n',
    },
    quota: 3,
  },
  {
    title: 'v1 without a quota is -1',
    files: { 'proc/self/cgroup': '4:cpu:/job\n', [`${V1}/job/cpu.cfs_quota_us`]: '-1\n', [`${V1}/job/cpu.cfs_period_us`]: '100000\n' },
    quota: undefined,
  },
  {
    title: 'v1: the quota of another controller does not count, and cpuset is not cpu',
    files: {
      'proc/self/cgroup': '3:cpuset:/job\n',
      [`${V1}/job/cpu.cfs_quota_us`]: '100000\n',
      [`${V1}/job/cpu.cfs_period_us`]: '100000\n',
    },
    quota: undefined,
  },
  {
    title: 'v1 nested in a container',
    files: { 'proc/self/cgroup': '4:cpu:/docker/abc\n', [`${V1}/cpu.cfs_quota_us`]: '50000\n', [`${V1}/cpu.cfs_period_us`]: '25000\n' },
    quota: 2,
  },
  {
    title: 'v1 and v2 mounted together: the tighter of the two',
    files: {
      'proc/self/cgroup': '4:cpu:/job\n0::/job\n',
      [`${V2}/job/cpu.max`]: '700000 100000\n',
      [`${V1}/job/cpu.cfs_quota_us`]: '600000\n',
      [`${V1}/job/cpu.cfs_period_us`]: '100000\n',
    },
    quota: 6,
  },
  {
    title: 'nonsense in the files',
    files: { 'proc/self/cgroup': 'what\n::\n0::/job\n', [`${V2}/job/cpu.max`]: 'many 0\n' },
    quota: undefined,
  },
];

for (const { title, files, quota } of CASES) {
  test(`the CPU quota of a cgroup: ${title}`, (t) => {
    const root = mkdtempSync(path.join(tmpdir(), 'gradloom-cores-'));
    t.teardown(() => rmSync(root, { recursive: true }));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
      writeFileSync(path.join(root, name), content);
    }
    t.is(cgroupQuota(root), quota);
  });
}

test('at least one core is usable, and never more than are available', (t) => {
  const { available, usable } = countCores();
  t.true(Number.isInteger(usable) && usable >= 1 && usable <= available);
});
