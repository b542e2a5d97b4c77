import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { createRunDirectory } from '../../src/runs/directory.ts';
import { digestOf, finiteOrNull, MetricsFile } from '../../src/runs/metrics.ts';

function temporary(t: { teardown(fn: () => void): void }): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-metrics-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('metrics are whole lines of JSON, numbers as short as they can be read back', (t) => {
  const file = new MetricsFile(path.join(temporary(t), 'metrics.jsonl'));
  file.append({ step: 0, epoch: 0, 'train.loss': 0.1 + 0.2 });
  file.append({ step: 1, epoch: 0, 'train.loss': finiteOrNull(Number.NaN) });
  file.close();
  t.is(readFileSync(file.path, 'utf8'), '{"step":0,"epoch":0,"train.loss":0.30000000000000004}\n{"step":1,"epoch":0,"train.loss":null}\n');
});

test('a metrics file that exists is never written over: E_STORAGE', (t) => {
  const name = path.join(temporary(t), 'metrics.jsonl');
  writeFileSync(name, 'precious');
  const error = t.throws(() => new MetricsFile(name), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.is(error.where, name);
  t.is(error.message, 'cannot write metrics: EEXIST: file already exists');
  t.is(readFileSync(name, 'utf8'), 'precious');
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

test('run directories sort by time, hold the name, and never collide in the same second', (t) => {
  const parent = temporary(t);
  const now = new Date('2026-11-23T04:05:06.789Z');
  const runs = Array.from({ length: 20 }, () => createRunDirectory(path.join(parent, 'deep', 'er'), 'my.name', now));
  t.is(new Set(runs.map(({ path: directory }) => directory)).size, 20);
  for (const { id, path: directory } of runs) {
    t.regex(id, /^my\.name-20261123-040506-[0-9a-f]{6}$/);
    t.is(directory, path.join(parent, 'deep', 'er', id));
  }
});
