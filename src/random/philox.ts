/**
 * Philox4x32-10: a counter-based random generator. The numbers are a pure function of (key, counter), so there is no state to
 * save, and any thread can compute the number it needs without the ones before it.
 *
 * source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; constants and known answers from Random123.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Golden ratio and sqrt(3) - 1, in 32 bits: what the key grows by each round. */
const WEYL_0 = 0x9e3779b9 | 0;
const WEYL_1 = 0xbb67ae85 | 0;
const ROUNDS = 10;

const M0_LOW = MULTIPLIER_0 & 0xffff;
const M0_HIGH = MULTIPLIER_0 >>> 16;
const M1_LOW = MULTIPLIER_1 & 0xffff;
const M1_HIGH = MULTIPLIER_1 >>> 16;

/**
 * One block: four random 32-bit words of counter (c0, c1, c2, c3) under key (k0, k1). Words are taken modulo 2^32.
 *
 * @param out receives the words, at `at` to `at + 3`
 */
export function philox4x32(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: Uint32Array, at = 0): void {
  // All values stay int32, which V8 keeps in registers; the high halves of the products come from 16-bit pieces, none above 2^32.
  let x0 = c0 | 0;
  let x1 = c1 | 0;
  let x2 = c2 | 0;
  let x3 = c3 | 0;
  let key0 = k0 | 0;
  let key1 = k1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const a = x0 & 0xffff;
    const b = x0 >>> 16;
    const aMiddle = (Math.imul(M0_HIGH, a) + (Math.imul(M0_LOW, a) >>> 16)) | 0;
    const aCarry = (Math.imul(M0_LOW, b) + (aMiddle & 0xffff)) | 0;
    const high0 = (Math.imul(M0_HIGH, b) + (aMiddle >>> 16) + (aCarry >>> 16)) | 0;
    const low0 = Math.imul(MULTIPLIER_0, x0);

    const c = x2 & 0xffff;
    const d = x2 >>> 16;
    const cMiddle = (Math.imul(M1_HIGH, c) + (Math.imul(M1_LOW, c) >>> 16)) | 0;
    const cCarry = (Math.imul(M1_LOW, d) + (cMiddle & 0xffff)) | 0;
    const high1 = (Math.imul(M1_HIGH, d) + (cMiddle >>> 16) + (cCarry >>> 16)) | 0;
    const low1 = Math.imul(MULTIPLIER_1, x2);

    x0 = high1 ^ x1 ^ key0;
    x1 = low1;
    x2 = high0 ^ x3 ^ key1;
    x3 = low0;
    key0 = (key0 + WEYL_0) | 0;
    key1 = (key1 + WEYL_1) | 0;
  }
  out[at] = x0;
  out[at + 1] = x1;
  out[at + 2] = x2;
  out[at + 3] = x3;
}
