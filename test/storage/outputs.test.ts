import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { AtomicStream, writeFileAtomic, writeOutput } from '../../src/storage/atomic.ts';

function folder(t: ExecutionContext): string {
  const place = mkdtempSync(path.join(tmpdir(), 'gradloom-outputs-'));
  t.teardown(() => rmSync(place, { recursive: true, force: true }));
  return place;
}

const posix = process.platform === 'win32' ? test.skip : test;

posix('outputs are for whoever the umask lets read them, files of runs for their owner', async (t) => {
  const place = folder(t);
  const [output, own] = [path.join(place, 'model.onnx'), path.join(place, 'checkpoint')];
  await writeOutput(output, 'x');
  await writeFileAtomic(own, 'x');
  t.is(statSync(output).mode & 0o777, 0o666 & ~process.umask());
  t.is(statSync(own).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(place).toSorted(), ['checkpoint', 'model.onnx']);
});

posix('what is no regular file is written to, and stays what it is', async (t) => {
  const place = folder(t);
  const [pipe, link] = [path.join(place, 'pipe'), path.join(place, 'link')];
  execFileSync('mkfifo', [pipe]);
  symlinkSync('pipe', link);
  for (const name of [pipe, link]) {
    const content = 'a line\n'.repeat(30_000);
    const reader = spawn('cat', [pipe]);
    const pieces: Buffer[] = [];
    reader.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    const ended = new Promise((resolve) => reader.on('close', resolve));
    await writeOutput(name, content);
    await ended;
    t.is(Buffer.concat(pieces).toString(), content);
    t.true(lstatSync(pipe).isFIFO());
    t.true(lstatSync(link).isSymbolicLink());
  }
  t.deepEqual(readdirSync(place).toSorted(), ['link', 'pipe']);
});

posix('a link that a user names stays, and its target gets the content, whole or not at all', async (t) => {
  const [place, other] = [folder(t), folder(t)];
  const [link, target] = [path.join(place, 'model.js'), path.join(other, 'v1.js')];
  writeFileSync(target, 'old');
  symlinkSync(target, link);
  const stream = await AtomicStream.open(link);
  await stream.write(Buffer.from('half'));
  t.is(readFileSync(target, 'utf8'), 'old');
  await stream.discard();
  t.deepEqual(readdirSync(other), ['v1.js']);
  await writeOutput(link, 'new');
  t.is(readFileSync(target, 'utf8'), 'new');
  t.is(readlinkSync(link), target);
  t.deepEqual([readdirSync(place), readdirSync(other)], [['model.js'], ['v1.js']]);
});

posix('under a default name and in runs a link is replaced, and its target stays as it was', async (t) => {
  const place = folder(t);
  const [link, target] = [path.join(place, 'report.html'), path.join(place, 'secret')];
  for (const write of [(): Promise<void> => writeOutput(link, 'new', false), (): Promise<void> => writeFileAtomic(link, 'new')]) {
    rmSync(link, { force: true });
    writeFileSync(target, 'old');
    symlinkSync(target, link);
    await write();
    t.true(lstatSync(link).isFile());
    t.is(readFileSync(link, 'utf8'), 'new');
    t.is(readFileSync(target, 'utf8'), 'old');
  }
});

test('an output in the place of a directory, or in none, is refused and leaves nothing', async (t) => {
  const place = folder(t);
  await t.throwsAsync(writeOutput(place, 'x'), { code: 'E_STORAGE' });
  await t.throwsAsync(writeOutput(path.join(place, 'none', 'x'), 'x'), { code: 'E_STORAGE', message: /^cannot be written: ENOENT/ });
  t.deepEqual(readdirSync(place), []);
});
