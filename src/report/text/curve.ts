import asciichart from 'asciichart';
import { formatCount } from './numbers.ts';

/** A loss before the update of a step. */
export interface CurvePoint {
  step: number;
  loss: number;
}

const HEIGHT = 8;
const LABEL_WIDTH = 10;
/** The label and the axis right of it; asciichart counts the label as one column. */
const LEFT = LABEL_WIDTH + 1;
const OFFSET = 2;
const MAX_COLUMNS = 80;
/** Less of a difference is rounding, and has no shape worth drawing. */
const FLAT = 1e-6;

/**
 * Draws losses over steps.
 *
 * @param points  in the order of steps
 * @param width   columns to draw in
 * @returns undefined where there is nothing to see: fewer than two finite losses, no difference among them, no room
 */
export function renderCurve(points: readonly CurvePoint[], width: number): string | undefined {
  const finite = points.filter(({ loss }) => Number.isFinite(loss));
  const columns = Math.min(MAX_COLUMNS, width) - LEFT;
  const losses = finite.map(({ loss }) => loss);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  if (finite.length < 2 || columns < 20 || high - low <= FLAT * Math.max(Math.abs(low), Math.abs(high))) return undefined;
  const format = (label: number): string => label.toPrecision(4).padStart(LABEL_WIDTH);
  const plot = asciichart.plot(resample(losses, columns), { height: HEIGHT, offset: OFFSET, format });
  const first = `step ${formatCount(finite[0]?.step ?? 0)}`;
  const last = formatCount(finite.at(-1)?.step ?? 0);
  const axis = `${' '.repeat(LEFT)}${first}${last.padStart(columns - first.length)}`;
  return [...plot.split('\n').map((line) => line.trimEnd()), axis].join('\n');
}

/** Stretches or squeezes values to `count` of them: straight lines between few, means of many. */
export function resample(values: readonly number[], count: number): number[] {
  if (values.length > count) {
    return Array.from({ length: count }, (_, i) => {
      const bucket = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
      return bucket.reduce((sum, value) => sum + value, 0) / bucket.length;
    });
  }
  return Array.from({ length: count }, (_, i) => {
    const at = (i * (values.length - 1)) / (count - 1);
    const left = values[Math.floor(at)] as number;
    const right = values[Math.ceil(at)] as number;
    return left + (right - left) * (at - Math.floor(at));
  });
}
