/**
 * Elementary functions from + - * / and sqrt only, which IEEE 754 fixes to the last bit; `Math.log` and `Math.cos` are left to each
 * JavaScript engine. They serve random numbers, generated data and learning rates, where the same bits everywhere matter more than speed.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT_2 = Math.SQRT2;

/**
 * Natural logarithm of x > 0, normal (not subnormal) and finite; within 1 unit in the last place.
 *
 * x = 2^k (1 + f) with 1 + f in (sqrt(1/2), sqrt(2)); log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)), s = f / (2 + f).
 * source: fdlibm e_log.c (Sun Microsystems), whose polynomial this is; here k is found by scaling, so a tiny x takes more steps.
 */
export function log(x: number): number {
  let k = 0;
  let m = x;
  while (m >= SQRT_2) {
    m *= 0.5;
    k++;
  }
  while (m < SQRT_2 / 2) {
    m *= 2;
    k--;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + (even + odd)) + k * LN2_LOW) - f);
}

const TURN = 2 * Math.PI;
/** Halvings of the angle before the series, and doublings after it. */
const HALVINGS = 6;

/**
 * [cos x, sin x], absolute error below 1e-13 + |x| 2^-52.
 * The angle is brought into one turn, then the Taylor series of a small angle, doubled six times by (c, s) -> (c^2 - s^2, 2 c s).
 */
export function cosSin(x: number): [cos: number, sin: number] {
  const a = (x - TURN * Math.round(x / TURN)) / 2 ** HALVINGS;
  const square = a * a;
  let cos = 1;
  let sin = 1;
  // Horner from the highest term: (pi / 2^6)^14 / 14! < 1e-29.
  for (let term = 6; term >= 1; term--) {
    cos = 1 - (square * cos) / ((2 * term - 1) * (2 * term));
    sin = 1 - (square * sin) / (2 * term * (2 * term + 1));
  }
  sin *= a;
  for (let i = 0; i < HALVINGS; i++) {
    const doubled = cos * cos - sin * sin;
    sin = 2 * cos * sin;
    cos = doubled;
  }
  return [cos, sin];
}

/** x^n for an integer n >= 0, by squaring; relative error below n 2^-52. */
export function integerPower(x: number, n: number): number {
  let result = 1;
  let square = x;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** Beyond these the result is 0 or infinite; subnormal results count as 0. */
const EXP_LOWEST = -708;
const EXP_HIGHEST = 709.78;

/**
 * e^x, within 1 unit in the last place; 0 below -708.
 *
 * x = k ln 2 + r with |r| <= ln(2)/2; e^r = 1 + r + r c / (2 - c), c = r - r^2 P(r^2).
 * source: fdlibm e_exp.c (Sun Microsystems), whose polynomial this is.
 */
export function exp(x: number): number {
  if (x < EXP_LOWEST) return 0;
  if (x > EXP_HIGHEST) return Number.POSITIVE_INFINITY;
  const k = Math.round(x / Math.LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const z = r * r;
  const p =
    0.16666666666666602 +
    z * (-0.0027777777777015593 + z * (6.613756321437934e-5 + z * (-1.6533902205465252e-6 + z * 4.1381367970572385e-8)));
  const c = r - z * p;
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // 2^1024 is not a number, though y 2^1024 may be one.
  return k > 1023 ? y * 2 * powerOfTwo(k - 1) : y * powerOfTwo(k);
}

const bits = new DataView(new ArrayBuffer(8));

/** 2^k, exactly, for k from -1022 to 1023. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  return bits.getFloat64(0);
}

/** x^y for x > 0, normal and finite; relative error below (2 + |y log x|) 2^-52, or y 2^-52 for an integer y >= 0. */
export function power(x: number, y: number): number {
  return Number.isSafeInteger(y) && y >= 0 ? integerPower(x, y) : exp(y * log(x));
}
