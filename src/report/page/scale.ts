/** Where values lie on an axis, and the numbers written beside it. */
export interface Scale {
  /** The share of the axis, 0 to 1; what lies beyond an end is drawn at it. */
  at: (value: number) => number;
  ticks: readonly Tick[];
  /** Where the axis ends, as a share of it, and the strip begins for values beyond; absent without such values. */
  cut?: number;
}

export interface Tick {
  at: number;
  label: string;
}

export interface ScaleOptions {
  log?: boolean;
  /** Ticks to aim for. @default 5 */
  count?: number;
  format?: (value: number) => string;
}

/** The axis from `low` to `high`, straight or logarithmic (then above 0). */
export function rangeScale(low: number, high: number, { log = false, count = 5, format = formatTick }: ScaleOptions = {}): Scale {
  const measure = log ? Math.log : (value: number): number => value;
  const length = measure(high) - measure(low);
  const at = (value: number): number => {
    const share = length > 0 ? (measure(value) - measure(low)) / length : 0.5;
    return Math.min(1, Math.max(0, share));
  };
  const values = length > 0 ? (log ? logTicks(low, high, count) : linearTicks(low, high, count)) : [low];
  return { at, ticks: values.map((value) => ({ at: at(value), label: format(value) })) };
}

/** An axis of things in a row: thing i is in the middle of stretch i. Of many, some are named. */
export function listScale(labels: readonly string[], most = 12): Scale {
  const at = (index: number): number => (index + 0.5) / labels.length;
  const stride = Math.ceil(labels.length / most);
  return { at, ticks: labels.flatMap((label, i) => (i % stride === 0 ? [{ at: at(i), label }] : [])) };
}

/** Of an axis: the strip for values beyond it. */
const STRIP = 0.12;

/** The axis with a strip at one end, in which all values beyond that end stand; its tick is the label. */
export function withStrip(
  scale: Scale,
  { isBeyond, end, label }: { isBeyond: (value: number) => boolean; end: 'low' | 'high'; label: string },
): Scale {
  const within = (share: number): number => (end === 'low' ? STRIP + share * (1 - STRIP) : share * (1 - STRIP));
  const strip = end === 'low' ? STRIP / 3 : 1 - STRIP / 3;
  return {
    at: (value) => (isBeyond(value) ? strip : within(scale.at(value))),
    ticks: [...scale.ticks.map((tick) => ({ ...tick, at: within(tick.at) })), { at: strip, label }],
    cut: end === 'low' ? (2 / 3) * STRIP : 1 - (2 / 3) * STRIP,
  };
}

/** `0.25`, `3e-4`, `20,000`. */
export function formatTick(value: number): string {
  const rounded = Number(value.toPrecision(6));
  const size = Math.abs(rounded);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return rounded.toExponential().replace('e+', 'e');
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 6 });
}

/** Multiples of 1, 2 or 5 times a power of ten within the range. */
function linearTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.6) ?? 10);
  // Rounding must not lose a tick that is an end.
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Powers of ten within the range; with less than two of them also 2 and 5 times those, then the ends. */
function logTicks(low: number, high: number, count: number): number[] {
  const exponents = { first: Math.floor(Math.log10(low) + 1e-9), last: Math.ceil(Math.log10(high) - 1e-9) };
  const powers = Array.from({ length: exponents.last - exponents.first + 1 }, (_, i) => exponents.first + i);
  const within = (values: number[]): number[] => values.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  const tens = within(powers.map((power) => Number(`1e${power}`)));
  if (tens.length > count) {
    const stride = Math.ceil(tens.length / count);
    return tens.filter((_, i) => i % stride === 0);
  }
  if (tens.length > 2) return tens;
  const fine = within(powers.flatMap((power) => [1, 2, 5].map((factor) => Number(`${factor}e${power}`))));
  return fine.length > 1 ? fine : [low, high];
}
