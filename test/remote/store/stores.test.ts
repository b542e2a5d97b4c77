import { readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { queueAddress } from '../../../src/remote/redis/address.ts';
import { RedisServer } from '../../../src/remote/redis/server.ts';
import { FileStore } from '../../../src/remote/store/file-store.ts';
import { openStore } from '../../../src/remote/store/open.ts';
import { RedisStore } from '../../../src/remote/store/redis-store.ts';
import { RunCopies, restoreRun } from '../../../src/remote/store/run-copies.ts';
import type { BlobStore } from '../../../src/remote/store/store.ts';
import { runTree, temporary } from '../../runs/support/run-tree.ts';
import { TestRedis } from '../support/redis.ts';
import { redisTest } from '../support/redis-test.ts';

async function redisStore(t: ExecutionContext): Promise<RedisStore> {
  const server = await RedisServer.connect(queueAddress((await TestRedis.start(t)).url, false));
  t.teardown(() => server.close());
  return new RedisStore(server);
}

const STORES: readonly { kind: string; claim: typeof test.serial; open: (t: ExecutionContext) => Promise<BlobStore> }[] = [
  { kind: 'a directory', claim: test.serial, open: (t) => FileStore.open(path.join(temporary(t), 'deep/store')) },
  { kind: 'Redis', claim: redisTest as typeof test.serial, open: redisStore },
];

const TREE = {
  name: 'copied',
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 100 } },
  model: { layers: [{ type: 'dense', units: 3 }] },
  train: { epochs: 2, batch_size: 10 },
};

for (const { kind, claim, open } of STORES) {
  claim(`${kind} gives back what it was given, lists folders, and forgets what is removed`, async (t) => {
    const store = await open(t);
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256);
    await store.put('runs/a/1~x/one', bytes);
    await store.put('runs/a/1~x/two', bytes.subarray(10, 20));
    await store.put('runs/a/2~y/one', new Uint8Array());
    await store.put('data/k', bytes);
    t.deepEqual(Buffer.from((await store.get('runs/a/1~x/one'))!), Buffer.from(bytes));
    t.deepEqual(Buffer.from((await store.get('runs/a/1~x/two'))!), Buffer.from(bytes.subarray(10, 20)));
    t.is((await store.get('runs/a/2~y/one'))?.length, 0);
    t.deepEqual(await store.list('runs/a/1~x'), ['one', 'two']);
    t.deepEqual(await store.list('runs/a'), ['1~x', '2~y']);
    t.deepEqual(await store.list('runs/none'), []);
    t.is(await store.get('runs/none/one'), undefined);
    await store.remove('runs/a/1~x/one');
    await store.remove('runs/a/1~x/one');
    t.deepEqual(await store.list('runs/a/1~x'), ['two']);
    await store.removeFolder('runs/a');
    t.deepEqual(await store.list('runs'), []);
    t.is(await store.get('runs/a/1~x/two'), undefined);
    t.deepEqual(await store.list('data'), ['k']);
    for (const name of ['../x', 'runs/../x', '/etc/passwd', 'runs//x', '.hidden', 'a/b\0'])
      await t.throwsAsync(store.get(name), { message: /not the name of a blob/ }, name);
  });

  claim(`the furthest copy of a run in ${kind} that is whole is the one that is gone on from`, async (t) => {
    const store = await open(t);
    const copies = new RunCopies(store, 'runs/a/1~x');
    t.is(await copies.newest(() => t.fail()), undefined);
    const { directory, summary } = await runTree(TREE, temporary(t));
    t.true(await copies.save(directory!, false));
    t.true(await copies.save(directory!, true));
    const names = await store.list('runs/a/1~x');
    t.is(names.length, 2);
    t.true(names[1]!.startsWith(`0000-${String(summary!.steps).padStart(12, '0')}-1-`));
    // Somebody writes other bytes under the name of the furthest.
    await store.remove(`runs/a/1~x/${names[1]}`);
    await store.put(`runs/a/1~x/${names[1]}`, Buffer.from('damaged'));
    const rejected: string[] = [];
    const files = await copies.newest((name) => rejected.push(name));
    t.deepEqual(rejected, [names[1]]);
    const restored = path.join(temporary(t), 'run');
    await restoreRun(files!, restored);
    const namesIn = (place: string): string[] =>
      readdirSync(place, { recursive: true, encoding: 'utf8' })
        .filter((name) => !name.startsWith('lock'))
        .toSorted();
    t.deepEqual(namesIn(restored), namesIn(directory!));
    await t.throwsAsync(restoreRun(files!, restored), { instanceOf: GradloomError, code: 'E_STORAGE' });
  });
}

test('an empty run leaves no copy', async (t) => {
  const copies = new RunCopies(await FileStore.open(temporary(t)), 'runs/a/1~x');
  t.false(await copies.save(temporary(t), true));
});

test('a store is another one at another place, and the same for all who open it', async (t) => {
  const place = temporary(t);
  const [one, two] = await Promise.all([FileStore.open(place), FileStore.open(place)]);
  t.is(one.id, two.id);
  t.not(one.id, (await FileStore.open(temporary(t))).id);
});

test('a store that was taken away is no empty store', async (t) => {
  const place = path.join(temporary(t), 'store');
  const store = await FileStore.open(place);
  const gone = path.join(path.dirname(place), 'none');
  t.deepEqual(await store.list('runs'), []);
  renameSync(place, gone);
  const error = await t.throwsAsync(store.list('runs'), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.regex(error.message, /^the store cannot be used: /);
});

test('a link in a store is not followed, and a file in its place is told', async (t) => {
  const place = temporary(t);
  const store = await FileStore.open(place);
  symlinkSync('/etc', path.join(place, 'runs'));
  await t.throwsAsync(store.list('runs'), { instanceOf: GradloomError });
  const file = path.join(temporary(t), 'file');
  writeFileSync(file, '');
  const error = await t.throwsAsync(FileStore.open(file), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
});

redisTest('a store is named as file: or redis:, and no password of another URL is told', async (t) => {
  const server = await RedisServer.connect(queueAddress((await TestRedis.start(t)).url, false));
  t.teardown(() => server.close());
  t.is((await openStore('redis:', server)).shown, 'redis:');
  const place = temporary(t);
  t.is((await openStore(`file:${place}`, server)).shown, `file:${place}`);
  t.is((await openStore(`file://${place}`, server)).shown, `file:${place}`);
  for (const url of ['', 'file:', 's3://bucket', 'redis://me:hunter2@host', '/mnt/runs']) {
    const error = await t.throwsAsync(openStore(url, server), { instanceOf: GradloomError }, url);
    t.is(error.code, 'E_USAGE');
    t.is(error.where, '--store');
    t.false(error.message.includes('hunter2'));
  }
});

redisTest('a run that is larger than the store takes is told with both sizes', async (t) => {
  const store = await redisStore(t);
  const small: BlobStore = {
    shown: store.shown,
    id: store.id,
    limitBytes: 100,
    put: (...args) => store.put(...args),
    get: (name) => store.get(name),
    list: (name) => store.list(name),
    remove: (name) => store.remove(name),
    removeFolder: (name) => store.removeFolder(name),
  };
  const { directory } = await runTree(TREE, temporary(t));
  const error = await t.throwsAsync(new RunCopies(small, 'runs/a/1~x').save(directory!, true), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORE_LIMIT');
  t.is(error.exitCode, 78);
  t.regex(error.message, /^a copy of the run takes \d+ bytes, the store takes 100 at most$/);
});
