import { normal, uniform } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import type { Verdict } from '../../../src/speedup/events.ts';
import type { MeasuredRow, MeasuredTable, Repetition } from '../../../src/speedup/measurement/measured.ts';
import { tabulate } from '../../../src/speedup/measurement/rows.ts';
import { overlaps } from '../../../src/speedup/statistics.ts';
import { judge, type VerdictContext } from '../../../src/speedup/verdict.ts';
import { makeTable, ROWS } from './synthetic.ts';

/** What a worker count does on a machine that nobody disturbs. */
export interface Truth {
  workers: number;
  /** Over one worker. */
  speedup: number;
  /** Shares of the row's core time that do not compute. */
  wait?: number;
  reduce?: number;
}

const ONE: Truth = { workers: 1, speedup: 1 };

/** Machines on which a verdict is easy, hard, or must not be. */
export const TRUTHS: Readonly<Record<string, readonly Truth[]>> = {
  equal: [ONE, { workers: 2, speedup: 1, wait: 0.4 }],
  slower: [ONE, { workers: 2, speedup: 0.9, wait: 0.5 }],
  slightly: [ONE, { workers: 2, speedup: 1.05, wait: 0.4 }],
  half: [ONE, { workers: 2, speedup: 1.5, wait: 0.2 }],
  // Efficiency just below the 0.9 from which nothing is said to limit.
  edge: [ONE, { workers: 2, speedup: 1.79, wait: 0.06, reduce: 0.04 }],
  nearly: [ONE, { workers: 2, speedup: 1.9, wait: 0.03 }],
  plateau: [ONE, { workers: 2, speedup: 1.8, wait: 0.1 }, { workers: 4, speedup: 1.8, wait: 0.5 }],
};

/** How a hypervisor takes its time: evenly in slices, in rare long bursts, in the last half only, or only from several cores at once. */
export const THEFTS = ['slices', 'bursts', 'late', 'crowded'] as const;
export type Theft = (typeof THEFTS)[number];

export interface Machine {
  truths: readonly Truth[];
  theft: Theft;
  /** Share of each busy core's time that the hypervisor takes. */
  stolen: number;
  /** Relative standard deviation of a repetition without theft. */
  noise: number;
  repeats: number;
}

/** What became of simulated comparisons. */
export interface Tally {
  runs: number;
  conclusive: number;
  /** Conclusive, and the best worker count is not so in truth. */
  wrongBest: number;
  /** Names a limit, or none, where the undisturbed machine has another. */
  wrongLimit: number;
  /** Names no limit, for want of evidence. */
  unclear: number;
  /** Stated intervals, and how many hold the true speedup. */
  intervals: number;
  held: number;
}

const SECONDS = 1;
const TICK_SECONDS = 0.01;
/** Mean length of a theft. */
const SLICE_SECONDS = 0.008;
const BURST_SECONDS = 0.3;
/** What a stolen second costs at most: the caches are cold after it. */
const COST = 1.2;
const SEED_BITS = 32;

/** The verdicts of the real statistics on `runs` simulated comparisons. */
export function simulate(machine: Machine, runs: number, seed: number, confidence = 0.95): Tally {
  const cores = Math.max(...machine.truths.map(({ workers }) => workers));
  const context: VerdictContext = { usableCores: cores, leaves: cores * 4 };
  const truth = judge(tabulate(undisturbed(machine), cores, { confidence, seed }), context);
  const tally: Tally = { runs, conclusive: 0, wrongBest: 0, wrongLimit: 0, unclear: 0, intervals: 0, held: 0 };
  for (let run = 0; run < runs; run++) {
    const table = tabulate(measure(machine, seed * 2 ** SEED_BITS + run), cores, { confidence, seed: run });
    const verdict = judge(table, context);
    for (const { workers, speedup } of table.rows.filter((row) => row.workers > 1)) {
      const actual = speedupOf(machine, workers);
      tally.intervals++;
      if (speedup.low <= actual && actual <= speedup.high) tally.held++;
    }
    if (verdict.status !== 'conclusive') continue;
    tally.conclusive++;
    if (isWrong(machine, verdict, table)) tally.wrongBest++;
    if (verdict.limit === 'unclear') tally.unclear++;
    else if (verdict.limit !== truth.limit) tally.wrongLimit++;
  }
  return tally;
}

