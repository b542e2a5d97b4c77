import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { memoryLimitOfGroups, processLimitOfGroups } from '../../src/machine/cgroup.ts';
import { memoryLimit } from '../../src/machine/limits.ts';

/** A file system with nothing but these files. */
function rootWith(t: ExecutionContext, files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'gradloom-cgroup-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return root;
}

const V2 = 'sys/fs/cgroup';
const MiB = 2 ** 20;

for (const { title, files, value, file } of [
  { title: 'no /proc (another system)', files: {}, value: undefined, file: undefined },
  {
    title: 'v2 without a limit',
    files: { 'proc/self/cgroup': '0::/a\n', [`${V2}/a/memory.max`]: 'max\n' },
    value: undefined,
    file: undefined,
  },
  {
    title: 'v2: the tightest on the way up',
    files: {
      'proc/self/cgroup': '0::/a/b\n',
      [`${V2}/a/b/memory.max`]: 'max\n',
      [`${V2}/a/memory.max`]: `${300 * MiB}\n`,
      [`${V2}/memory.max`]: `${400 * MiB}\n`,
    },
    value: 300 * MiB,
    file: `${V2}/a/memory.max`,
  },
  {
    title: 'v2 in a container: the mount alone',
    files: { 'proc/self/cgroup': '0::/docker/0123\n', [`${V2}/memory.max`]: `${64 * MiB}\n` },
    value: 64 * MiB,
    file: `${V2}/memory.max`,
  },
  {
    title: 'v1: its own controller, where no limit is close to 2^63',
    files: {
      'proc/self/cgroup': '9:cpu,cpuacct:/x\n4:memory:/a/b\n0::/\n',
      [`${V2}/memory/a/b/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${V2}/memory/a/memory.limit_in_bytes`]: `${500 * MiB}\n`,
      [`${V2}/memory/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${V2}/memory/x/memory.limit_in_bytes`]: '1\n',
    },
    value: 500 * MiB,
    file: `${V2}/memory/a/memory.limit_in_bytes`,
  },
]) {
  test(`memory of cgroups: ${title}`, (t) => {
    const root = rootWith(t, files);
    const found = file === undefined ? undefined : path.join(root, file);
    t.deepEqual(memoryLimitOfGroups(root), value === undefined || found === undefined ? undefined : { value, file: found });
    const limit = memoryLimit(root, 350 * MiB);
    const isBelow = value !== undefined && value < 350 * MiB;
    t.deepEqual(limit, { bytes: isBelow ? value : 350 * MiB, physical: 350 * MiB, file: isBelow ? found : undefined });
  });
}

test('of the limits of threads the one counts that leaves the fewest', (t) => {
  const root = rootWith(t, {
    'proc/self/cgroup': '8:pids:/a/b\n',
    [`${V2}/pids/a/b/pids.max`]: '50\n',
    [`${V2}/pids/a/b/pids.current`]: '7\n',
    [`${V2}/pids/a/pids.max`]: '60\n',
    [`${V2}/pids/a/pids.current`]: '58\n',
    [`${V2}/pids/pids.max`]: 'max\n',
  });
  t.deepEqual(processLimitOfGroups(root), { value: 60, current: 58, file: path.join(root, V2, 'pids/a/pids.max') });
  t.is(processLimitOfGroups(rootWith(t, {})), undefined);
});
