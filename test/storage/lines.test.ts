import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { type LineCalls, LineFile } from '../../src/storage/lines.ts';
import { fileIn } from './support/line-file.ts';

test('lines are whole JSON, numbers as short as they can be read back', (t) => {
  const file = LineFile.create(fileIn(t));
  file.append({ step: 0, epoch: 0, 'train.loss': 0.1 + 0.2 });
  file.append({ step: 1, epoch: 0, 'train.loss': null });
  file.close();
  t.is(readFileSync(file.path, 'utf8'), '{"step":0,"epoch":0,"train.loss":0.30000000000000004}\n{"step":1,"epoch":0,"train.loss":null}\n');
});

test('a file that exists is never written over: E_STORAGE', (t) => {
  const name = fileIn(t, 'precious');
  const error = t.throws(() => LineFile.create(name), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.is(error.where, name);
  t.is(error.message, 'cannot be written: EEXIST: file already exists');
  t.is(readFileSync(name, 'utf8'), 'precious');
});

test('a file opened anew goes on after the bytes that count, and what followed them is gone', async (t) => {
  const name = fileIn(t, '{"a":1}\n{"a":2}\n{"a":');
  const file = await LineFile.reopen(name, 8);
  file.append({ a: 3 });
  t.is(file.length, 16);
  file.close();
  t.is(readFileSync(name, 'utf8'), '{"a":1}\n{"a":3}\n');
});

test('F7 who had the file open, and writes when another has opened it anew, writes nothing that is seen', async (t) => {
  const earlier = LineFile.create(fileIn(t));
  earlier.append({ a: 1 });
  const file = await LineFile.reopen(earlier.path, 8);
  t.is(earlier.append({ a: 'late' }), undefined);
  file.append({ a: 2 });
  t.is(earlier.cut(0), undefined);
  file.close();
  earlier.close();
  t.is(readFileSync(earlier.path, 'utf8'), '{"a":1}\n{"a":2}\n');
});

test('a file opened anew keeps its mode, and leaves nothing beside it', async (t) => {
  const name = fileIn(t, '{"a":1}\n');
  chmodSync(name, 0o640);
  (await LineFile.reopen(name, 8)).close();
  t.is(statSync(name).mode & 0o777, 0o640);
  t.deepEqual(readdirSync(path.dirname(name)), [path.basename(name)]);
});

test('cut takes lines back, durable ones too', async (t) => {
  const file = LineFile.create(fileIn(t));
  for (const a of [1, 2]) file.append({ a });
  await file.sync();
  file.append({ a: 3 });
  file.cut(16);
  file.append({ a: 4 });
  t.is(readFileSync(file.path, 'utf8'), '{"a":1}\n{"a":2}\n{"a":4}\n');
  file.cut(8);
  file.append({ a: 5 });
  await file.sync();
  t.is(file.length, 16);
  t.is(readFileSync(file.path, 'utf8'), '{"a":1}\n{"a":5}\n');
  file.close();
});

/** The real calls, of which those that `fails` names by their number (from 0) fail; with `short`, writes take one byte at a time. */
function failing(fails: (call: number) => boolean, short = false): LineCalls & { count: () => number } {
  let calls = 0;
  const next = (code: string): void => {
    if (fails(calls++)) throw Object.assign(new Error(`${code}: injected`), { code });
  };
  return {
    count: () => calls,
    open: (name, flags, mode) => {
      next('EMFILE');
      return openSync(name, flags, mode);
    },
    write: (fd, bytes, offset) => {
      // A full disk takes a part before it refuses the rest.
      if (fails(calls)) writeSync(fd, bytes, offset, 1);
      next('ENOSPC');
      return writeSync(fd, bytes, offset, short ? 1 : bytes.length - offset);
    },
    truncate: (fd, length) => {
      next('EIO');
      ftruncateSync(fd, length);
    },
    sync: () =>
      new Promise((resolve) => {
        next('EIO');
        resolve();
      }),
    close: closeSync,
  };
}

test('S4 one byte a write: the file comes out whole', (t) => {
  const file = LineFile.create(
    fileIn(t),
    failing(() => false, true),
  );
  file.append({ text: 'grüße' });
  file.close();
  t.is(readFileSync(file.path, 'utf8'), '{"text":"grüße"}\n');
});

/** Writes four lines with a sync after the second and the fourth; a sync that fails is tried again. */
async function writeFour(name: string, calls: LineCalls): Promise<{ failures: number }> {
  let failures = 0;
  const file = LineFile.create(name, calls);
  const attempt = async (call: () => void | Promise<void>): Promise<boolean> => {
    try {
      await call();
      return true;
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_STORAGE') throw error;
      failures++;
      return false;
    }
  };
  for (const a of [1, 2, 3, 4]) {
    if (file.append({ a }) !== undefined) failures++;
    if (a % 2 === 0) for (let tries = 0; tries < 5 && !(await attempt(() => file.sync())); tries++);
  }
  file.close();
  return { failures };
}

test('S1 S2 S5 whichever call fails once, the next sync leaves all lines, whole and in order', async (t) => {
  const counting = failing(() => false);
  await writeFour(fileIn(t), counting);
  for (let i = 1; i < counting.count(); i++) {
    const name = fileIn(t);
    const { failures } = await writeFour(
      name,
      failing((call) => call === i),
    );
    t.true(failures >= 1, `call ${i}`);
    t.is(readFileSync(name, 'utf8'), '{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}\n', `call ${i}`);
  }
});

test('S2 a disk that stays full is told once, and leaves no torn line', async (t) => {
  const name = fileIn(t);
  const file = LineFile.create(
    name,
    failing((call) => call >= 2 && call !== 3),
  );
  file.append({ a: 1 });
  t.is(file.append({ a: 2 })?.code, 'E_STORAGE');
  t.is(file.append({ a: 3 }), undefined);
  t.false(file.isWhole);
  await t.throwsAsync(file.sync(), { code: 'E_STORAGE' });
  t.is(readFileSync(name, 'utf8'), '{"a":1}\n');
  t.is(file.length, 24);
  file.close();
});

test('S1 whichever calls fail, once or from then on, what was appended and not cut is in the file after the next sync that succeeds', async (t) => {
  const script = async (file: LineFile): Promise<void> => {
    const settle = async (): Promise<void> => {
      try {
        await file.sync();
      } catch (error) {
        t.is((error as GradloomError).code, 'E_STORAGE');
      }
    };
    for (const a of [1, 2, 3]) file.append({ a });
    await settle();
    file.append({ a: 4 });
    file.append({ a: 5 });
    file.cut(24);
    file.append({ a: 6 });
    // Meanwhile other lines come, and go.
    const syncing = settle();
    file.append({ a: 7 });
    file.cut(32);
    file.append({ a: 8 });
    file.append({ a: 9 });
    await syncing;
    await settle();
    file.cut(40);
  };
  const counting = failing(() => false);
  await script(LineFile.create(fileIn(t), counting));
  const total = counting.count();
  t.true(total > 15);
  for (let first = 1; first < total; first++) {
    for (const last of [first, first + 1, Number.POSITIVE_INFINITY]) {
      const name = fileIn(t);
      let isMended = false;
      const file = LineFile.create(
        name,
        failing((call) => !isMended && call >= first && call <= last),
      );
      await script(file);
      isMended = true;
      await file.sync();
      t.is(readFileSync(name, 'utf8'), [1, 2, 3, 6, 8].map((a) => `{"a":${a}}\n`).join(''), `calls ${first} to ${last}`);
      t.true(file.isWhole);
      file.close();
    }
  }
});

test('a cut of a file that is shorter than it should be never fills it with zeros', async (t) => {
  const name = fileIn(t);
  let isFull = false;
  const file = LineFile.create(
    name,
    failing(() => isFull),
  );
  file.append({ a: 1 });
  isFull = true;
  t.is(file.append({ a: 2 })?.code, 'E_STORAGE');
  file.append({ a: 3 });
  isFull = false;
  file.cut(16);
  t.is(readFileSync(name, 'utf8').replaceAll('\0', '0').slice(0, 8), '{"a":1}\n');
  t.false(readFileSync(name).includes(0));
  await file.sync();
  t.is(readFileSync(name, 'utf8'), '{"a":1}\n{"a":2}\n');
  file.close();
});

test('a close that fails is no failure: what must last has been synced', async (t) => {
  const name = fileIn(t);
  const file = LineFile.create(name, {
    ...failing(() => false),
    close: (fd) => {
      closeSync(fd);
      throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
    },
  });
  file.append({ a: 1 });
  await file.sync();
  t.notThrows(() => file.close());
  t.is(readFileSync(name, 'utf8'), '{"a":1}\n');
});

test('F7 who has lost the right to write appends, syncs and cuts without a byte of change, and writes all once it is back', async (t) => {
  const name = fileIn(t);
  let owner: GradloomError | undefined;
  const fence = {
    generation: 1,
    check: (): void => {
      if (owner !== undefined) throw owner;
    },
  };
  const file = LineFile.create(name, undefined, fence);
  file.append({ a: 1 });
  await file.sync();
  owner = new GradloomError({ code: 'E_BUSY', message: 'in use by process 7' });
  // A process that is stopped sleeps longer than the fence counts as asked.
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(file.append({ a: 2 }), owner);
  t.is(file.append({ a: 3 }), undefined);
  t.is(await t.throwsAsync(file.sync()), owner);
  file.cut(8);
  t.is(await t.throwsAsync(file.sync()), owner);
  t.is(readFileSync(name, 'utf8'), '{"a":1}\n');
  await t.throwsAsync(LineFile.reopen(name, 0, undefined, fence), { code: 'E_BUSY' });
  file.append({ a: 4 });
  owner = undefined;
  await file.sync();
  t.is(readFileSync(name, 'utf8'), '{"a":1}\n{"a":4}\n');
  file.close();
});

test('a file that was removed or cut by somebody else is E_STORAGE, and is not made again', async (t) => {
  const name = fileIn(t);
  let isFull = false;
  const file = LineFile.create(
    name,
    failing(() => isFull),
  );
  file.append({ a: 1 });
  await file.sync();
  isFull = true;
  file.append({ a: 2 });
  isFull = false;
  writeFileSync(name, '{}');
  const cut = await t.throwsAsync(file.sync(), { instanceOf: GradloomError });
  t.is(cut?.message, 'cannot be written: has 2 bytes, but had 8 when they were synced');
  rmSync(name);
  const gone = await t.throwsAsync(file.sync(), { instanceOf: GradloomError });
  t.regex(gone?.message ?? '', /^cannot be written: ENOENT/);
  t.false(existsSync(name));
  file.close();
});
