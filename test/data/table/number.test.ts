import test from 'ava';
import { makeBlock } from '../../../src/data/table/rows/block.ts';
import { numberOf } from '../../../src/data/table/rows/number.ts';
import { Scanner } from '../../../src/data/table/text/scanner.ts';
import { nextBelow } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';

/** f32 of texts, one a line, pushed in pieces. */
function scanned(texts: readonly string[], pieceBytes: number): Float32Array {
  const bytes = Buffer.from(texts.join('\n'));
  const block = makeBlock({ features: 1, others: 0, texts: 0 }, texts.length);
  const scanner = new Scanner(
    'x.csv',
    ['x'],
    [{ kind: 'number', to: 'features', slot: 0, missing: 'error' }],
    { delimiter: ',', decimal: '.' },
    1,
  );
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    scanner.push(bytes.subarray(from, from + pieceBytes));
    scanner.scan(block);
  }
  scanner.finish();
  scanner.scan(block);
  return block.features.subarray(0, block.rows);
}

const seed = Date.now() % 2 ** 32;
const stream = new RandomStream(seed, 'noise', 3);
const draw = (bound: number): number => nextBelow(stream, bound);

/** A number of f32's range as its text: digits, a point somewhere, perhaps an exponent; or a double as JavaScript writes it. */
function randomText(): string {
  if (draw(3) === 0) {
    const value = new Float64Array(new Uint32Array([draw(2 ** 32), draw(2 ** 32)]).buffer)[0] as number;
    if (Number.isFinite(Math.fround(value))) return `${value}`;
  }
  if (draw(4) === 0) return `${midpoint()}`;
  const digits = Array.from({ length: 1 + draw(draw(8) === 0 ? 45 : 18) }, () => draw(10)).join('');
  const point = draw(digits.length + 1);
  const text = draw(3) === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  const scaled = draw(3) === 0 ? `${text}${'eE'[draw(2)]}${['', '+', '-'][draw(3)]}${draw(45)}` : text;
  const signed = `${['', '-', '+'][draw(3)]}${scaled}`;
  return Number.isFinite(Math.fround(Number(signed))) ? signed : '1';
}

/** Between two neighbouring f32, where rounding is decided. */
function midpoint(): number {
  const bits = new Uint32Array([draw(0x7f000000)]);
  const low = new Float32Array(bits.buffer)[0] as number;
  bits[0] = (bits[0] as number) + 1;
  return (low + (new Float32Array(bits.buffer)[0] as number)) / 2;
}

test('numbers have the bits of Math.fround(Number(text))', (t) => {
  t.log(`seed ${seed}`);
  const texts = Array.from({ length: 200_000 }, randomText);
  const wanted = Float32Array.from(texts, Number);
  for (const pieceBytes of [2 ** 18, 1000]) {
    const found = scanned(texts, pieceBytes);
    const wrong = texts.filter((_, i) => !Object.is(found[i], wanted[i]));
    t.deepEqual([found.length, wrong.slice(0, 10)], [texts.length, []]);
  }
});

test('what is no number is none', (t) => {
  for (const text of ['', '.', '-', '+', 'e5', '1e', '1e+', '1.2.3', '--1', '1 2', '0x10', '1_000', '1,5', '1e5.5', '\u0661']) {
    t.is(numberOf(text, '.'), undefined, text);
  }
  for (const [text, value] of [
    ['1.', 1],
    ['.5', 0.5],
    ['+7', 7],
    ['-0', -0],
    ['1E3', 1000],
    ['1e400', Number.POSITIVE_INFINITY],
  ] as const) {
    t.is(numberOf(text, '.'), value, text);
  }
});
