import test from 'ava';
import type { Verdict } from '../../src/speedup/events.ts';
import { tabulate } from '../../src/speedup/measurement/rows.ts';
import { judge } from '../../src/speedup/verdict.ts';
import { simulate, TRUTHS } from './support/machine.ts';
import { makeRow, makeTable, type SyntheticRow, same } from './support/synthetic.ts';

const ONE: SyntheticRow = { workers: 1, seconds: same(1), shares: { compute: [0.95], reduce: [0.05] } };

function tableOf(rows: readonly SyntheticRow[], cores: number) {
  return tabulate(makeTable(rows.map(makeRow)), cores, { confidence: 0.95, seed: 1 });
}

interface Case {
  title: string;
  rows: SyntheticRow[];
  cores?: number;
  leaves?: number;
  expected: Pick<Verdict, 'status' | 'best_workers' | 'limit'>;
  text: RegExp;
}

const cases: Case[] = [
  {
    title: 'two workers nearly twice as fast are the best, and nothing limits',
    rows: [ONE, { workers: 2, seconds: same(0.52), shares: { compute: [0.94, 0.94] } }],
    expected: { status: 'conclusive', best_workers: 2, limit: 'none' },
    text: /^2 workers are 1\.9\d to 1\.9\d times as fast as one, efficiency 96 %\. Nothing limits/,
  },
  {
    title: 'of worker counts that cannot be told apart the fewest are the best',
    rows: [ONE, { workers: 2, seconds: same(0.6) }, { workers: 3, seconds: [0.59, 0.62, 0.58, 0.61, 0.6, 0.595, 0.63, 0.57] }],
    expected: { status: 'conclusive', best_workers: 2, limit: 'compute' },
    text: /^2 workers are .*; 3 are not measurably faster\./,
  },
  {
    title: 'an interval around 1 is inconclusive',
    rows: [ONE, { workers: 2, seconds: [0.8, 1.3, 0.9, 1.2, 0.7, 1.25, 0.85, 1.1], shares: { compute: [0.5, 0.5], wait: [0.5, 0.5] } }],
    expected: { status: 'inconclusive', best_workers: null, limit: 'wait' },
    text: /^Inconclusive\. (?:No worker count is measurably faster than one|One worker is not measurably faster)/,
  },
  {
    title: 'more workers that are slower make one the best, and barriers of short steps ask for a larger batch',
    rows: [
      { ...ONE, seconds: same(0.3) },
      { workers: 2, seconds: same(0.45), shares: { compute: [0.3, 0.3], wait: [0.65, 0.65], reduce: [0.05, 0.05] } },
    ],
    expected: { status: 'conclusive', best_workers: 1, limit: 'batch' },
    text: /^One worker is the fastest: .*The batch is too small for 2 workers: a step takes 0\.45 ms.*raise train\.batch_size\.$/,
  },
  {
    title: 'a slow reduction is named',
    rows: [ONE, { workers: 2, seconds: same(0.7), shares: { compute: [0.6, 0.6], reduce: [0.4, 0.4] } }],
    expected: { status: 'conclusive', best_workers: 2, limit: 'reduce' },
    text: /Summing gradients and updating costs \d+ % of 2 workers' time/,
  },
  {
    title: 'cores that slow each other down are named',
    rows: [ONE, { workers: 2, seconds: same(0.7), shares: { compute: [0.97, 0.97], reduce: [0.03, 0.03] } }],
    expected: { status: 'conclusive', best_workers: 2, limit: 'compute' },
    text: /Computing costs \d+ % of 2 workers' time more than on one core/,
  },
  {
    title: 'leaves that do not divide are named',
    rows: [ONE, { workers: 3, seconds: same(0.45), shares: { compute: [0.98, 0.6, 0.6], wait: [0, 0.38, 0.38] } }],
    leaves: 4,
    expected: { status: 'conclusive', best_workers: 3, limit: 'imbalance' },
    text: /4 leaves over 3 workers are up to 2 each; take a worker count that divides numerics\.leaves\.$/,
  },
  {
    title: 'a worker that is slow with equal leaves is other programs or other cores',
    rows: [ONE, { workers: 2, seconds: same(0.8), shares: { compute: [0.98, 0.3], wait: [0, 0.68] } }],
    expected: { status: 'conclusive', best_workers: 2, limit: 'imbalance' },
    text: /the same rows take longer on some cores/,
  },
  {
    title: 'too few cores are said, and never blamed on the program',
    rows: [ONE, { workers: 2, seconds: same(1.1), shares: { compute: [0.5, 0.5], wait: [0.5, 0.5] } }],
    cores: 1,
    expected: { status: 'conclusive', best_workers: 1, limit: 'cores' },
    text: /This process may use 1 core, so more workers only take turns\.$/,
  },
  {
    title: 'beyond the cores efficiency within them counts',
    rows: [ONE, { workers: 2, seconds: same(0.52) }, { workers: 4, seconds: same(0.55) }],
    cores: 2,
    expected: { status: 'conclusive', best_workers: 2, limit: 'cores' },
    text: /Beyond 2 workers there are no cores left\.$/,
  },
  {
    title: 'different digests make everything wrong',
    rows: [ONE, { workers: 2, seconds: same(0.5), digest: 'other' }],
    expected: { status: 'wrong', best_workers: null, limit: 'none' },
    text: /^The rows did not do the same work: the digests of one worker and 2 workers differ/,
  },
  {
    title: 'plain JavaScript with another loss makes everything wrong',
    rows: [{ kind: 'javascript', workers: 1, seconds: same(3), digest: 'other', loss: 0.52 }, ONE, { workers: 2, seconds: same(0.5) }],
    expected: { status: 'wrong', best_workers: null, limit: 'none' },
    text: /^The rows did not do the same work: the loss of the javascript program differs, so/,
  },
  {
    title: 'plain JavaScript with a loss that rounding explains is no fault',
    rows: [{ kind: 'javascript', workers: 1, seconds: same(3), digest: 'other', loss: 0.5001 }, ONE, { workers: 2, seconds: same(0.52) }],
    expected: { status: 'conclusive', best_workers: 2, limit: 'none' },
    text: /^2 workers are 1\.9/,
  },
  {
    title: 'a disturbed row is no ground for a verdict',
    rows: [ONE, { workers: 2, seconds: same(0.52), disturbance: { otherCores: 0.8 } }],
    expected: { status: 'inconclusive', best_workers: null, limit: 'none' },
    text: /^Inconclusive\. 2 workers were disturbed: other programs used 0\.8 of 2 cores\. Measure again on an idle machine\.$/,
  },
  {
    title: 'a row that is slow because it was disturbed makes nobody the fastest',
    rows: [ONE, { workers: 2, seconds: same(1.2), disturbance: { otherCores: 1 } }],
    expected: { status: 'inconclusive', best_workers: null, limit: 'compute' },
    text: /^Inconclusive\. 2 workers were disturbed: other programs used 1\.0 of 2 cores/,
  },
  {
    title: 'a disturbed row without cores of its own does not spoil the others',
    rows: [ONE, { workers: 2, seconds: same(0.52) }, { workers: 4, seconds: same(0.6), disturbance: { otherCores: 0.3 } }],
    cores: 2,
    expected: { status: 'conclusive', best_workers: 2, limit: 'cores' },
    text: /^2 workers are/,
  },
  {
    title: 'a hypervisor that took 1.4 % of the time does not spoil a verdict that it cannot have changed',
    rows: [
      { ...ONE, disturbance: { stealSeconds: 0.014 } },
      { workers: 2, seconds: same(0.6), shares: { compute: [0.7, 0.7], wait: [0.3, 0.3] }, disturbance: { stealSeconds: 0.017 } },
    ],
    expected: { status: 'conclusive', best_workers: 2, limit: 'wait' },
    text: /^2 workers are 1\.64 to 1\.73 times as fast as one, efficiency 83 %\. Waiting at barriers costs/,
  },
  {
    title: 'a hypervisor that can have made the difference is named',
    rows: [ONE, { workers: 2, seconds: same(1.05), disturbance: { stealSeconds: 0.1 } }],
    expected: { status: 'inconclusive', best_workers: null, limit: 'compute' },
    text: /^Inconclusive\. One worker is not measurably faster than 2: .* The interval allows for what was taken \(2 workers: the hypervisor took 4\.8 % of the time\): measure again on a quieter machine\.$/,
  },
  {
    title: 'an efficiency that may be good or not names no limit',
    rows: [ONE, { workers: 2, seconds: same(0.57), disturbance: { stealSeconds: 0.03 } }],
    expected: { status: 'conclusive', best_workers: 2, limit: 'unclear' },
    text: /Whether anything limits 2 workers cannot be told: their efficiency is 88 to 94 %\.$/,
  },
  {
    title: 'limits that what was taken may have put in another order are not named',
    rows: [
      ONE,
      { workers: 2, seconds: same(0.7), shares: { compute: [0.85, 0.85], wait: [0.15, 0.15] }, disturbance: { stealSeconds: 0.06 } },
    ],
    expected: { status: 'conclusive', best_workers: 2, limit: 'unclear' },
    text: /What limits 2 workers cannot be told: up to 11 % of their time was taken from them\.$/,
  },
  {
    title: 'two rounds are too few',
    rows: [
      { ...ONE, seconds: [1, 1] },
      { workers: 2, seconds: [0.5, 0.5, 0.5] },
    ],
    expected: { status: 'inconclusive', best_workers: null, limit: 'none' },
    text: /^Inconclusive\. 2 whole rounds are too few to tell/,
  },
  {
    title: 'one row is nothing to compare',
    rows: [ONE],
    expected: { status: 'inconclusive', best_workers: null, limit: 'none' },
    text: /^Inconclusive\. Only one worker was measured/,
  },
];

