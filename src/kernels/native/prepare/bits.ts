/** Zeros of both signs, the smallest and the largest numbers: where codes differ, they differ here. */
export const SPECIAL = [0, -0, 1e-45, -1e-45, 1.1754942e-38, -1.1754944e-38, 3.4028235e38, -3.4028235e38];
export const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** A memory as f32 and as their bits. */
export interface Bits {
  floats: Float32Array;
  words: Int32Array;
}

/** Whether `count` values from `at` and from `otherAt` on (in values) are the same: every bit, but for those inside of a NaN. */
export function sameBits(one: Bits, at: number, other: Bits, otherAt: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const isSame = one.words[at + i] === other.words[otherAt + i];
    if (!isSame && !(Number.isNaN(one.floats[at + i]) && Number.isNaN(other.floats[otherAt + i]))) return false;
  }
  return true;
}
