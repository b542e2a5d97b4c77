import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findDecoded, keepDecoded } from '../../../src/data/images/decoded-cache.ts';
import { readPictures } from '../../../src/data/images/read.ts';
import { allocateShared } from '../../../src/data/shared.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { greyPng } from './support/png.ts';

const WANTED = { channels: 1, size: undefined } as const;
const allocate = (bytes: number): Uint8Array<SharedArrayBuffer> => new Uint8Array(allocateShared(bytes, 'test'));
const key = (letter: string): string => letter.repeat(64);

/** An empty cache directory for the test, which must be serial: the environment is everybody's. */
function cache(t: ExecutionContext): string {
  const directory = path.join(temporary(t), 'cache');
  process.env['GRADLOOM_CACHE_DIR'] = directory;
  return path.join(directory, 'pictures');
}

function pictures(t: ExecutionContext, count: number): string[] {
  const folder = temporary(t);
  return Array.from({ length: count }, (_, i) => {
    const file = path.join(folder, `${i}.png`);
    writeFileSync(
      file,
      greyPng(5, 4, (x, y) => (x + 10 * y + i) % 256),
    );
    return file;
  });
}

test.serial('what was decoded is kept, and read the next time, wherever the files lie', async (t) => {
  const directory = cache(t);
  const first = await readPictures(pictures(t, 3), WANTED, 'test');
  t.is(readdirSync(directory).length, 1);
  t.is(statSync(directory).mode & 0o77, 0);
  const again = await readPictures(pictures(t, 3), WANTED, 'test');
  t.deepEqual(again, first);
  t.is(readdirSync(directory).length, 1);
  await readPictures(pictures(t, 2), WANTED, 'test');
  await readPictures(pictures(t, 3), { channels: 1, size: [2, 2] }, 'test');
  t.is(readdirSync(directory).length, 3);
});

test.serial('what is kept is used: it is read where nothing can be decoded', async (t) => {
  cache(t);
  const features = allocate(6);
  features.set([1, 2, 3, 4, 5, 6]);
  await keepDecoded(key('a'), { size: [3, 2], features });
  t.deepEqual(await findDecoded(key('a'), 1, { channels: 1 }, allocate), { size: [3, 2], features });
  t.is(await findDecoded(key('b'), 1, { channels: 1 }, allocate), undefined);
  t.is(await findDecoded(key('a'), 2, { channels: 1 }, allocate), undefined);
});

test.serial('a kept file that was changed, cut short or replaced by a folder is decoded again and mended', async (t) => {
  const directory = cache(t);
  const files = pictures(t, 3);
  const first = await readPictures(files, WANTED, 'test');
  const kept = path.join(directory, readdirSync(directory)[0] ?? '');
  const bytes = readFileSync(kept);
  for (const broken of [bytes.map((byte, i) => (i === 7 ? byte ^ 1 : byte)), bytes.subarray(1), Buffer.alloc(0)]) {
    writeFileSync(kept, broken);
    t.deepEqual(await readPictures(files, WANTED, 'test'), first);
    t.deepEqual(readFileSync(kept), bytes);
  }
  rmSync(kept);
  mkdirSync(kept);
  t.deepEqual(await readPictures(files, WANTED, 'test'), first);
});

test.serial('beyond the limit the ones that were not used for the longest time go, and nothing else', async (t) => {
  const directory = cache(t);
  for (const [i, letter] of ['a', 'b', 'c'].entries()) {
    await keepDecoded(key(letter), { size: [2, 5], features: allocate(10) }, 30);
    const file = readdirSync(directory).find((name) => name.startsWith(letter)) ?? '';
    utimesSync(path.join(directory, file), 1000 + i, 1000 + i);
  }
  writeFileSync(path.join(directory, 'other'), 'x'.repeat(100));
  t.is(readdirSync(directory).length, 4);
  // Used now, so not the oldest.
  await findDecoded(key('a'), 1, { channels: 1 }, allocate);
  await keepDecoded(key('d'), { size: [2, 5], features: allocate(10) }, 30);
  t.deepEqual(
    readdirSync(directory).map((name) => name[0]),
    ['a', 'c', 'd', 'o'],
  );
  await keepDecoded(key('e'), { size: [2, 20], features: allocate(40) }, 30);
  t.false(readdirSync(directory).some((name) => name.startsWith('e')));
});

test.serial('a cache directory that cannot be is as good as none', async (t) => {
  const directory = cache(t);
  writeFileSync(path.dirname(directory), 'a file');
  const files = pictures(t, 2);
  t.deepEqual(await readPictures(files, WANTED, 'test'), await readPictures(files, WANTED, 'test'));
});

test.serial('many that decode the same pictures at once have the same, and one file is left', async (t) => {
  const directory = cache(t);
  const files = pictures(t, 4);
  const all = await Promise.all(Array.from({ length: 8 }, () => readPictures(files, WANTED, 'test')));
  for (const other of all) t.deepEqual(other, all[0]);
  t.is(readdirSync(directory).length, 1);
});