for (const { title, rows, cores = Math.max(...rows.map(({ workers }) => workers)), leaves = 16, expected, text } of cases) {
  test(title, (t) => {
    const verdict = judge(tableOf(rows, cores), { usableCores: cores, leaves });
    t.like(verdict, expected, verdict.text);
    t.regex(verdict.text, text);
  });
}

test('nothing measured is inconclusive', (t) => {
  t.is(judge(undefined, { usableCores: 2, leaves: 16 }).text, 'Inconclusive. Nothing was measured to the end.');
});

const disturbances: [what: string, row: Partial<SyntheticRow>, cores: number, reasons: string[]][] = [
  ['an idle machine', {}, 2, []],
  ['another program on the core left over', { disturbance: { otherCores: 0.9 } }, 3, []],
  ['another program on our cores', { disturbance: { otherCores: 0.9 } }, 2, ['other programs used 0.9 of 2 cores']],
  ['a clock that falls', { seconds: [1, 1, 1, 1, 1.25, 1.25, 1.25, 1.25] }, 2, ['the last half was 20 % slower than the first']],
  ['no counters', { disturbance: { otherCores: undefined } }, 2, []],
];
for (const [what, row, cores, reasons] of disturbances) {
  test(`${what} ${reasons.length === 0 ? 'leaves a row clean' : 'marks a row'}`, (t) => {
    const [made] = tableOf([{ workers: 2, seconds: same(1), ...row }], cores).rows;
    t.deepEqual(made!.contaminated, reasons);
  });
}

