/** 10^k as f64; up to 10^22 without rounding. */
export const POWERS = Float64Array.from({ length: 301 }, (_, k) => Number(`1e${k}`));
/** Whole numbers of so many digits are exact in f64, and so are powers of ten up to that one. */
export const EXACT_DIGITS = 15;
export const EXACT_POWER = 22;
/** bound: longer digits and larger powers are off by less than 2^-46 of the value, for up to 40 digits. */
export const MOST_DIGITS = 40;
const SLACK = 2 ** -44;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * f32 of digits x 10^power, where that is f32(f64(the decimal number)), as `Math.fround(Number(text))` has it; NaN where it is too near the
 * middle of two f32 to tell from an approximate product.
 *
 * @param digits  value of all digits as one whole number, added up in f64 from the left
 * @param count   how many digits that were, at most MOST_DIGITS
 */
export function roundDecimal(digits: number, count: number, power: number): number {
  if (count <= EXACT_DIGITS && power >= -EXACT_POWER && power <= EXACT_POWER) {
    return Math.fround(power < 0 ? digits / (POWERS[-power] as number) : digits * (POWERS[power] as number));
  }
  if (power <= -POWERS.length || power >= POWERS.length) return Number.NaN;
  const near = power < 0 ? digits / (POWERS[-power] as number) : digits * (POWERS[power] as number);
  // f64(the number) lies between these two, and rounding keeps order: where both give the same f32, so does it.
  const low = Math.fround(near * (1 - SLACK));
  return low === Math.fround(near * (1 + SLACK)) ? low : Number.NaN;
}

/** The number that a text is, whole; undefined if it is none. Infinite beyond f64. */
export function numberOf(text: string, decimal: '.' | ','): number | undefined {
  const plain = decimal === '.' ? text : text.replace(',', '.');
  if (decimal === ',' && text.includes('.')) return undefined;
  return NUMBER.test(plain) ? Number(plain) : undefined;
}

/** What counts as a missing value, in text columns and number columns, quoted or not. */
const MISSING: ReadonlySet<string> = new Set(['', 'NA', 'N/A', 'NaN', 'nan', 'NAN', 'null', 'NULL', 'Null', '?']);
/** Length of the longest of them. */
export const MISSING_LENGTH = 4;

export function isMissing(text: string): boolean {
  return text.length <= MISSING_LENGTH && MISSING.has(text);
}
