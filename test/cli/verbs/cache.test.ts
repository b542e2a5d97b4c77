import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { greyPng } from '../../data/images/support/png.ts';
import { gradloom, workplace } from '../support/run-cli.ts';

const EXPERIMENT = `
data: {source: {type: images, path: train, channels: 1}, split: {val: 0, test: 0}}
model: {layers: [{type: dense, units: 2}]}
loss: softmax_cross_entropy
train: {steps: 2, batch_size: 4}
parallel: {code: wasm}
`;

/** A folder with an experiment on pictures, and a cache directory with what is ours and what is not. */
function place(t: ExecutionContext): { cwd: string; cache: string; env: Record<string, string> } {
  const cwd = workplace(t, { 'pictures.yaml': EXPERIMENT });
  for (const label of ['a', 'b']) {
    mkdirSync(path.join(cwd, 'train', label), { recursive: true });
    for (let i = 0; i < 3; i++)
      writeFileSync(
        path.join(cwd, 'train', label, `${i}.png`),
        greyPng(4, 5, (x) => (x * 40 + i) % 256),
      );
  }
  const cache = path.join(cwd, 'cache');
  mkdirSync(path.join(cache, 'compiled', 'v20.0.0-x64', 'deep'), { recursive: true });
  writeFileSync(path.join(cache, 'compiled', 'v20.0.0-x64', 'deep', 'x'), 'x'.repeat(300));
  writeFileSync(path.join(cache, 'compiled', 'notes'), 'mine');
  writeFileSync(path.join(cache, 'mnist-10000.bin'), 'x'.repeat(2000));
  writeFileSync(path.join(cache, '.tmp-1-0'), 'x');
  writeFileSync(path.join(cache, 'letter.txt'), 'mine');
  symlinkSync(cwd, path.join(cache, 'elsewhere'));
  return { cwd, cache, env: { GRADLOOM_CACHE_DIR: cache, NODE_DISABLE_COMPILE_CACHE: '1' } };
}

test('cache ls names the kinds with their sizes, cache clear removes them and nothing else', async (t) => {
  const { cwd, cache, env } = place(t);
  const trained = await gradloom(['train', 'pictures.yaml', '--json'], { cwd, env });
  t.is(trained.code, 0, trained.stderr);
  const listed = await gradloom(['cache', 'ls', '--json'], { cwd, env });
  const { bytes, directory, entries } = JSON.parse(listed.stdout) as {
    bytes: number;
    directory: string;
    entries: { kind: string; path: string; bytes: number }[];
  };
  t.is(directory, cache);
  const sizes = Object.fromEntries(entries.map((entry) => [entry.kind, entry.bytes]));
  t.is(sizes['pictures'], 6 * 20);
  t.is(sizes['mnist'], 2000);
  t.is(sizes['compiled'], 300);
  t.is(sizes['temporary'], 1);
  t.is(
    bytes,
    entries.reduce((sum, entry) => sum + entry.bytes, 0),
  );
  t.regex((await gradloom(['cache', 'ls'], { cwd, env })).stdout, /^pictures +120 B +decoded pictures of image folders \(1 file\)$/m);

  const dry = await gradloom(['cache', 'clear', '--dry-run'], { cwd, env });
  t.regex(dry.stderr + dry.stdout, /would remove/);
  const some = await gradloom(['cache', 'clear', '--kind', 'pictures', '--json'], { cwd, env });
  t.is((JSON.parse(some.stdout) as { bytes: number }).bytes, 120);
  t.true(existsSync(path.join(cache, 'mnist-10000.bin')));
  t.is((await gradloom(['cache', 'clear'], { cwd, env })).code, 0);
  t.deepEqual(JSON.parse((await gradloom(['cache', 'ls', '--json'], { cwd, env })).stdout), { directory: cache, bytes: 0, entries: [] });
  for (const name of ['letter.txt', 'elsewhere', 'compiled/notes']) t.true(existsSync(path.join(cache, name)), name);
  t.true(existsSync(path.join(cwd, 'train', 'a', '0.png')));
});

test('a run from kept pictures has the bits of one that decoded them', async (t) => {
  const { cwd, env } = place(t);
  const digests = [];
  for (let i = 0; i < 2; i++)
    digests.push((JSON.parse((await gradloom(['train', 'pictures.yaml', '--json'], { cwd, env })).stdout) as { digest: string }).digest);
  t.is(digests[0], digests[1]);
});

test('a cache directory that is none holds nothing, and an unknown kind is refused', async (t) => {
  const { cwd } = place(t);
  const env = { GRADLOOM_CACHE_DIR: path.join(cwd, 'missing') };
  t.deepEqual(JSON.parse((await gradloom(['cache', 'ls', '--json'], { cwd, env })).stdout), {
    directory: env.GRADLOOM_CACHE_DIR,
    bytes: 0,
    entries: [],
  });
  const refused = await gradloom(['cache', 'clear', '--kind', 'runs'], { cwd, env });
  t.is(refused.code, 64);
  t.regex(refused.stderr, /--kind: expected pictures, mnist, native, compiled, temporary; got runs/);
});

test('a damaged picture ends a command with its place and exit code 65', async (t) => {
  const { cwd, env } = place(t);
  writeFileSync(path.join(cwd, 'train', 'b', '1.png'), greyPng(4, 5).subarray(0, 50));
  const { code, stderr } = await gradloom(['train', 'pictures.yaml'], { cwd, env });
  t.is(code, 65);
  t.regex(stderr, /train\/b\/1\.png:\d+ +error\[E_DATA_IMAGE\]/);
  t.regex(stderr, /next: save the picture again as PNG or JPEG, or take it out of the folder/);
});
