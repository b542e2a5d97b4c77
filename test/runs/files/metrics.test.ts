import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { createRunDirectory } from '../../../src/runs/files/directory.ts';
import { digestOf, finiteOrNull } from '../../../src/runs/files/metrics.ts';

function temporary(t: { teardown(fn: () => void): void }): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-metrics-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('numbers that JSON has not are null', (t) => {
  t.deepEqual([1, Number.NaN, Number.POSITIVE_INFINITY].map(finiteOrNull), [1, null, null]);
});

test('the digest is sha256 over the bytes of the tensors, views and NaN bits included', (t) => {
  const words = Uint32Array.of(0x7f800001, 0x80000000, 1, 0x3f800000);
  const tensor = new Float32Array(words.buffer, 4, 2);
  const expected = createHash('sha256')
    .update(new Uint8Array(words.buffer, 4, 8))
    .update(new Uint8Array(words.buffer))
    .digest('hex');
  t.is(digestOf([tensor, new Float32Array(words.buffer)]), expected);
});

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
