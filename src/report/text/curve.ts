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
const LINE = '─';
const MARK = '•';
/** Less of a difference is rounding, and has no shape worth drawing. */
const FLAT = 1e-6;

/** What evaluations found, drawn as points beside the line of the training. */
export interface EvaluatedCurve {
  /** `val` */
  name: string;
  /** In the order of steps. */
  points: readonly CurvePoint[];
}

/**
 * Draws losses over steps, with a title that names what is drawn.
 *
 * @param points  of the training, in the order of steps
 * @param width   columns to draw in
 * @returns undefined where there is nothing to see: fewer than two finite losses, no difference among them, no room
 */
export function renderCurve(points: readonly CurvePoint[], width: number, evaluated?: EvaluatedCurve): string | undefined {
  const finite = points.filter(({ loss }) => Number.isFinite(loss));
  const first = finite[0]?.step ?? 0;
  const marks = (evaluated?.points ?? []).filter(({ step, loss }) => Number.isFinite(loss) && step >= first);
  const columns = Math.min(MAX_COLUMNS, width) - LEFT;
  const losses = finite.map(({ loss }) => loss);
  const all = [...losses, ...marks.map(({ loss }) => loss)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (finite.length < 2 || columns < 20 || high - low <= FLAT * Math.max(Math.abs(low), Math.abs(high))) return undefined;
  const last = Math.max(finite.at(-1)?.step ?? 0, marks.at(-1)?.step ?? 0);
  const columnOf = (step: number): number => (last === first ? 0 : Math.round(((step - first) / (last - first)) * (columns - 1)));
  const format = (label: number): string => label.toPrecision(4).padStart(LABEL_WIDTH);
  const series = resample(losses, Math.max(2, columnOf(finite.at(-1)?.step ?? 0) + 1));
  const plot = asciichart.plot(series, { height: HEIGHT, offset: OFFSET, format, min: low, max: high });
  const rows = plot.split('\n').map((line) => line.padEnd(LEFT + columns).split(''));
  for (const { step, loss } of marks) {
    const row = rows[rowOf(loss, low, high)];
    if (row !== undefined) row[LEFT + columnOf(step)] = MARK;
  }
  const title = `loss: ${LINE} train${marks.length === 0 ? '' : `, ${MARK} ${evaluated?.name ?? ''}`}`;
  const start = `step ${formatCount(first)}`;
  const axis = `${' '.repeat(LEFT)}${start}${formatCount(last).padStart(columns - start.length)}`;
  return [`${' '.repeat(LEFT)}${title}`, ...rows.map((row) => row.join('').trimEnd()), axis].join('\n');
}

/** Of a loss, as asciichart rounds it. */
function rowOf(loss: number, low: number, high: number): number {
  const ratio = HEIGHT / (high - low);
  return Math.round(high * ratio) - Math.round(loss * ratio);
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
