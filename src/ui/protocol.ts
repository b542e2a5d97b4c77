/** What server and page tell each other; types only, so that either imports nothing of the other. */

/** The page as it begins. */
export interface SessionAnswer {
  version: string;
  /** The directory that the page shows. */
  root: string;
  isReadOnly: boolean;
  /** To be sent in the header `x-gradloom-csrf` with every change. */
  csrf: string;
  /** How gradloom is started here: `npx gradloom`. */
  launcher: string;
}

export interface ErrorAnswer {
  error: { code: string; where?: string | undefined; message: string; next?: string | undefined };
}

/** Another number of a topic says that it is worth to ask again. Topics: `runs`, `sweeps`, `speedups`, `jobs`, `run:<key>`, `sweep:<key>`. */
export type Revisions = Record<string, number | string>;

export interface RunRow {
  type: 'run';
  key: string;
  /** The whole id. */
  id: string;
  status: string;
  tags: readonly string[];
  problem: string | null;
  /** As many as there are columns. */
  cells: readonly string[];
}

/** Before the rows of a group. */
export interface GroupRow {
  type: 'group';
  title: string;
  count: number;
  /** Its rows are left out. */
  isFolded: boolean;
}

export interface RunsColumn {
  title: string;
  isText: boolean;
}

/** A window of the table of runs. */
export interface RunsAnswer {
  /** Rows that there are, headings of groups among them; runs that were found, and runs in all. */
  rows: number;
  found: number;
  all: number;
  columns: readonly RunsColumn[];
  from: number;
  window: readonly (RunRow | GroupRow)[];
  /** What runs can be ordered and grouped by beside the columns. */
  keys: readonly string[];
  problem: string | undefined;
}

export interface CurveLine {
  name: string;
  metric: string;
  /** Number of the run among those asked for. */
  run: number;
  colour: number;
  /** Lines of one colour in a chart: 0 is drawn through. */
  dash: 0 | 1 | 2 | 3;
  /** Values of single batches: drawn smoothed. */
  isNoisy: boolean;
  steps: readonly number[];
  values: readonly number[];
  best: readonly [step: number, value: number] | null;
}

export interface CurvesChart {
  title: string;
  canLog: boolean;
  /** Values are shares, shown as percentages. */
  isShare: boolean;
  lines: readonly CurveLine[];
}

export interface CurvesRun {
  key: string;
  title: string;
  status: string;
  step: number;
  stepsPerEpoch: number | null;
  /** At its mean rate; null where it is not known. */
  secondsPerStep: number | null;
  totalSteps: number | null;
  /** Of a run at work: how long it may still take. */
  left: string;
  problem: string | null;
}

export interface CurvesAnswer {
  runs: readonly CurvesRun[];
  charts: readonly CurvesChart[];
}

/** A table as it is shown: what cells sort by beside their text. */
export interface TableAnswer {
  columns: readonly RunsColumn[];
  rows: readonly { key: string; cells: readonly string[]; sort: readonly (string | number | null)[] }[];
}

export interface Checkpoint {
  step: number;
  bytes: number;
}

export interface CommandText {
  title: string;
  command: string;
}

export interface RunAnswer {
  key: string;
  id: string;
  name: string;
  status: string;
  tags: readonly string[];
  notes: string;
  /** A list of facts, as HTML. */
  facts: string;
  /** What can be asked for by name at `/api/run/part`. */
  parts: readonly { name: string; title: string; needsScores: boolean }[];
  checkpoints: readonly Checkpoint[];
  commands: readonly CommandText[];
  canStop: boolean;
  canResume: boolean;
}

export interface SweepRow {
  key: string;
  id: string;
  name: string;
  status: string;
  method: string;
  trials: string;
  best: string;
  left: string;
  problem: string | null;
}

export interface SweepsAnswer {
  sweeps: readonly SweepRow[];
}

export interface AxisTick {
  at: number;
  label: string;
}

export interface ParallelAxis {
  name: string;
  title: string;
  ticks: readonly AxisTick[];
  /** Where the axis is broken; null where it is not. */
  cut: number | null;
}

/** A trial with a result, as a line across the axes. */
export interface ParallelLine {
  trial: number;
  /** 0 for the best tenth, 9 for the worst. */
  shade: number;
  title: string;
  /** Share of each axis, 0 to 1; null where the trial does not set the parameter. */
  at: readonly (number | null)[];
}

export interface TrialRow {
  number: number;
  status: string;
  /** Runs that are there. */
  runs: readonly string[];
  cells: readonly string[];
  /** What each cell sorts by; null sorts last. */
  sort: readonly (string | number | null)[];
  note: string;
}

/** A run of a trial at work. */
export interface RunningRow {
  trial: number;
  key: string;
  step: number;
  totalSteps: number | null;
  loss: string;
  left: string;
}

export interface SweepAnswer {
  key: string;
  id: string;
  name: string;
  status: string;
  problem: string | null;
  method: string;
  counts: string;
  best: number | null;
  bestText: string;
  /** Keys and values of the best trial. */
  bestSet: readonly (readonly [key: string, value: string])[];
  /** Where the best lies at the end of a range. */
  edges: readonly string[];
  left: string;
  axes: readonly ParallelAxis[];
  lines: readonly ParallelLine[];
  /** Charts as HTML. */
  charts: string;
  columns: readonly RunsColumn[];
  trials: readonly TrialRow[];
  running: readonly RunningRow[];
  commands: readonly CommandText[];
  canStop: boolean;
  canResume: boolean;
}

export interface SpeedupRow {
  key: string;
  name: string;
  time: string;
  verdict: string;
  status: string;
}

export interface SpeedupsAnswer {
  speedups: readonly SpeedupRow[];
}

export interface SpeedupAnswer {
  key: string;
  name: string;
  /** The report as HTML. */
  html: string;
}
