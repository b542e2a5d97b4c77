import { closeSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { RunFiles } from '../../../src/runs/checkpoint/run-files.ts';
import { makeRunDirectory } from '../../../src/runs/files/directory.ts';
import type { LineCalls } from '../../../src/storage/lines.ts';
import { temporary } from '../support/run-tree.ts';

test('after a sync the lines of both files are durable', async (t) => {
  const names = new Map<number, string>();
  const unsynced = new Set<string>();
  const real = promisify(fsync);
  const lines: LineCalls = {
    open: (...args) => {
      const fd = openSync(...args);
      names.set(fd, path.basename(args[0]));
      return fd;
    },
    truncate: ftruncateSync,
    close: closeSync,
    write: (fd, bytes, offset) => {
      unsynced.add(names.get(fd) ?? '');
      return writeSync(fd, bytes, offset);
    },
    sync: async (fd) => {
      await real(fd);
      unsynced.delete(names.get(fd) ?? '');
    },
  };
  const files = await RunFiles.create(await makeRunDirectory(path.join(temporary(t), 'run')), { lines });
  files.lines.metrics.append({ step: 0 });
  files.lines.digests.append({ step: 0 });
  await files.sync();
  t.deepEqual([...new Set(names.values())].toSorted(), ['digests.jsonl', 'metrics.jsonl']);
  t.deepEqual([...unsynced], []);
  files.close();
});