const takings: [what: string, row: Partial<SyntheticRow>, taken: string[], share: number][] = [
  ['nothing', {}, [], 0],
  ['a hypervisor', { disturbance: { stealSeconds: 0.05 } }, ['the hypervisor took 2.5 % of the time'], 0.0625],
  ['a hypervisor, once in a day', { disturbance: { stealSeconds: 0.0009 } }, [], 0.0011],
  ['a quota, once', { seconds: [1], disturbance: { throttled: 1 } }, ['the cgroup quota stopped it 1 time'], 0.1],
  ['a quota', { disturbance: { throttled: 2 } }, ['the cgroup quota stopped it 16 times'], 0.1997],
  ['more than there was', { disturbance: { stealSeconds: 5 } }, ['the hypervisor took 249.6 % of the time'], 0.95],
];
for (const [what, row, taken, share] of takings) {
  test(`${what} takes from a row what may be taken off its time, and leaves it clean`, (t) => {
    const [made] = tableOf([{ workers: 2, seconds: same(1), ...row }], 2).rows;
    t.deepEqual([made!.contaminated, made!.taken], [[], taken]);
    t.true(Math.abs(made!.taken_share - share) < 2e-4, String(made!.taken_share));
  });
}

test('the interval of a speedup reaches as far as what was taken from either row can have moved it', (t) => {
  const pair = (one: number, two: number) =>
    tableOf(
      [
        { workers: 1, seconds: [1, 1, 1, 1, 1, 1], disturbance: { stealSeconds: one } },
        { workers: 2, seconds: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], disturbance: { stealSeconds: two } },
      ],
      2,
    ).rows[1]!.speedup;
  t.deepEqual(pair(0, 0), { value: 2, low: 2, high: 2 });
  t.deepEqual(pair(0.08, 0), { value: 2, low: 1.8, high: 2 });
  t.deepEqual(pair(0, 0.08), { value: 2, low: 2, high: 2.5 });
  t.deepEqual(pair(0.08, 0.08), { value: 2, low: 1.8, high: 2.5 });
});

