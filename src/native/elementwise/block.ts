/**
 * The memory of a thread's own through which routines get numbers that are not integers and give results back, and where their constants
 * stand. Offsets in bytes; every routine gets its address as its last argument.
 */
export const BLOCK = {
  /** f32[8] */
  scalars: 0,
  /** f32[16] or f64[8] */
  result: 64,
  /** i32[16]: entry n has the lowest n bits set. */
  bits: 128,
  /** i32[16]: eight of -1, then eight of 0. From entry 8 - n on the first n lanes are set. */
  window: 192,
  /** u8[256][8]: entry m has the positions of the set bits of m, in order, then zeros. */
  positions: 256,
  /** i32 4, i32 8, i32 0 */
  four: 2304,
  eight: 2308,
  zero: 2312,
  /** u8[16]: 0 to 15. */
  count: 2320,
  bytes: 2368,
} as const;

const I32 = Int32Array.BYTES_PER_ELEMENT;

/** Writes a block's constants. */
export function writeConstants(words: Int32Array): void {
  for (let n = 0; n < 16; n++) words[BLOCK.bits / I32 + n] = 2 ** n - 1;
  for (let n = 0; n < 16; n++) words[BLOCK.window / I32 + n] = n < 8 ? -1 : 0;
  words[BLOCK.four / I32] = 4;
  words[BLOCK.eight / I32] = 8;
  const positions = new Uint8Array(words.buffer, words.byteOffset + BLOCK.positions, 2048);
  for (let mask = 0; mask < 256; mask++) {
    let next = mask * 8;
    for (let bit = 0; bit < 8; bit++) if ((mask >> bit) & 1) positions[next++] = bit;
  }
  const count = new Uint8Array(words.buffer, words.byteOffset + BLOCK.count, 16);
  for (let i = 0; i < 16; i++) count[i] = i;
}
