import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { disturbanceOf, readCounters } from '../../../src/speedup/measurement/noise.ts';

function machine(t: ExecutionContext, files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'gradloom-noise-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

const STAT = 'cpu  9 9 9 9\ncpu0 100 10 20 5000 7 1 2 50 0 0\ncpu1 200 0 0 5000 0 0 0 0 0 0\ncpu2 400 0 0 0 0 0 0 90 0 0\nintr 1 2 3\n';

test('only the processors that this process may use are counted', (t) => {
  const all = readCounters(machine(t, { 'proc/stat': STAT }));
  t.deepEqual(all, { busySeconds: 7.33, stealSeconds: 1.4, throttled: undefined });
  const some = readCounters(machine(t, { 'proc/stat': STAT, 'proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0-1\n' }));
  t.deepEqual(some, { busySeconds: 3.33, stealSeconds: 0.5, throttled: undefined });
});

test('throttling is counted on all levels of both kinds of cgroup', (t) => {
  const v2 = machine(t, {
    'proc/self/cgroup': '0::/a/b\n',
    'sys/fs/cgroup/a/b/cpu.stat': 'usage_usec 5\nnr_throttled 3\n',
    'sys/fs/cgroup/a/cpu.stat': 'nr_periods 9\nnr_throttled 4\n',
  });
  t.is(readCounters(v2).throttled, 7);
  const v1 = machine(t, { 'proc/self/cgroup': '4:cpu,cpuacct:/a\n3:memory:/a\n', 'sys/fs/cgroup/cpu/cpu.stat': 'nr_throttled 2\n' });
  t.is(readCounters(v1).throttled, 2);
});

test('a system that tells nothing disturbs nothing', (t) => {
  const nothing = readCounters(machine(t, {}));
  t.deepEqual(disturbanceOf(nothing, nothing, 1, 1), { otherCores: undefined, stealSeconds: 0, throttled: 0 });
});

test('what others used is what was busy without us', (t) => {
  const before = { busySeconds: 10, stealSeconds: 1, throttled: 5 };
  const after = { busySeconds: 13, stealSeconds: 1.5, throttled: 6 };
  t.deepEqual(disturbanceOf(before, after, 2, 2), { otherCores: 0.5, stealSeconds: 0.5, throttled: 1 });
  t.is(disturbanceOf(before, after, 2, 4).otherCores, 0);
});
