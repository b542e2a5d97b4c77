import { closeSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import type { LineCalls } from '../../../src/storage/lines.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { loaded } from '../support/sweep-case.ts';

test('a result is told only once its line is on the disk: of one that the disk refuses, nothing is', async (t) => {
  const directory = temporary(t);
  const real = promisify(fsync);
  let isRefusing = false;
  const calls: LineCalls = {
    open: openSync,
    truncate: ftruncateSync,
    close: closeSync,
    write: (fd, bytes, offset) => {
      isRefusing ||= Buffer.from(bytes).includes('"type":"run"');
      return writeSync(fd, bytes, offset);
    },
    sync: async (fd) => {
      if (isRefusing) throw Object.assign(new Error('EIO: refused'), { code: 'EIO', errno: -5, syscall: 'fsync' });
      await real(fd);
    },
  };
  const run = sweep(loaded(directory, '', ['run_cap=1']), {
    directory: path.join(directory, 'sweep'),
    storage: { log: calls },
  });
  const told: string[] = [];
  const error = await t.throwsAsync(
    async () => {
      for await (const { type } of run) told.push(type);
      await run.result;
    },
    { instanceOf: GradloomError },
  );
  t.is(error.exitCode, EXIT.storage);
  t.true(isRefusing);
  t.false(told.includes('result') || told.includes('best'), told.join());
});
