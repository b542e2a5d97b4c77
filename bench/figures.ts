import type { Estimate } from '../src/speedup/statistics.ts';

/** What a column's numbers are, which decides how they are written. */
export type Unit = 'rows/s' | 'GFLOP/s' | 'share' | 'times' | 'us' | 'ms' | 's' | 'MB' | 'loss';

export interface Column {
  name: string;
  unit: Unit;
  /** Which direction is an improvement. */
  better: 'more' | 'less' | 'neither';
}

/** The answer to one question: a table of medians with their intervals; undefined where a cell has no meaning. */
export interface Section {
  /** Short and stable: saved runs are compared by it. */
  id: string;
  title: string;
  columns: readonly Column[];
  rows: readonly { name: string; values: readonly (Estimate | undefined)[] }[];
}

/** A saved run of `npm run bench`. */
export interface BenchResult {
  version: 1;
  date: string;
  machine: { cpu: string; usable_cores: number; node: string; gradloom: string; kernels: number; load_before: number | null };
  /** Overrides of every workload. */
  overrides: readonly string[];
  rounds: number;
  sections: readonly Section[];
}

/** One figure of two runs. */
export interface Change {
  section: string;
  row: string;
  column: Column;
  saved: Estimate;
  now: Estimate;
  /** now / saved; the interval holds every ratio of two values within theirs. */
  ratio: Estimate;
  /** `same` where the interval holds 1: what differs may be noise. */
  verdict: 'better' | 'worse' | 'same' | 'changed';
}

/** The figures that both runs have, in the order of the present one. */
export function compareRuns(saved: BenchResult, now: BenchResult): Change[] {
  return now.sections.flatMap((section) => {
    const before = saved.sections.find(({ id }) => id === section.id);
    return section.rows.flatMap((row) =>
      section.columns.flatMap((column, i) => {
        const at = before?.columns.findIndex(({ name, unit }) => name === column.name && unit === column.unit) ?? -1;
        const old = before?.rows.find(({ name }) => name === row.name)?.values[at];
        const value = row.values[i];
        if (old === undefined || old === null || value === undefined || !(old.low > 0)) return [];
        const ratio = { value: value.value / old.value, low: value.low / old.high, high: value.high / old.low };
        return [{ section: section.id, row: row.name, column, saved: old, now: value, ratio, verdict: judge(ratio, column) }];
      }),
    );
  });
}

function judge({ low, high }: Estimate, { better }: Column): Change['verdict'] {
  if (low <= 1 && high >= 1) return 'same';
  if (better === 'neither') return 'changed';
  return low > 1 === (better === 'more') ? 'better' : 'worse';
}

/** What makes two runs hard to compare, in words. */
export function differencesOf(saved: BenchResult, now: BenchResult): string[] {
  const facts = ({ machine, overrides }: BenchResult): [string, string][] => [
    ['processor', machine.cpu],
    ['usable cores', String(machine.usable_cores)],
    ['node', machine.node],
    ['overrides', overrides.length === 0 ? 'none' : overrides.join(' ')],
  ];
  const before = new Map(facts(saved));
  return facts(now).flatMap(([name, value]) => (before.get(name) === value ? [] : [`${name}: ${before.get(name)} then, ${value} now`]));
}
