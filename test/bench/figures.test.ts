import test from 'ava';
import { type BenchResult, type Column, compareRuns, differencesOf } from '../../bench/figures.ts';
import { inRounds } from '../../bench/rounds.ts';
import { changeCells, contextLine, formatFigure, sectionCells } from '../../bench/show.ts';
import type { Estimate } from '../../src/speedup/statistics.ts';

const COLUMNS: Column[] = [
  { name: 'samples/s', unit: 'rows/s', better: 'more' },
  { name: 'seconds', unit: 's', better: 'less' },
  { name: 'compute', unit: 'share', better: 'neither' },
];

function run(values: readonly (Estimate | undefined)[], row = 'W2', id = 'step'): BenchResult {
  return {
    version: 1,
    date: '2026-01-02T03:04:05.000Z',
    machine: { cpu: 'CPU', usable_cores: 4, node: 'v20', gradloom: '1.0.0', kernels: 1, load_before: 0.1 },
    overrides: [],
    rounds: 9,
    sections: [{ id, title: 'Steps', columns: COLUMNS, rows: [{ name: row, values }] }],
  };
}

const about = (value: number, by = 0.02): Estimate => ({ value, low: value * (1 - by), high: value * (1 + by) });

test('a change beyond both intervals is better or worse as the column says; within them it is the same', (t) => {
  const saved = run([about(100), about(2), about(0.5)]);
  const verdicts = (now: BenchResult) => compareRuns(saved, now).map(({ verdict }) => verdict);
  t.deepEqual(verdicts(run([about(110), about(2.2), about(0.6)])), ['better', 'worse', 'changed']);
  t.deepEqual(verdicts(run([about(90), about(1.8), about(0.4)])), ['worse', 'better', 'changed']);
  t.deepEqual(verdicts(run([about(103), about(1.95), about(0.51)])), ['same', 'same', 'same']);
  const [change] = compareRuns(saved, run([about(110)]));
  t.is(change!.ratio.value, 1.1);
  t.is(change!.ratio.low.toFixed(6), ((110 * 0.98) / 102).toFixed(6));
  t.is(change!.ratio.high.toFixed(6), ((110 * 1.02) / 98).toFixed(6));
});

test('only figures that both runs have are compared, also after a journey through JSON', (t) => {
  const saved = JSON.parse(JSON.stringify(run([about(100), undefined, about(0)]))) as BenchResult;
  t.deepEqual(
    compareRuns(saved, run([about(100), about(1), about(1)])).map(({ column }) => column.name),
    ['samples/s'],
  );
  t.deepEqual(compareRuns(saved, run([about(100)], 'W3')), []);
  t.deepEqual(compareRuns(saved, run([about(100)], 'W2', 'memory')), []);
});

test('other machines and overrides are told', (t) => {
  const saved = run([]);
  t.deepEqual(differencesOf(saved, saved), []);
  const other = { ...saved, machine: { ...saved.machine, node: 'v24' }, overrides: ['parallel.code=wasm'] };
  t.deepEqual(differencesOf(saved, other), ['node: v20 then, v24 now', 'overrides: none then, parallel.code=wasm now']);
});

test('rounds go forth and back, and results keep their variant', async (t) => {
  const order: string[] = [];
  const variant = (name: string) => () => {
    order.push(name);
    return `${name}${order.length}`;
  };
  const results = await inRounds([variant('a'), variant('b'), variant('c')], 3);
  t.is(order.join(''), 'abccbaabc');
  t.deepEqual(results, [
    ['a1', 'a6', 'a7'],
    ['b2', 'b5', 'b8'],
    ['c3', 'c4', 'c9'],
  ]);
});

test('figures are written as their unit asks', (t) => {
  t.deepEqual(
    (['rows/s', 'GFLOP/s', 'share', 'times', 'us', 's', 'MB', 'loss'] as const).map((unit) => formatFigure(0.8765, unit)),
    ['1', '0.9', '88 %', '0.88', '0.9', '0.876', '0.9', '0.876500'],
  );
  t.is(formatFigure(123_456.7, 'rows/s'), '123,457');
  t.is(formatFigure(32.4, 'times'), '32');
  t.is(formatFigure(undefined, 's'), '-');
});

test('tables have a cell for every column, and the context names machine, date and overrides', (t) => {
  const now = { ...run([about(110), undefined]), overrides: ['a=1'] };
  t.deepEqual(sectionCells(now.sections[0]!), { head: ['', 'samples/s', 'seconds', 'compute'], rows: [['W2', '110', '-', '-']] });
  t.deepEqual(changeCells(compareRuns(run([about(100)]), now)).rows, [
    ['step: W2', 'samples/s', '100', '110', '1.100 (1.057 to 1.145)', 'better'],
  ]);
  t.is(contextLine(now), '2026-01-02, CPU, 4 usable cores, node v20, gradloom 1.0.0; medians of 9 rounds, with a=1, load 0.10 before');
});
