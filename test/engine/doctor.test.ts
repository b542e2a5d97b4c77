import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { checkDirectory, checkLimits, checkMemoryLimit, checkNode } from '../../src/engine/doctor.ts';
import { renderChecks } from '../../src/report/runs/checks.ts';
import { unpainted } from '../../src/report/text/paint.ts';

for (const [version, status] of [
  ['18.20.4', 'fail'],
  ['20.18.3', 'fail'],
  ['20.19.0', 'ok'],
  ['22.0.0', 'ok'],
  ['26.1.0', 'ok'],
] as const) {
  test(`Node ${version}: ${status}`, (t) => t.is(checkNode(version).status, status));
}

test('a directory that can be made is fine, one below a file is not', (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'gradloom-doctor-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  writeFileSync(path.join(root, 'file'), '');
  const check = (...parts: string[]) => checkDirectory('runs_directory', 'runs directory', path.join(root, ...parts), 'choose another');
  t.like(check(), { status: 'ok', found: root });
  t.like(check('a', 'b'), { status: 'ok', found: `${path.join(root, 'a', 'b')} (will be made)` });
  t.like(check('file', 'a'), { status: 'warn', next: 'choose another' });
});

test('a cgroup that allows less memory than the machine has is named, and little of it is a warning', (t) => {
  t.like(checkMemoryLimit({ bytes: 2 ** 33, physical: 2 ** 33, file: undefined }), {
    status: 'ok',
    found: '8.0 GiB; no cgroup limit below it',
    value: 2 ** 33,
  });
  t.like(checkMemoryLimit({ bytes: 2 ** 27, physical: 2 ** 33, file: '/sys/fs/cgroup/memory.max' }), {
    status: 'warn',
    found: '8.0 GiB; the cgroup allows 128.0 MiB (/sys/fs/cgroup/memory.max)',
    next: 'give it at least 256.0 MiB',
  });
});

test('limits that would stop a run are a warning with what to set', (t) => {
  t.like(checkLimits({ openFiles: 1024, processes: undefined, addressSpace: undefined }, undefined), {
    status: 'ok',
    found: 'open files 1024 (ulimit -n), threads unlimited (ulimit -u), address space unlimited (ulimit -v)',
  });
  const group = { value: 20, current: 12, file: '/sys/fs/cgroup/pids.max' };
  t.like(checkLimits({ openFiles: 64, processes: 100, addressSpace: 2 ** 32 }, group), {
    status: 'warn',
    found:
      'open files 64 (ulimit -n), threads 100 (ulimit -u), 20 in the cgroup, 12 in use (/sys/fs/cgroup/pids.max), address space 4.0 GiB (ulimit -v)',
    next: 'set ulimit -n 256; ulimit -v unlimited, as WebAssembly takes 10 GiB of address space for each memory; a higher pids.max of the cgroup',
  });
});

test('a check is a line, and one more for what to do', (t) => {
  const lines = renderChecks([{ ...checkNode('18.0.0') }, { id: 'simd', name: 'WebAssembly SIMD', status: 'ok', found: 'available' }], {
    paint: unpainted,
  }).split('\n');
  t.deepEqual(lines, [
    'fail  Node              18.0.0',
    `${' '.repeat(24)}next: install Node 20.19 or newer`,
    'ok    WebAssembly SIMD  available',
  ]);
});
