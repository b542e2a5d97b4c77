import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { errnoText } from '../../src/storage/errno.ts';
import { openForReading, readFileBytes, readSystemFile } from '../../src/storage/read.ts';

const root = mkdtempSync(join(tmpdir(), 'gradloom-read-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

test('reads the bytes of a file', (t) => {
  const path = join(root, 'file');
  writeFileSync(path, Uint8Array.of(0, 1, 255));
  t.deepEqual([...readFileBytes(path, 3)], [0, 1, 255]);
});

test('a file above the limit is refused with both sizes', (t) => {
  const path = join(root, 'large');
  writeFileSync(path, 'four');
  t.throws(() => readFileBytes(path, 3), { instanceOf: GradloomError, message: '4 bytes, expected at most 3' });
});

const cases = [
  { title: 'a missing file', path: join(root, 'missing'), message: 'cannot be read: ENOENT: no such file or directory' },
  { title: 'a directory', path: root, message: 'not a regular file' },
];
for (const { title, path, message } of cases) {
  test(`${title} is E_DATA_READ`, async (t) => {
    t.like(
      t.throws(() => readFileBytes(path, 10), { instanceOf: GradloomError }),
      { code: 'E_DATA_READ', where: path, message },
    );
    t.like(await t.throwsAsync(openForReading(path), { instanceOf: GradloomError }), { code: 'E_DATA_READ', where: path, message });
  });
}

(process.platform === 'win32' ? test.skip : test)('a FIFO is refused and never blocks (skipped on Windows: no mkfifo)', async (t) => {
  const path = join(root, 'fifo');
  execFileSync('mkfifo', [path]);
  t.throws(() => readFileBytes(path, 10), { instanceOf: GradloomError, message: 'not a regular file' });
  await t.throwsAsync(openForReading(path), { instanceOf: GradloomError, message: 'not a regular file' });
});

(process.platform === 'linux' ? test : test.skip)('files of the system are read to their end, though they say they are empty', (t) => {
  t.regex(readSystemFile('/proc/self/status') ?? '', /^Name:\s+/);
  t.is(readSystemFile('/proc/self/none'), undefined);
  t.is(readSystemFile('/dev/zero'), undefined);
});

test("errnoText gives the system's words, and the message of other errors", (t) => {
  t.is(
    errnoText(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 })),
    'ENOSPC: no space left on device',
  );
  t.is(errnoText(Object.assign(new Error('the handle is closed'), { code: 'ERR_CLOSED' })), 'ERR_CLOSED: the handle is closed');
  t.is(errnoText(new Error('plain')), 'plain');
  t.is(errnoText('text'), 'text');
});
