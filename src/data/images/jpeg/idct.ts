/**
 * The inverse cosine transform of 8 x 8 coefficients to bytes, in whole numbers: the accurate one of the Independent JPEG Group's library, whose
 * results most programs show.
 * source: libjpeg jidctint.c, after Loeffler, Ligtenberg, Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications", ICASSP 1989.
 */

/** Factors carry 13 bits behind the point, columns 2 on their way to rows. */
const FACTOR_BITS = 13;
const COLUMN_BITS = 2;
const LEVEL = 128;

const F0_298631336 = 2446;
const F0_390180644 = 3196;
const F0_541196100 = 4433;
const F0_765366865 = 6270;
const F0_899976223 = 7373;
const F1_175875602 = 9633;
const F1_501321110 = 12299;
const F1_847759065 = 15137;
const F1_961570560 = 16069;
const F2_053119869 = 16819;
const F2_562915447 = 20995;
const F3_072711026 = 25172;

const { imul } = Math;
const work = new Int32Array(64);

/**
 * @param block         64 coefficients from `from` on
 * @param quantization  their factors
 * @param plane         receives 8 rows of 8 bytes from `to` on, `stride` apart
 */
export function inverseTransform(
  block: Int16Array,
  from: number,
  quantization: Uint16Array,
  plane: Uint8Array,
  to: number,
  stride: number,
): void {
  for (let i = 0; i < 64; i++) work[i] = imul(block[from + i] as number, quantization[i] as number);
  for (let column = 0; column < 8; column++) transform(column, 8, FACTOR_BITS - COLUMN_BITS);
  for (let row = 0; row < 8; row++) {
    transform(8 * row, 1, FACTOR_BITS + COLUMN_BITS + 3);
    for (let x = 0; x < 8; x++) {
      const value = (work[8 * row + x] as number) + LEVEL;
      plane[to + row * stride + x] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
}

/** Eight numbers of `work` from `at` on, `step` apart, in place; the results are rounded to lose `shift` bits. */
function transform(at: number, step: number, shift: number): void {
  const x0 = work[at] as number;
  const x1 = work[at + step] as number;
  const x2 = work[at + 2 * step] as number;
  const x3 = work[at + 3 * step] as number;
  const x4 = work[at + 4 * step] as number;
  const x5 = work[at + 5 * step] as number;
  const x6 = work[at + 6 * step] as number;
  const x7 = work[at + 7 * step] as number;
  // Even part.
  const e = imul(x2 + x6, F0_541196100);
  const e2 = e - imul(x6, F1_847759065);
  const e3 = e + imul(x2, F0_765366865);
  const e0 = (x0 + x4) << FACTOR_BITS;
  const e1 = (x0 - x4) << FACTOR_BITS;
  const [a0, a3, a1, a2] = [e0 + e3, e0 - e3, e1 + e2, e1 - e2];
  // Odd part.
  const z5 = imul(x7 + x3 + x5 + x1, F1_175875602);
  const z1 = imul(x7 + x1, -F0_899976223);
  const z2 = imul(x5 + x3, -F2_562915447);
  const z3 = imul(x7 + x3, -F1_961570560) + z5;
  const z4 = imul(x5 + x1, -F0_390180644) + z5;
  const b0 = imul(x7, F0_298631336) + z1 + z3;
  const b1 = imul(x5, F2_053119869) + z2 + z4;
  const b2 = imul(x3, F3_072711026) + z2 + z3;
  const b3 = imul(x1, F1_501321110) + z1 + z4;
  const half = 1 << (shift - 1);
  work[at] = (a0 + b3 + half) >> shift;
  work[at + 7 * step] = (a0 - b3 + half) >> shift;
  work[at + step] = (a1 + b2 + half) >> shift;
  work[at + 6 * step] = (a1 - b2 + half) >> shift;
  work[at + 2 * step] = (a2 + b1 + half) >> shift;
  work[at + 5 * step] = (a2 - b1 + half) >> shift;
  work[at + 3 * step] = (a3 + b0 + half) >> shift;
  work[at + 4 * step] = (a3 - b0 + half) >> shift;
}
