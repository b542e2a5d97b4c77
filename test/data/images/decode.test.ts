import test from 'ava';
import { decodePicture } from '../../../src/data/images/decode.ts';
import { pictureFeatures } from '../../../src/data/images/features.ts';
import { PictureError } from '../../../src/data/images/picture/picture.ts';
import { fuzzPictures } from './support/fuzz.ts';
import { hasPillow, picturesByPillow, readByPillow } from './support/pillow.ts';
import { chunk, greyPng, header, pngBytes, SIGNATURE } from './support/png.ts';
import { smallJpegs, smallPngs } from './support/samples.ts';

const pillow = hasPillow ? test : test.skip;

/** [height, width, 3] as [3, height, width]. */
function planes(bytes: Uint8Array): Uint8Array {
  const count = bytes.length / 3;
  return Uint8Array.from(bytes, (_, i) => bytes[(i % count) * 3 + Math.floor(i / count)] ?? 0);
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  return a.length === b.length ? a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0) : Number.POSITIVE_INFINITY;
}

pillow('pictures that Pillow writes, PNG and JPEG of every mode, are read and resized to the very bytes that Pillow reads', (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  t.log(`seed ${seed}`);
  const pictures = picturesByPillow(seed);
  t.true(pictures.length > 450);
  const wrong = pictures.flatMap(({ name, width, height, file, ...by }) => {
    const differences = [
      largestDifference(pictureFeatures(file, { channels: 3, size: [height, width] }), planes(by.rgb)),
      largestDifference(pictureFeatures(file, { channels: 1, size: [height, width] }), by.grey),
      largestDifference(pictureFeatures(file, { channels: 1, size: [9, 13] }), by.small),
      largestDifference(pictureFeatures(file, { channels: 3, size: [50, 40] }), planes(by.large)),
    ];
    return differences.some((most) => most > 0) ? [`${name}: ${differences.join(' ')}`] : [];
  });
  t.deepEqual(wrong, []);
});

pillow('an interlaced PNG of any depth has the pixels that Pillow reads', (t) => {
  for (const [width, height] of [
    [1, 1],
    [3, 2],
    [9, 8],
    [19, 13],
  ] as const) {
    for (const [colour, depth] of [
      [0, 1],
      [0, 2],
      [0, 4],
      [0, 8],
      [2, 8],
      [2, 16],
    ] as const) {
      const file = pngBytes({
        width,
        height,
        depth,
        colour,
        interlaced: true,
        sample: (x, y, c) => (x * 37 + y * 11 + c * 5) % 2 ** depth,
      });
      const got = pictureFeatures(file, { channels: 3, size: [height, width] });
      t.is(largestDifference(got, planes(readByPillow(file))), 0, `colour ${colour}, ${depth} bits, ${width} x ${height}`);
    }
  }
});

test('an interlaced picture has the pixels of one that is not', (t) => {
  const spec = {
    width: 19,
    height: 13,
    depth: 8,
    colour: 6,
    sample: (x: number, y: number, c: number) => (x * 37 + y * 11 + c * 90) % 256,
  };
  t.deepEqual(decodePicture(pngBytes({ ...spec, interlaced: true })), decodePicture(pngBytes(spec)));
});

test('what is transparent is laid over white', (t) => {
  const alphas = [0, 128, 255];
  const file = pngBytes({ width: 3, height: 1, depth: 8, colour: 4, sample: (x, _, c) => (c === 0 ? 100 : (alphas[x] ?? 0)) });
  t.deepEqual([...decodePicture(file).pixels], [255, 177, 100]);
});

const two = greyPng(2, 2);
const jpeg = smallJpegs()[0] ?? Buffer.alloc(0);
const REFUSED: { title: string; file: Uint8Array; code: PictureError['code']; message: RegExp }[] = [
  { title: 'an empty file', file: Buffer.alloc(0), code: 'E_DATA_MAGIC', message: /^an empty file; expected PNG or JPEG$/ },
  {
    title: 'a text',
    file: Buffer.from('a,b\n1,2\n'),
    code: 'E_DATA_MAGIC',
    message: /^no picture; expected PNG or JPEG$/,
  },
  { title: 'a GIF', file: Buffer.from('GIF89a'), code: 'E_DATA_MAGIC', message: /^a GIF picture; expected PNG or JPEG$/ },
  { title: 'a PNG that was cut short', file: two.subarray(0, -5), code: 'E_DATA_IMAGE', message: /^ends before its last chunk$/ },
  {
    title: 'a damaged PNG',
    file: two.map((byte, i) => (i === 45 ? byte ^ 1 : byte)),
    code: 'E_DATA_IMAGE',
    message: /^the sum of a chunk/,
  },
  {
    title: 'a PNG of more pixels than may be',
    file: Buffer.concat([SIGNATURE, header({ width: 2 ** 30, height: 2 ** 30, depth: 8, colour: 0 })]),
    code: 'E_DATA_TOO_LARGE',
    message: /^1073741824 x 1073741824 pixels; the limit is 67108864 of them$/,
  },
  {
    title: 'a PNG whose few bytes cannot be its pixels',
    file: Buffer.concat([
      SIGNATURE,
      header({ width: 8000, height: 8000, depth: 8, colour: 0 }),
      chunk('IDAT', Buffer.alloc(9)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
    code: 'E_DATA_IMAGE',
    message: /^9 bytes of compressed pixels; 8000 x 8000 cannot be so few$/,
  },
  {
    title: 'a PNG with more pixels than its header says',
    file: Buffer.concat([SIGNATURE, header({ width: 2, height: 1, depth: 8, colour: 0 }), two.subarray(33)]),
    code: 'E_DATA_IMAGE',
    message: /^more pixels than 2 x 1$/,
  },
  {
    title: 'a PNG with a filter that there is not',
    file: pngBytes({ width: 2, height: 2, depth: 8, colour: 0, filter: 9, sample: () => 1 }),
    code: 'E_DATA_IMAGE',
    message: /^row 0 has a filter of 9; expected 0 to 4$/,
  },
  {
    title: 'a colour that the palette does not have',
    file: pngBytes({ width: 2, height: 2, depth: 8, colour: 3, sample: () => 7, between: [chunk('PLTE', Buffer.alloc(6))] }),
    code: 'E_DATA_IMAGE',
    message: /^colour 7 of a palette of 2$/,
  },
  { title: 'a JPEG that was cut short', file: jpeg.subarray(0, -20), code: 'E_DATA_IMAGE', message: /cut short/ },
  {
    title: 'a JPEG with arithmetic coding',
    file: Buffer.from('ffd8ffc9000b080001000101011100', 'hex'),
    code: 'E_DATA_IMAGE',
    message: /^a JPEG with arithmetic coding, which is not read$/,
  },
  {
    title: 'a JPEG whose few bytes cannot be its pixels',
    file: Buffer.from('ffd8ffc2000b081f401f4001011100', 'hex'),
    code: 'E_DATA_IMAGE',
    message: /^8000 x 8000 pixels, which 15 bytes cannot hold$/,
  },
];
for (const { title, file, code, message } of REFUSED) {
  test(`${title} is refused`, (t) => {
    const error = t.throws(() => decodePicture(file), { instanceOf: PictureError, message });
    t.is(error?.code, code);
  });
}

test('mutated PNG and JPEG files decode or are refused with their byte', (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  t.log(`seed ${seed}`);
  for (const files of [smallPngs(), smallJpegs()]) {
    const { decoded, refused, failures } = fuzzPictures(files, seed, 400);
    t.deepEqual(failures, []);
    t.true(decoded > 0 && refused > 0);
  }
});
