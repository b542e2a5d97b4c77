import test from 'ava';
import { bestFirst, renderSweepCsv, renderSweepMarkdown, sweepObject } from '../../../src/report/sweep/files.ts';
import { renderBest, renderImportance, renderSweep } from '../../../src/report/sweep/sweep.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import { sweepImportance } from '../../../src/sweep/importance/of-sweep.ts';
import { ashaState, gridState, hostileState, largeState, noResultState, seedsState, stateOf, trial } from '../../sweep/support/states.ts';

const PIPE = { boxed: false, paint: unpainted, columns: 1000 };

test('the table has the best trial first, with short names that still differ, and the facts below', (t) => {
  const [head, first, ...rest] = renderSweep(gridState(), PIPE).split('\n');
  t.regex(head!, /^trial +val\.accuracy +status +lr +batch_size +seconds$/);
  t.regex(first!, /^ +3 +94\.84 % +finished +0\.1 +16 +1\.0$/);
  t.true(rest.includes('sweep   grid'));
  t.true(rest.includes('status  finished: grid, seed 0, maximize val.accuracy'));
  t.true(rest.includes('trials  6: 6 finished'));
  t.true(rest.includes('best    trial 3: val.accuracy 94.84 %'));
});

test('two keys with the same end keep what tells them apart', (t) => {
  const head = renderSweep(largeState(20), PIPE).split('\n')[0]!;
  t.regex(head, / 0\.units .* 1\.units /);
});

test('rungs count who got there and who went on', (t) => {
  const text = renderSweep(ashaState(), PIPE);
  t.regex(text, /^rung +trials {2}went on\n1 epoch +60 +20\n3 epochs +20 +6\n9 epochs +6 +2\n27 epochs +2 +0$/m);
  t.regex(text, /^40 more: gradloom sweep export \/sweeps\/asha-7f3c1a --csv$/m);
});

test('replicates are shown with their interval, and the number of seeds', (t) => {
  const text = renderSweep(seedsState(), PIPE);
  t.regex(text, /^ +2 +96\.60 % +95\.90 % to 97\.30 % +finished +0\.4 /m);
  t.true(text.includes('best    trial 2: val.accuracy 96.60 % (95.90 % to 97.30 %, 3 seeds)'));
});

test('a table that is too wide loses its notes, then parameters from the last on, and says so', (t) => {
  const state = ashaState();
  const widths = [200, 120, 60].map((columns) => {
    const text = renderSweep(state, { ...PIPE, boxed: true, columns });
    const [line] = text.split('\n');
    t.true(line!.length <= columns, `${line!.length} > ${columns}`);
    return line!.length;
  });
  t.true(widths[0]! > widths[1]! && widths[1]! > widths[2]!);
});

test('a sweep without results and one without trials say so', (t) => {
  const text = renderSweep(noResultState(), PIPE);
  t.regex(text, /^ +0 +- +running +adamw/m);
  t.true(text.includes('trials  4: 2 running, 2 queued'));
  t.false(text.includes('best '));
  t.true(renderSweep(stateOf({}, []), PIPE).startsWith('no trial has started\n'));
});

test('what a trial says cannot steer the terminal', (t) => {
  const state = stateOf({}, [trial(0, { 'track.notes': '\u001b[2J' }, { status: 'failed', reasons: ['\u001b[31mred'] })]);
  const shown = renderSweep(state, PIPE) + renderSweepCsv(state) + renderBest(state, state.trials[0]!, PIPE);
  t.false(shown.includes('\u001b'));
  t.true(shown.includes('\\u001b[31mred'));
});

test('the best trial comes with its exact values and the commands to train it', (t) => {
  const state = largeState();
  const best = state.trials[state.best!]!;
  const text = renderBest(state, best, PIPE);
  t.true(text.startsWith(`trial ${best.number}: val.accuracy `));
  t.regex(text, /^optimizer\.lr +0\.00319600628239$/m);
  t.regex(text, /^next: gradloom sweep best \/sweeps\/large-7f3c1a --config > best\.yaml && gradloom train best\.yaml$/m);
});

test('importance has a bar for each parameter and says how far to trust it', (t) => {
  const text = renderImportance(sweepImportance(largeState())!, PIPE);
  t.regex(text, /^optimizer\.lr +\d+\.\d % {2}█+$/m);
  t.regex(text, /^optimizer\.type with optimizer\.lr +\d+\.\d % {2}█+$/m);
  t.regex(text, /of 489 trials, compared at their end, the 14 diverged as the worst\. The forest predicts 9\d % /);
  t.regex(
    renderImportance(sweepImportance(ashaState())!, PIPE),
    /compared after 1 epoch, which all of them reached\. .*too little to trust the shares/,
  );
});

test('too few trials have no importance', (t) => {
  t.is(sweepImportance(gridState()), undefined);
});

test('best first: by the goal, those without a value last in their order', (t) => {
  const values = [0.3, null, 0.1, 0.2, null];
  const trials = values.map((value, number) => trial(number, {}, { value }));
  const order = (goal: 'minimize' | 'maximize'): number[] =>
    bestFirst(stateOf({ metric: { name: 'm', goal } }, trials)).map(({ number }) => number);
  t.deepEqual(order('minimize'), [2, 3, 0, 1, 4]);
  t.deepEqual(order('maximize'), [0, 3, 2, 1, 4]);
});

test('E6: CSV has every number in full, and cells that a spreadsheet would run are quoted', (t) => {
  const [head, first, second, third, end] = renderSweepCsv(hostileState()).split('\r\n');
  t.is(
    head,
    'trial,status,origin,metric,value,low,high,std,seed_values,rung,resource,seconds,retries,duplicate_of,digest,runs,reason,track.notes',
  );
  t.is(first, '0,finished,enqueue,0,0,,,,,,,1,0,,,trials/0,\\u001b[31mred,</script><script>alert(1)</script>');
  t.true(second!.endsWith(",'=cmd|calc"));
  t.true(third!.endsWith(',"""><img src=x onerror=alert(1)>"'));
  t.is(end, '');
  const negative = stateOf({}, [trial(0, { a: -0.5, b: '-0.5', c: '@x', d: '\tx' }, { value: -1e-7 })]);
  t.true(renderSweepCsv(negative).includes('\r\n0,finished,random,-1e-7,-1e-7,,'));
  t.true(renderSweepCsv(negative).endsWith(",-0.5,'-0.5,'@x,'\\u0009x\r\n"));
});

test('Markdown escapes what would be markup', (t) => {
  const text = renderSweepMarkdown(hostileState());
  t.true(text.startsWith('# hostile\n\nrandom, seed 0, minimize val.loss. Trials: 3: 3 finished.\n\n| trial | val.loss |'));
  t.true(text.includes('| =cmd\\|calc |'));
  t.false(/[^\\]<script/.test(text));
});

test('JSON names the best trial, or null', (t) => {
  t.is((sweepObject(gridState()) as { best: number }).best, 3);
  t.is((sweepObject(noResultState()) as { best: null }).best, null);
});
