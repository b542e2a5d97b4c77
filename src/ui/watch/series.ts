/** Points that a series keeps, at most: of more, two stand for each bucket of neighbours, the least and the largest. */
const MOST_KEPT = 2 ** 17;
/** Neighbours that become two points when a full series is thinned. */
const JOINED = 4;

/** Points of a curve, in the order of their steps. */
export interface Points {
  steps: number[];
  values: number[];
}

/**
 * A curve that grows without end in memory that has one: of the points of each bucket the least and the largest value stay, each at its own
 * step. All buckets are of the same number of points, so old parts are as fine as new ones.
 */
export class Series {
  #steps: number[] = [];
  #values: number[] = [];
  /** Points a bucket; 1: all points are kept. */
  #bucket = 1;
  /** The bucket that is being filled, at the end of the lists: its points so far. */
  #filled = 0;

  /** Points that are kept. */
  get length(): number {
    return this.#steps.length;
  }

  /** After a rollback steps come again: the later ones count. */
  add(step: number, value: number): void {
    while (this.#steps.length > 0 && (this.#steps.at(-1) ?? step) >= step) {
      this.#steps.pop();
      this.#values.pop();
      this.#filled = 0;
    }
    if (this.#bucket === 1 || this.#filled < 2) this.#push(step, value);
    else this.#widen(step, value);
    this.#filled = (this.#filled + 1) % this.#bucket;
    if (this.#steps.length >= MOST_KEPT) this.#thin();
  }

  /** The least and the largest value; undefined without any. */
  ends(): { least: number; largest: number } | undefined {
    const [least, largest = least] = extremes(this.#values, 0, this.#values.length);
    if (least === undefined || largest === undefined) return undefined;
    const [a, b] = [this.#values[least] as number, this.#values[largest] as number];
    return a < b ? { least: a, largest: b } : { least: b, largest: a };
  }

  /**
   * At most 2 `buckets` of the points from one step to another: of each bucket the least and the largest, beside them the first and the last
   * point of all.
   */
  between(from: number, to: number, buckets: number): Points {
    const first = this.#steps.findIndex((step) => step >= from);
    const end = this.#steps.findLastIndex((step) => step <= to) + 1;
    const points: Points = { steps: [], values: [] };
    if (first < 0 || end <= first) return points;
    const keep = (i: number): void => {
      points.steps.push(this.#steps[i] as number);
      points.values.push(this.#values[i] as number);
    };
    if (end - first <= 2 * buckets) {
      for (let i = first; i < end; i++) keep(i);
      return points;
    }
    keep(first);
    const inner = end - first - 2;
    const count = Math.max(1, buckets - 1);
    for (let bucket = 0; bucket < count; bucket++) {
      const start = first + 1 + Math.floor((bucket * inner) / count);
      for (const i of extremes(this.#values, start, first + 1 + Math.floor(((bucket + 1) * inner) / count))) keep(i);
    }
    keep(end - 1);
    return points;
  }

  #push(step: number, value: number): void {
    this.#steps.push(step);
    this.#values.push(value);
  }

  /** The two last points are those of the bucket: they stay the least and the largest of it, in the order of their steps. */
  #widen(step: number, value: number): void {
    const at = this.#values.length - 2;
    const [first, second] = [this.#values[at] as number, this.#values[at + 1] as number];
    const isLess = value < first && value < second;
    const isMore = value > first && value > second;
    // Of equal values the first and the newest: the curve ends where training is.
    if (!isLess && !isMore && first !== second) return;
    const staysFirst = isLess ? first >= second : first <= second;
    if (!staysFirst) {
      this.#steps[at] = this.#steps[at + 1] as number;
      this.#values[at] = second;
    }
    this.#steps[at + 1] = step;
    this.#values[at + 1] = value;
  }

  #thin(): void {
    const [steps, values] = [this.#steps, this.#values];
    this.#steps = [];
    this.#values = [];
    for (let from = 0; from < steps.length; from += JOINED) {
      const end = Math.min(steps.length, from + JOINED);
      const kept = extremes(values, from, end);
      for (const i of new Set(kept.length === 1 ? [from, end - 1] : kept)) this.#push(steps[i] as number, values[i] as number);
    }
    this.#bucket *= this.#bucket === 1 ? JOINED : JOINED / 2;
    this.#filled = 0;
  }
}

/** Where the least and the largest of some values are, in order; one place where all are equal, none of no values. */
function extremes(values: readonly number[], from: number, to: number): number[] {
  if (to <= from) return [];
  let [least, largest] = [from, from];
  for (let i = from + 1; i < to; i++) {
    if ((values[i] as number) < (values[least] as number)) least = i;
    if ((values[i] as number) > (values[largest] as number)) largest = i;
  }
  if (least === largest) return [least];
  return least < largest ? [least, largest] : [largest, least];
}
