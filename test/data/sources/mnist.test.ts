import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import type { Samples } from '../../../src/data/samples.ts';
import { decodePixels, loadMnist as loadSamples } from '../../../src/data/sources/mnist.ts';
import { originalLabels } from '../../../src/data/sources/mnist-order.ts';
import { cacheDirectory } from '../../../src/machine/cache.ts';
import { realMnist } from '../support/real-mnist.ts';

const root = mkdtempSync(join(tmpdir(), 'gradloom-mnist-'));
process.env['GRADLOOM_CACHE_DIR'] = join(root, 'cache');
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** With its features, which are the same whatever is trained on. */
async function loadMnist(order: 'original' | 'by_seed', seed: number) {
  const samples = await loadSamples(order, seed);
  return { ...samples, ...samples.featuresFor(new Uint32Array()) };
}

const CACHE_FILE = join(root, 'cache', 'mnist-original.bin');

const real = realMnist();
const withReal = real === undefined ? test.skip : test;
const note = real === undefined ? ' (skipped: no original MNIST files; set GRADLOOM_TEST_MNIST)' : '';

withReal(`the 10,000 images and labels equal the first 10,000 of the MNIST training files byte for byte${note}`, async (t) => {
  const { features, target } = await loadMnist('original', 0);
  const unpack = (name: string): Buffer => gunzipSync(readFileSync(join(real as string, name)));
  t.is(Buffer.compare(features as Uint8Array, unpack('train-images-idx3-ubyte.gz').subarray(16, 16 + features.length)), 0);
  const labels = unpack('train-labels-idx1-ubyte.gz').subarray(8, 8 + 10_000);
  t.is(target.kind === 'class' && target.labels.join(), labels.join());
  t.is(originalLabels().join(), labels.join());
});

/** Label and pixels of each sample, as text. */
function identities({ features, target }: Pick<Samples, 'target'> & { features: Uint8Array | Float32Array }): string[] {
  return Array.from({ length: 10_000 }, (_, i) => {
    const pixels = Buffer.from(features.slice(i * 784, i * 784 + 784)).toString('latin1');
    return `${target.kind === 'class' && target.labels[i]} ${pixels}`;
  });
}

test('by_seed gives each sample once, with its label, in an order that the seed decides', async (t) => {
  const original = await loadMnist('original', 1);
  const first = identities(await loadMnist('by_seed', 1));
  t.deepEqual([...first].sort(), identities(original).sort());
  t.deepEqual(identities(await loadMnist('by_seed', 1)), first);
  t.notDeepEqual(identities(await loadMnist('by_seed', 2)), first);
  t.notDeepEqual(identities(original), first);
});

test('everything is in shared memory and shaped as promised', async (t) => {
  const samples = await loadMnist('original', 0);
  t.like(samples, { featureCount: 784, sampleCount: 10_000, ownTestCount: 0 });
  t.deepEqual([...samples.sampleShape], [28, 28]);
  t.true(samples.features.buffer instanceof SharedArrayBuffer);
  t.true(samples.target.kind === 'class' && samples.target.labels.buffer instanceof SharedArrayBuffer);
  t.is(samples.target.kind === 'class' && samples.target.classes, 10);
});

test.serial('the decoded pixels are cached, and read from there the next time', async (t) => {
  rmSync(join(root, 'cache'), { recursive: true, force: true });
  const { features } = await loadMnist('original', 0);
  t.is(readFileSync(CACHE_FILE).length, 7_840_000);
  t.is(Buffer.compare((await loadMnist('original', 0)).features as Uint8Array, features as Uint8Array), 0);
});

for (const damage of ['bit', 'short', 'directory', 'unwritable'] as const) {
  test.serial(`a cache with a fault (${damage}) costs the decoding and nothing else`, async (t) => {
    const { features } = await loadMnist('original', 0);
    const bytes = readFileSync(CACHE_FILE);
    rmSync(join(root, 'cache'), { recursive: true, force: true });
    if (damage === 'unwritable') writeFileSync(join(root, 'cache'), 'a file where the directory should be');
    else mkdirSync(damage === 'directory' ? CACHE_FILE : join(root, 'cache'), { recursive: true });
    if (damage === 'bit') {
      bytes[1_000_000] = (bytes[1_000_000] as number) ^ 1;
      writeFileSync(CACHE_FILE, bytes);
    }
    if (damage === 'short') writeFileSync(CACHE_FILE, bytes.subarray(1));
    t.is(Buffer.compare((await loadMnist('original', 0)).features as Uint8Array, features as Uint8Array), 0);
    if (damage === 'bit' || damage === 'short') t.is(readFileSync(CACHE_FILE).length, 7_840_000);
    rmSync(join(root, 'cache'), { recursive: true, force: true });
  });
}

test('decodePixels equals JSON.parse and rounding on every decimal of three digits', (t) => {
  const values = Array.from({ length: 1001 }, (_, i) => i / 1000);
  const pixels = new Uint8Array(1003);
  t.is(decodePixels(Buffer.from(JSON.stringify({ data: values })), pixels, 1), 1002);
  t.deepEqual([...pixels], [0, ...values.map((value) => Math.round(value * 255)), 0]);
});

test('the cache directory follows GRADLOOM_CACHE_DIR, then the platform', (t) => {
  const home = homedir();
  t.is(cacheDirectory({ GRADLOOM_CACHE_DIR: '/x', XDG_CACHE_HOME: '/y' }, 'linux'), '/x');
  t.is(cacheDirectory({ XDG_CACHE_HOME: '/y' }, 'linux'), join('/y', 'gradloom'));
  t.is(cacheDirectory({ XDG_CACHE_HOME: 'relative' }, 'linux'), join(home, '.cache', 'gradloom'));
  t.is(cacheDirectory({}, 'linux'), join(home, '.cache', 'gradloom'));
  t.is(cacheDirectory({}, 'darwin'), join(home, 'Library', 'Caches', 'gradloom'));
  t.is(cacheDirectory({ LOCALAPPDATA: '/local' }, 'win32'), join('/local', 'gradloom', 'cache'));
});
