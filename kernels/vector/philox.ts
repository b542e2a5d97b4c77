// Philox4x32-10, the generator of src/random/philox.ts, 8 blocks at a time: random words that are a function of key and place alone.
//   measured 1.05 ns a word; 1.35 with a call for every store
//   source  Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011
import { f32At } from './pointer';

/** Words of one turn of `words`; a call for fewer costs as much. */
export const TURN_WORDS: i32 = 32;

// A vector holds two of the four words of two blocks, [x0, x2, x0', x2'] or [x1, x3, x1', x3']: one product of a pair then brings
// both halves of both words, and only a shuffle stands between the rounds. Four such pairs hide each other's latency.

/** Products of x0 and x2 with their multipliers: [low0, high0, low2, high2] of the first block, of the second. */
// @ts-ignore: decorator
@inline
function multiplyFirst(even: v128): v128 {
  return i64x2.extmul_low_i32x4_u(even, i32x4(<i32>0xd2511f53, <i32>0xcd9e8d57, <i32>0xd2511f53, <i32>0xcd9e8d57));
}

// @ts-ignore: decorator
@inline
function multiplySecond(even: v128): v128 {
  return i64x2.extmul_high_i32x4_u(even, i32x4(<i32>0xd2511f53, <i32>0xcd9e8d57, <i32>0xd2511f53, <i32>0xcd9e8d57));
}

/** x0 = high2 ^ x1 ^ key0, x2 = high0 ^ x3 ^ key1 */
// @ts-ignore: decorator
@inline
function nextEven(first: v128, second: v128, odd: v128, key: v128): v128 {
  return v128.xor(i32x4.shuffle(first, second, 3, 1, 7, 5), v128.xor(odd, key));
}

/** x1 = low2, x3 = low0 */
// @ts-ignore: decorator
@inline
function nextOdd(first: v128, second: v128): v128 {
  return i32x4.shuffle(first, second, 2, 0, 6, 4);
}

/** The counters' words 0 and 2 of blocks `block` and `block` + 1. */
// @ts-ignore: decorator
@inline
function counters(block: i32, number: i32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(number), 0, block), 2, block + 1);
}

/** Stores the lanes that fall on indices 0..n-1; lane 0 has index i, which may be negative. */
function storeInside(p: usize, i: i32, n: i32, v: v128): void {
  if (<u32>i < <u32>n) v128.store_lane<i32>(f32At(p, i), v, 0);
  if (<u32>(i + 1) < <u32>n) v128.store_lane<i32>(f32At(p, i + 1), v, 1);
  if (<u32>(i + 2) < <u32>n) v128.store_lane<i32>(f32At(p, i + 2), v, 2);
  if (<u32>(i + 3) < <u32>n) v128.store_lane<i32>(f32At(p, i + 3), v, 3);
}

/** Stores words 0..3 and 4..7 from index i: the words of two blocks from their pairs. */
// @ts-ignore: decorator
@inline
function storeBlocks(p: usize, i: i32, n: i32, even: v128, odd: v128, whole: bool): void {
  const first = i32x4.shuffle(even, odd, 0, 4, 1, 5), second = i32x4.shuffle(even, odd, 2, 6, 3, 7);
  if (whole) {
    v128.store(f32At(p, i), first);
    v128.store(f32At(p, i), second, 16);
  } else {
    storeInside(p, i, n, first);
    storeInside(p, i + 4, n, second);
  }
}

/**
 * Words first..first+n-1 of a stream, as RandomStream.word of src/random/stream.ts has them.
 *
 * @param to      receives u32[n]
 * @param first   below 2^32, so that the counter's second word is 0
 * @param stream  u32[4]: key0, key1, number0, number1
 */
export function words(to: usize, n: i32, first: u32, stream: usize): void {
  const keys = v128.load64_splat(stream);
  const number0 = i32.load(stream, 8);
  const odds = i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(0), 1, i32.load(stream, 12)), 3, i32.load(stream, 12));
  const weyl = i32x4(<i32>0x9e3779b9, <i32>0xbb67ae85, <i32>0x9e3779b9, <i32>0xbb67ae85);
  let block = <i32>(first >> 2);
  for (let i = -<i32>(first & 3); i < n; i += TURN_WORDS) {
    let a = counters(block, number0), b = counters(block + 2, number0), c = counters(block + 4, number0), d = counters(block + 6, number0);
    let e = odds, f = odds, g = odds, h = odds;
    let key = keys;
    for (let round = 0; round < 10; round++) {
      const a0 = multiplyFirst(a), a1 = multiplySecond(a);
      a = nextEven(a0, a1, e, key);
      e = nextOdd(a0, a1);
      const b0 = multiplyFirst(b), b1 = multiplySecond(b);
      b = nextEven(b0, b1, f, key);
      f = nextOdd(b0, b1);
      const c0 = multiplyFirst(c), c1 = multiplySecond(c);
      c = nextEven(c0, c1, g, key);
      g = nextOdd(c0, c1);
      const d0 = multiplyFirst(d), d1 = multiplySecond(d);
      d = nextEven(d0, d1, h, key);
      h = nextOdd(d0, d1);
      key = i32x4.add(key, weyl);
    }
    const whole = i >= 0 && i + TURN_WORDS <= n;
    storeBlocks(to, i, n, a, e, whole);
    storeBlocks(to, i + 8, n, b, f, whole);
    storeBlocks(to, i + 16, n, c, g, whole);
    storeBlocks(to, i + 24, n, d, h, whole);
    block += 8;
  }
}