/** Claims that fewer workers are slower than the best, and that more are not faster where intervals tell them apart. */
function isWrong(machine: Machine, { best_workers: best }: Verdict, { rows }: ReturnType<typeof tabulate>): boolean {
  const chosen = rows.find(({ workers }) => workers === best);
  if (chosen === undefined) return true;
  const claimed = speedupOf(machine, chosen.workers);
  return machine.truths.some(({ workers, speedup }) => {
    if (workers < chosen.workers) return speedup >= claimed;
    const other = rows.find((row) => row.workers === workers);
    return workers > chosen.workers && speedup >= claimed && other !== undefined && !overlaps(other.speedup, chosen.speedup);
  });
}

function speedupOf({ truths }: Machine, workers: number): number {
  return truths.find((truth) => truth.workers === workers)?.speedup ?? Number.NaN;
}

function undisturbed(machine: Machine): MeasuredTable {
  return measure({ ...machine, stolen: 0, noise: 0 }, 0);
}

function measure(machine: Machine, seed: number): MeasuredTable {
  const stream = new RandomStream(seed, 'noise');
  let drawn = 0;
  const next = (): number => uniform(stream, drawn++);
  const nextNormal = (): number => normal(stream, drawn++);
  const rows: (MeasuredRow & { repetitions: Repetition[] })[] = machine.truths.map(({ workers }) => ({
    kind: 'workers',
    workers,
    batchSize: 64,
    repetitions: [],
  }));
  for (let round = 0; round < machine.repeats; round++) {
    // Hits all rows of a round alike, such as the clock.
    const common = nextNormal();
    for (const [i, truth] of machine.truths.entries()) {
      const clean = (SECONDS / truth.speedup) * Math.exp(machine.noise * (common + nextNormal()));
      rows[i]?.repetitions.push(repetitionOf(truth, clean, thefts(machine, truth.workers, round, clean, next), next));
    }
  }
  return makeTable(rows);
}

/** Seconds stolen from each core of a repetition. */
function thefts({ theft, stolen, repeats }: Machine, workers: number, round: number, seconds: number, next: () => number): number[] {
  const late = round >= repeats / 2 ? 2 : 0;
  const share = { slices: 1, bursts: 1, late, crowded: workers > 1 ? 1 : 0 }[theft] * stolen;
  const length = theft === 'bursts' ? BURST_SECONDS : SLICE_SECONDS;
  return Array.from({ length: workers }, () => {
    // A Poisson process: thefts of exponential length.
    const wait = (): number => -Math.log(1 - next());
    let sum = 0;
    for (let at = wait(); at < (share * seconds) / length; at += wait()) sum += length * wait();
    return sum;
  });
}

/** At a barrier a theft from one worker delays all: by the longest of them if they coincide, by their sum if they do not. */
function repetitionOf({ workers, wait = 0, reduce = 0 }: Truth, clean: number, stolen: readonly number[], next: () => number): Repetition {
  const [sum, longest] = [stolen.reduce((total, one) => total + one, 0), Math.max(...stolen)];
  const delay = (1 + (COST - 1) * next()) * (longest + next() * (sum - longest));
  const seconds = clean + delay;
  return {
    seconds,
    rows: ROWS,
    cpuSeconds: clean * workers,
    exchangeSeconds: 0,
    phases: stolen.map((own) => ({
      compute: (1 - wait - reduce) * clean + own,
      wait: wait * clean + Math.max(0, delay - own),
      reduce: reduce * clean,
    })),
    evaluationSeconds: undefined,
    loss: 0.5,
    digest: 'd',
    disturbance: {
      otherCores: 0,
      // The system counts in ticks.
      stealSeconds: stolen.reduce((total, one) => total + TICK_SECONDS * Math.floor(one / TICK_SECONDS + next()), 0),
      throttled: 0,
    },
  };
}
