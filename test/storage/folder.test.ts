import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { kindAt, makeFolder, namesInFolder } from '../../src/storage/folder.ts';
import { readOwnFile, visitOwnFile } from '../../src/storage/read.ts';

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-folder-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const onUnix = process.platform === 'win32' ? test.skip : test;

test('a folder is made once, and never the one above it', (t) => {
  const folder = path.join(temporary(t), 'folder');
  t.true(makeFolder(folder));
  t.false(makeFolder(folder));
  t.deepEqual(namesInFolder(folder), []);
  t.deepEqual(namesInFolder(path.join(folder, 'none')), []);
  t.throws(() => makeFolder(path.join(folder, 'none', 'inner')), { code: 'ENOENT' });
});

onUnix('a link in the place of a folder is refused with its target, and nothing is made behind it', (t) => {
  const place = temporary(t);
  const [link, target] = [path.join(place, 'link'), path.join(place, 'target')];
  for (const hasTarget of [false, true]) {
    if (hasTarget) mkdirSync(target);
    else symlinkSync('target', link);
    for (const use of [makeFolder, namesInFolder]) {
      t.like(
        t.throws(() => use(link), { instanceOf: GradloomError }),
        { code: 'E_RUN_FILE', where: link, message: 'a symbolic link to target, which is not followed; expected a directory' },
      );
    }
  }
  t.deepEqual(readdirSync(target), []);
});

onUnix('what is no regular file is refused, and never waited for: links, FIFOs, devices, directories', (t) => {
  const place = temporary(t);
  writeFileSync(path.join(place, 'file'), 'content');
  symlinkSync('file', path.join(place, 'link'));
  symlinkSync('/dev/zero', path.join(place, 'device'));
  execFileSync('mkfifo', [path.join(place, 'fifo')]);
  for (const [name, message] of [
    ['link', 'a symbolic link to file, which is not followed; expected a file'],
    ['device', 'a symbolic link to /dev/zero, which is not followed; expected a file'],
    ['fifo', 'a FIFO; expected a file'],
    ['.', 'a directory; expected a file'],
  ]) {
    const file = path.join(place, name ?? '');
    for (const read of [() => readOwnFile(file, 100), () => visitOwnFile(file, 100, 10, () => undefined)])
      t.like(t.throws(read, { instanceOf: GradloomError }), { code: 'E_RUN_FILE', where: file, message });
  }
  t.is(readOwnFile(path.join(place, 'none'), 100), undefined);
  t.is(readOwnFile(path.join(place, 'file', 'inner'), 100), undefined);
  t.is(kindAt(path.join(place, 'fifo')), 'other');
  t.throws(() => readOwnFile(path.join(place, 'file'), 6), { message: '7 bytes, expected at most 6' });
});

test('a file is visited in pieces, up to a limit', (t) => {
  const file = path.join(temporary(t), 'file');
  writeFileSync(file, 'abcdefgh');
  const pieces: string[] = [];
  t.is(
    visitOwnFile(file, 7, 3, (piece, size) => pieces.push(`${piece.toString()} of ${size}`)),
    7,
  );
  t.deepEqual(pieces, ['abc of 8', 'def of 8', 'g of 8']);
});
