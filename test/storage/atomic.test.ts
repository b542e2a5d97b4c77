import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { type FileCalls, writeFileAtomic } from '../../src/storage/atomic.ts';

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'gradloom-atomic-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** A new, empty directory. */
function directory(): string {
  const path = join(root, `${count++}`);
  mkdirSync(path);
  return path;
}

function errno(code: string, number: number): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: text of Node, call`), { code, errno: number });
}

/** The real calls, noted in `log`, with changes to the files they open. */
function calls(
  log: string[],
  change: Partial<Record<'write' | 'sync' | 'close' | 'rename' | 'unlink', () => void>> = {},
  atOnce = Number.MAX_SAFE_INTEGER,
): FileCalls {
  const note = (name: 'write' | 'sync' | 'close' | 'rename' | 'unlink', what: string): void => {
    log.push(`${name} ${what}`);
    change[name]?.();
  };
  return {
    open: async (path, flags, mode) => {
      const isDirectory = mode === undefined;
      const what = isDirectory ? 'directory' : 'file';
      log.push(`open ${what}`);
      const handle = await open(path, flags, mode);
      return {
        write: async (bytes, offset, length) => {
          if (atOnce >= length) note('write', what);
          return handle.write(bytes, offset, Math.min(length, atOnce));
        },
        sync: async () => {
          note('sync', what);
          await handle.sync();
        },
        close: async () => {
          await handle.close();
          note('close', what);
        },
      };
    },
    rename: async (from, to) => {
      note('rename', '');
      await rename(from, to);
    },
    unlink: async (path) => {
      note('unlink', '');
      await unlink(path);
    },
  };
}

test('writes bytes and text, mode 0600, and leaves no other file', async (t) => {
  const dir = directory();
  await writeFileAtomic(join(dir, 'a'), Uint8Array.of(1, 2, 255));
  await writeFileAtomic(join(dir, 'b'), 'grün\n');
  await writeFileAtomic(join(dir, 'c'), new Uint8Array(0));
  t.deepEqual([...readFileSync(join(dir, 'a'))], [1, 2, 255]);
  t.is(readFileSync(join(dir, 'b'), 'utf8'), 'grün\n');
  t.is(statSync(join(dir, 'c')).size, 0);
  t.is(statSync(join(dir, 'a')).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(dir), ['a', 'b', 'c']);
});

test('writes part of a larger buffer, and shared memory', async (t) => {
  const path = join(directory(), 'a');
  const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3).fill(9);
  await writeFileAtomic(path, shared);
  t.deepEqual([...readFileSync(path)], [9, 9, 9]);
});

test('the order is write, fsync, close, rename, fsync of the directory', async (t) => {
  const log: string[] = [];
  await writeFileAtomic(join(directory(), 'a'), 'x', calls(log));
  t.deepEqual(log, [
    'open file',
    'write file',
    'sync file',
    'close file',
    'rename ',
    'open directory',
    'sync directory',
    'close directory',
  ]);
});

test('S4: short writes, one byte at a time, are continued until all bytes are there', async (t) => {
  const path = join(directory(), 'a');
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255);
  await writeFileAtomic(path, bytes, calls([], {}, 1));
  t.deepEqual(new Uint8Array(readFileSync(path)), bytes);
});

test('S4: a write that makes no progress is an error, not an endless loop', async (t) => {
  const error = await t.throwsAsync(writeFileAtomic(join(directory(), 'a'), 'abc', calls([], {}, 0)), { instanceOf: GradloomError });
  t.is(error.message, 'cannot be written: wrote 0 bytes, 3 left');
});

test('nothing is said to be kept at a path where nothing was', async (t) => {
  const fail = (): never => {
    throw errno('EIO', -5);
  };
  const error = await t.throwsAsync(writeFileAtomic(join(directory(), 'a'), 'new', calls([], { sync: fail })), {
    instanceOf: GradloomError,
  });
  t.is(error.kept, undefined);
});

test('S5: a failed fsync is not repeated, the temporary file goes, the old file stays', async (t) => {
  const dir = directory();
  writeFileSync(join(dir, 'a'), 'old');
  const log: string[] = [];
  const fail = (): never => {
    throw errno('EIO', -5);
  };
  const error = await t.throwsAsync(writeFileAtomic(join(dir, 'a'), 'new', calls(log, { sync: fail })), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.is(error.message, 'cannot be written: EIO: i/o error');
  t.is(error.kept, 'what was at this path before');
  t.deepEqual(log, ['open file', 'write file', 'sync file', 'close file', 'unlink ']);
  t.is(readFileSync(join(dir, 'a'), 'utf8'), 'old');
  t.deepEqual(readdirSync(dir), ['a']);
});

for (const call of ['write', 'close', 'rename'] as const) {
  test(`S2: ENOSPC at ${call} keeps the old file, removes the temporary one and says what to do`, async (t) => {
    const dir = directory();
    writeFileSync(join(dir, 'a'), 'old');
    const fail = (): never => {
      throw errno('ENOSPC', -28);
    };
    const error = await t.throwsAsync(writeFileAtomic(join(dir, 'a'), 'new', calls([], { [call]: fail })), { instanceOf: GradloomError });
    t.is(error.message, 'cannot be written: ENOSPC: no space left on device');
    t.is(error.where, join(dir, 'a'));
    t.is(error.exitCode, 74);
    t.regex(error.next ?? '', /free space/);
    t.is(readFileSync(join(dir, 'a'), 'utf8'), 'old');
    t.deepEqual(readdirSync(dir), ['a']);
  });
}

test('a temporary file that cannot be removed is named', async (t) => {
  const fail = (): never => {
    throw errno('EIO', -5);
  };
  const error = await t.throwsAsync(writeFileAtomic(join(directory(), 'a'), 'x', calls([], { write: fail, unlink: fail })), {
    instanceOf: GradloomError,
  });
  t.regex(error.kept ?? '', /the temporary file .*\.tmp-.* could not be removed: EIO/);
});

test('a failed fsync of the directory says that the new content is in place', async (t) => {
  const path = join(directory(), 'a');
  let syncs = 0;
  const failSecond = (): void => {
    if (++syncs === 2) throw errno('EIO', -5);
  };
  const error = await t.throwsAsync(writeFileAtomic(path, 'new', calls([], { sync: failSecond })), { instanceOf: GradloomError });
  t.regex(error.kept ?? '', /in place/);
  t.is(readFileSync(path, 'utf8'), 'new');
});

test('S7: a missing parent is 74, naming path and errno text', async (t) => {
  const path = join(directory(), 'gone', 'a');
  const error = await t.throwsAsync(writeFileAtomic(path, 'x'), { instanceOf: GradloomError });
  t.like(error, { code: 'E_STORAGE', exitCode: 74, where: path, message: 'cannot be written: ENOENT: no such file or directory' });
  t.regex(error.next ?? '', /create the directory/);
});

test('S7: a directory removed while the file is written is 74', async (t) => {
  const dir = directory();
  const error = await t.throwsAsync(
    writeFileAtomic(join(dir, 'a'), 'x', calls([], { close: () => rmSync(dir, { recursive: true, force: true }) })),
    { instanceOf: GradloomError },
  );
  t.is(error.code, 'E_STORAGE');
  t.false(existsSync(dir));
});

test('S7: a parent that is a file, and a path that is a directory, are 74', async (t) => {
  const dir = directory();
  writeFileSync(join(dir, 'file'), '');
  mkdirSync(join(dir, 'directory'));
  await t.throwsAsync(writeFileAtomic(join(dir, 'file', 'a'), 'x'), { instanceOf: GradloomError, message: /ENOTDIR/ });
  await t.throwsAsync(writeFileAtomic(join(dir, 'directory'), 'x'), { instanceOf: GradloomError, message: /EISDIR/ });
  t.deepEqual(readdirSync(dir), ['directory', 'file']);
});

const canWriteAnywhere = process.getuid?.() === 0 || process.platform === 'win32';
(canWriteAnywhere ? test.skip : test)('S7: a read-only directory is 74 (skipped as root, who may write everywhere)', async (t) => {
  const dir = directory();
  chmodSync(dir, 0o500);
  const error = await t.throwsAsync(writeFileAtomic(join(dir, 'a'), 'x'), { instanceOf: GradloomError });
  t.is(error.message, 'cannot be written: EACCES: permission denied');
});

const noLimits = process.platform === 'win32';
(noLimits ? test.skip : test)(
  'S7: a real file size limit (a short write, then EFBIG) keeps the old file (skipped on Windows: no ulimit)',
  async (t) => {
    const dir = directory();
    const path = join(dir, 'a');
    writeFileSync(path, 'old');
    const module = new URL('../../src/storage/atomic.js', import.meta.url).href;
    const script = `const { writeFileAtomic } = await import(${JSON.stringify(module)});
    await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(1_000_000)).catch((e) => console.log(e.code, e.message));`;
    const { stdout } = await run('bash', ['-c', 'ulimit -f 100 && exec "$0" --input-type=module -e "$1"', process.execPath, script]);
    t.is(stdout.trim(), 'E_STORAGE cannot be written: EFBIG: file too large');
    t.is(readFileSync(path, 'utf8'), 'old');
    t.deepEqual(readdirSync(dir), ['a']);
  },
);

test('S9: a symbolic link planted at the temporary name is refused, and its target stays untouched', async (t) => {
  const dir = directory();
  const victim = join(directory(), 'victim');
  writeFileSync(victim, 'precious');
  const planting: FileCalls = {
    ...calls([]),
    open: (path, flags, mode) => {
      symlinkSync(victim, path);
      return open(path, flags, mode);
    },
  };
  const error = await t.throwsAsync(writeFileAtomic(join(dir, 'a'), 'x', planting), { instanceOf: GradloomError });
  t.is(error.exitCode, 74);
  t.is(error.message, 'cannot be written: EEXIST: file already exists');
  t.is(readFileSync(victim, 'utf8'), 'precious');
});

test('S9: a symbolic link at the path itself is replaced, not followed', async (t) => {
  const dir = directory();
  const victim = join(directory(), 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(dir, 'a'));
  await writeFileAtomic(join(dir, 'a'), 'new');
  t.is(readFileSync(victim, 'utf8'), 'precious');
  t.true(lstatSync(join(dir, 'a')).isFile());
});
