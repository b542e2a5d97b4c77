import test from 'ava';
import { decode } from 'fast-png';
import type { InputSpec } from '../../../src/data/preprocess/preprocess.ts';
import type { ReportedRun } from '../../../src/report/run-page/read.ts';
import { weightTiles } from '../../../src/report/run-page/weights.ts';
import type { Tensor } from '../../../src/storage/safetensors/bytes.ts';

const COLOURS: InputSpec = { kind: 'images', channels: 3, size: [6, 6] };
const GREY: InputSpec = { kind: 'array', shape: [6, 6], stored: 'u8' };

function tilesOf(shape: number[], values: number[], input: InputSpec, name = 'layers.0.weight'): string {
  const tensor: Tensor = { dtype: 'F32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
  const preprocess: ReportedRun['preprocess'] = {
    version: 1,
    input,
    normalization: { kind: 'divide', divisor: 1 },
    target: { kind: 'class', classes: [] },
  };
  return weightTiles({ preprocess, tensors: new Map([[name, tensor]]) } as unknown as ReportedRun);
}

function pixelsOf(html: string): { width: number; height: number; data: number[] }[] {
  return [...html.matchAll(/base64,([^"]+)"/g)].map(([, text = '']) => {
    const { width, height, data } = decode(Buffer.from(text, 'base64'));
    return { width, height, data: [...data] };
  });
}

test('filters of colours are drawn in theirs, grey at 0, by the strongest of all', (t) => {
  // Two filters of 3 channels, 1 line, 2 columns.
  const html = tilesOf([2, 3, 1, 2], [2, 0, 0, -2, 0, 1, 0, 0, 0, 0, 0, -1], COLOURS);
  t.regex(
    html,
    /layers\.0\.weight, a picture a filter: red, green and blue by the weights of that colour, grey at 0; the strongest is 2\./,
  );
  t.deepEqual(pixelsOf(html), [
    { width: 2, height: 1, data: [255, 128, 128, 128, 0, 191] },
    { width: 2, height: 1, data: [128, 128, 128, 128, 128, 64] },
  ]);
  t.true(html.includes('alt="weights of filter 1"'));
});

test('filters of one channel are drawn by their sign, also behind a pool and of the columns of a table', (t) => {
  const table: InputSpec = { kind: 'table', columns: [{ type: 'number', name: 'a' }] };
  for (const input of [GREY, table]) {
    const [tile] = pixelsOf(tilesOf([1, 1, 1, 3], [-1, 0, 1], input, 'layers.1.weight'));
    t.deepEqual(tile, { width: 3, height: 1, data: [0x20, 0x66, 0xac, 247, 247, 247, 0xb2, 0x18, 0x2b] });
  }
});

test('units of a dense layer have a picture of the whole input', (t) => {
  const html = tilesOf(
    [2, 36],
    Array.from({ length: 72 }, (_, i) => i),
    GREY,
  );
  t.regex(html, /a picture a unit: blue below 0/);
  t.deepEqual(
    pixelsOf(html).map(({ width, height }) => [width, height]),
    [
      [6, 6],
      [6, 6],
    ],
  );
});

test('what is no picture has none: filters of 1x1, of many channels, along sequences, units of other inputs', (t) => {
  const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
  t.is(tilesOf([4, 3, 1, 1], zeros(12), COLOURS), '');
  t.is(tilesOf([1, 8, 3, 3], zeros(72), { kind: 'array', shape: [8, 9, 9], stored: 'f32' }), '');
  t.is(tilesOf([4, 1, 3], zeros(12), { kind: 'array', shape: [9], stored: 'f32' }), '');
  t.is(tilesOf([2, 5], zeros(10), GREY), '');
});
