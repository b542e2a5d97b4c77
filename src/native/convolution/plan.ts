/** Some k's of a tile's sum, of which pixels may take no part. */
export interface Segment {
  depth: number;
  /** Values from the tile's place in the source to each pixel's first one; undefined: the pixel takes no part. */
  x: readonly (number | undefined)[];
  /** The first of them. */
  k: number;
}

/** Segments one after the other, some times, each time further on. */
export interface Pass {
  segments: readonly Segment[];
  times: number;
  /** Values of the source, and k's, from one time to the next. */
  xStep: number;
  kStep: number;
}

/** A tile of outputs and what they are the sums of. */
export interface TilePlan {
  /** Values from the tile's place among the outputs to each pixel. */
  out: readonly number[];
  passes: readonly Pass[];
}

/** Tiles of a line of them. */
export type LinePlan = readonly Run<TilePlan>[];

/** Something with a place in the source and one among the outputs, in values. */
export interface Placed<T> {
  x: number;
  out: number;
  plan: T;
}

/** Equal things at equal distances. */
export interface Run<T> extends Placed<T> {
  count: number;
  xStep: number;
  outStep: number;
}

/** Gathers what is equal into runs; their order does not matter, as no two touch the same outputs. */
export function runsOf<T>(placed: readonly Placed<T>[]): Run<T>[] {
  const byPlan = new Map<string, Placed<T>[]>();
  for (const one of placed) {
    const key = JSON.stringify(one.plan);
    const equal = byPlan.get(key);
    if (equal === undefined) byPlan.set(key, [one]);
    else equal.push(one);
  }
  return [...byPlan.values()].flatMap(evenRuns);
}

function evenRuns<T>(placed: readonly Placed<T>[]): Run<T>[] {
  const runs: Run<T>[] = [];
  for (const one of placed) {
    const run = runs.at(-1);
    if (run === undefined) {
      runs.push({ ...one, count: 1, xStep: 0, outStep: 0 });
      continue;
    }
    const [xStep, outStep] = [one.x - run.x - (run.count - 1) * run.xStep, one.out - run.out - (run.count - 1) * run.outStep];
    if (run.count === 1) Object.assign(run, { count: 2, xStep, outStep });
    else if (xStep === run.xStep && outStep === run.outStep) run.count++;
    else runs.push({ ...one, count: 1, xStep: 0, outStep: 0 });
  }
  return runs;
}

/** Segments in fewer ones, where one goes on where the one before it ends. */
export function joined(segments: readonly Segment[]): Segment[] {
  const all: Segment[] = [];
  for (const segment of segments) {
    const last = all.at(-1);
    const goesOn =
      last !== undefined &&
      segment.k === last.k + last.depth &&
      segment.x.every((at, row) => at === (last.x[row] === undefined ? undefined : last.x[row] + last.depth));
    if (goesOn) all[all.length - 1] = { ...last, depth: last.depth + segment.depth };
    else all.push(segment);
  }
  return all;
}

/** Segments as passes: groups of them that are the same but for where they stand are done in a loop. */
export function passesOf(groups: readonly (readonly Segment[])[]): Pass[] {
  const passes: Pass[] = [];
  for (const segments of groups) {
    if (segments.length === 0) continue;
    const last = passes.at(-1);
    if (last !== undefined && follows(last, segments)) {
      const [first, next] = [last.segments[0] as Segment, segments[0] as Segment];
      if (last.times === 1) Object.assign(last, { xStep: distance(first, next), kStep: next.k - first.k });
      last.times++;
    } else passes.push({ segments, times: 1, xStep: 0, kStep: 0 });
  }
  return passes;
}

/** Whether segments are a pass's next time. */
function follows({ segments, times, xStep, kStep }: Pass, next: readonly Segment[]): boolean {
  if (next.length !== segments.length) return false;
  const [from, to] = [segments[0] as Segment, next[0] as Segment];
  const [x, k] = times === 1 ? [distance(from, to), to.k - from.k] : [times * xStep, times * kStep];
  return segments.every((one, i) => {
    const other = next[i] as Segment;
    return (
      one.depth === other.depth &&
      other.k - one.k === k &&
      one.x.every((at, row) => (at === undefined ? other.x[row] === undefined : at + x === other.x[row]))
    );
  });
}

/** Values from a segment to one with the same pixels; NaN where it has none. */
function distance(from: Segment, to: Segment): number {
  const row = from.x.findIndex((at) => at !== undefined);
  return (to.x[row] ?? Number.NaN) - (from.x[row] ?? Number.NaN);
}
