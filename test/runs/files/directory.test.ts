import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { createRunDirectory } from '../../../src/runs/files/directory.ts';

function temporary(t: { teardown(fn: () => void): void }): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-directory-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('run directories sort by time, hold the name, and never collide in the same second', async (t) => {
  const parent = temporary(t);
  const now = new Date('2026-11-23T04:05:06.789Z');
  const runs = await Promise.all(Array.from({ length: 20 }, () => createRunDirectory(path.join(parent, 'deep', 'er'), 'my.name', now)));
  t.is(new Set(runs.map(({ path: directory }) => directory)).size, 20);
  for (const { id, path: directory } of runs) {
    t.regex(id, /^my\.name-20261123-040506-[0-9a-f]{6}$/);
    t.is(directory, path.join(parent, 'deep', 'er', id));
  }
});