test('a drift that interleaving takes care of is no reason', (t) => {
  const [made] = tableOf([{ workers: 1, seconds: [...same(1), ...same(1.08)] }], 2).rows;
  t.true(Math.abs(made!.drift + 0.074) < 0.001, String(made!.drift));
  t.deepEqual(made!.contaminated, []);
});

test('time is shared out by phase, and imbalance is what the busiest worker computes more', (t) => {
  const [row] = tableOf([{ workers: 2, seconds: same(1), shares: { compute: [0.8, 0.4], wait: [0, 0.4], reduce: [0.1, 0.1] } }], 2).rows;
  const rounded = Object.fromEntries(Object.entries(row!.phases).map(([phase, share]) => [phase, Number(share.toFixed(6))]));
  t.deepEqual(rounded, { compute: 0.6, wait: 0.2, reduce: 0.1, other: 0.1 });
  t.is(Number(row!.imbalance.toFixed(6)), 0.2);
});

test('only whole rounds count', (t) => {
  const table = tableOf([ONE, { workers: 2, seconds: [0.5, 0.5, 0.5] }], 2);
  t.is(table.repeats, 3);
  t.deepEqual(
    table.rows.map(({ seconds }) => seconds.length),
    [3, 3],
  );
});

// The whole of it: scripts/check-verdicts.mjs.
const SEED = 7;
for (const percent of [0, 1.4, 5, 10]) {
  test(`with ${percent} % of the time stolen, of simulated verdicts at most 5 % are false (seed ${SEED})`, (t) => {
    const stolen = percent / 100;
    const thefts = stolen === 0 ? (['slices'] as const) : (['slices', 'bursts', 'crowded'] as const);
    let [runs, wrong] = [0, 0];
    for (const truths of [TRUTHS['equal'], TRUTHS['slightly'], TRUTHS['edge']]) {
      for (const theft of thefts) {
        const tally = simulate({ truths: truths!, theft, stolen, noise: 0.01, repeats: 8 }, 3, SEED);
        runs += tally.runs;
        wrong += tally.wrongBest + tally.wrongLimit;
        t.true(tally.held >= tally.intervals - 1, `${tally.held} of ${tally.intervals} intervals hold`);
      }
    }
    t.true(wrong <= 0.05 * runs, `${wrong} of ${runs}`);
  });
}

for (const theft of ['slices', 'bursts', 'crowded'] as const) {
  test(`with 1.4 % of the time stolen in ${theft}, verdicts with narrow intervals are conclusive (seed ${SEED})`, (t) => {
    const { conclusive, runs } = simulate({ truths: TRUTHS['half']!, theft, stolen: 0.014, noise: 0.01, repeats: 8 }, 5, SEED);
    t.true(conclusive >= 0.8 * runs, `${conclusive} of ${runs}`);
  });
}
