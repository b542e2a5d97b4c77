import { createHash } from 'node:crypto';
import test from 'ava';
import { bestSoFar } from '../../../src/report/sweep/charts/history.ts';
import { renderSweepHtml } from '../../../src/report/sweep/html.ts';
import { chartedSweep } from '../../../src/report/sweep/view/charted.ts';
import { sweepImportance } from '../../../src/sweep/importance/of-sweep.ts';
import type { SweepInput } from '../../../src/sweep/schema.ts';
import type { SweepState } from '../../../src/sweep/trial.ts';
import {
  ashaState,
  gridState,
  hostileState,
  largeState,
  noResultState,
  ONE,
  seedsState,
  stateOf,
  trial,
} from '../../sweep/support/states.ts';

const page = (state: SweepState): string => renderSweepHtml(state, sweepImportance(state));
/** What a browser shows: without style and script. */
const shown = (html: string): string => html.replace(/<style>[\s\S]*?<\/style>/, '').replace(/<script>[\s\S]*?<\/script>/, '');

/** Attributes without what they are set to. */
const withoutValues = (html: string): string => html.replaceAll(/(data-v|title|aria-label)="[^"]*"/g, '$1');

const STATES: [string, SweepState][] = [
  ['a grid', gridState()],
  ['a long search', largeState(120)],
  ['successive halving', ashaState()],
  ['replicates', seedsState()],
  ['one trial', ONE()],
  ['no result', noResultState()],
  ['no trial', stateOf({}, [])],
  [
    'equal results',
    stateOf(
      {},
      [0, 1, 2].map((number) => trial(number, {}, { value: 1 })),
    ),
  ],
  ['markup', hostileState()],
];
for (const [title, state] of STATES) {
  test(`${title}: a page with numbers only where numbers are, closed elements, and nothing from elsewhere`, (t) => {
    const html = page(state);
    t.true(html.startsWith('<!doctype html>\n<html lang="en">'));
    t.false(/NaN|Infinity|undefined|\[object/.test(shown(html)));
    t.false(
      /<link|<iframe|<img|<object|<[^>]*\s(?:src|href)=|url\(|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(withoutValues(html)),
    );
    const opened = [...shown(html).matchAll(/<(table|tr|td|th|svg|g|text|title|div|dl|dt|dd|p|h2|button|pre)[ >]/g)].length;
    t.is(opened, [...shown(html).matchAll(/<\/(table|tr|td|th|svg|g|text|title|div|dl|dt|dd|p|h2|button|pre)>/g)].length);
    t.is([...shown(html).matchAll(/<tr[^>]* data-t=/g)].length, state.trials.length);
  });
}

test('U5: names and values are text, and the policy names the only script and style by their hashes', (t) => {
  const html = page(hostileState());
  t.is(html.match(/<script/g)?.length, 1);
  t.true(html.includes('&#60;/script&#62;&#60;script&#62;alert(1)&#60;/script&#62;'));
  t.false(/ on\w+="/.test(html));
  t.false(html.includes(' style="'));
  const hash = (tag: string): string =>
    `&#39;sha256-${createHash('sha256')
      .update(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html)![1]!)
      .digest('base64')}&#39;`;
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  t.is(
    policy,
    `default-src &#39;none&#39;; style-src ${hash('style')}; script-src ${hash('script')}; base-uri &#39;none&#39;; form-action &#39;none&#39;`,
  );
});

test('a line of the parallel coordinates goes through its values: linear, log, list and not set', (t) => {
  const parameters: NonNullable<SweepInput['parameters']> = {
    'optimizer.lr': { distribution: 'log_uniform_values', min: 1e-4, max: 1 },
    'train.batch_size': { values: [64, 16] },
    'optimizer.momentum': { min: 0.5, max: 0.9 },
  };
  const assignment = { 'optimizer.lr': 1e-2, 'train.batch_size': 16 };
  const trials = [trial(0, assignment, { value: 1 }), trial(1, { ...assignment, 'optimizer.momentum': 0.9 }, { value: 2 })];
  const html = page(stateOf({ metric: { name: 'val.accuracy' }, parameters }, trials));
  // Axes at 60, 380, 700 and 1020, from y = 58 (high) to 348 (low); half of the log range, the first of two items, then below the axis.
  t.regex(html, /<polyline class="k9" data-t="0" points="60,203 380,275.5 700,374 1020,337.3">/);
  t.regex(html, /<polyline class="k0 best" data-t="1" points="60,203 380,275.5 700,58 1020,68.7">/);
});

test('axes have numbers: powers of ten on a log axis, every item of a list, percentages for accuracies', (t) => {
  const html = page(ashaState());
  for (const label of ['1e-4', '0.001', '0.01', '0.1', 'adamw', '512', '90 %', '64 / 0']) t.true(html.includes(`>${label}</text>`), label);
});

test('the best so far is a staircase that ignores trials without a result', (t) => {
  const trials = [3, null, 1, 2, Number.NaN, 0].map((value, number) => trial(number, {}, { value }));
  t.deepEqual(bestSoFar(trials, 'minimize'), [
    [0, 3],
    [2, 3],
    [2, 1],
    [5, 1],
    [5, 0],
    [5, 0],
  ]);
  t.deepEqual(bestSoFar(trials, 'maximize'), [
    [0, 3],
    [5, 3],
  ]);
  t.deepEqual(bestSoFar([], 'minimize'), []);
});

test('early stops are hollow, lost trials are crosses with their reason', (t) => {
  t.regex(page(ashaState()), /<circle class="o\d" data-t="\d+"/);
  const html = page(largeState(120));
  t.regex(html, /<g class="lost" data-t="40"><title>trial 40: failed, E_WORKER_TRAP: memory access out of bounds<\/title>/);
});

test('one bad outlier does not squeeze the others together', (t) => {
  const values = [...Array.from({ length: 20 }, (_, i) => 0.1 + i / 100), 1e6];
  const html = page(
    stateOf(
      { metric: { name: 'val.loss', goal: 'minimize' } },
      values.map((value, number) => trial(number, {}, { value })),
    ),
  );
  t.true(html.includes('>0.2</text>'));
  t.false(html.includes('>1000000</text>'));
});

test('values beyond the fence stand in a strip that says so, apart from the worst on the axis', (t) => {
  // Accuracies of 97 to 98 %, and three trials at 11 to 42 %.
  const good = Array.from({ length: 40 }, (_, i) => 0.97 + i / 4000);
  const values = [...good, 0.11, 0.25, 0.42];
  const parameters = { a: { min: 0, max: 43 } };
  const points = (value: number) => [1, 2].map((epoch) => ({ step: epoch, epoch, value }));
  const trials = values.map((value, number) => trial(number, { a: number }, { value, curve: points(value) }));
  const state = stateOf({ metric: { name: 'val.accuracy' }, parameters }, trials);
  const { metric } = chartedSweep(state);
  t.true(0 < metric.at(0.11) && metric.at(0.11) === metric.at(0.42) && metric.at(0.42) < metric.cut!);
  t.true(metric.cut! < metric.at(0.97) && metric.at(0.98) <= 1);
  const html = page(state);
  // Parallel coordinates, history, slice and curves name the strip, and separate it.
  t.is(html.match(/>&#60; 95\.\d+ %<\/text>/g)?.length, 4);
  t.regex(html, /off the axis: point at a mark/);
  t.regex(html, /<title>trial 42: 42\.00 % \(finished\)/);
  const [, y = ''] = /data-t="40" cx="[\d.]+" cy="([\d.]+)"/.exec(html) ?? [];
  t.true(html.includes(`data-t="42" cx="`) && Number(y) < 270 && Number(y) > 250, y);
  const lower = chartedSweep(
    stateOf(
      { metric: { name: 'val.loss', goal: 'minimize' } },
      values.map((value, number) => trial(number, {}, { value: 1 - value })),
    ),
  );
  t.true(lower.metric.at(0.89) < 1 && lower.metric.at(0.89) > lower.metric.cut!);
  t.regex(lower.metric.ticks.at(-1)!.label, /^> 0\.04/);
});

test('without outliers an axis has no strip', (t) => {
  t.is(chartedSweep(gridState()).metric.cut, undefined);
  t.false(page(gridState()).includes('off the axis'));
});

test('axes in logarithms say so: parameters and rungs', (t) => {
  const html = page(ashaState());
  t.true(html.includes('>epoch, log scale</text>'));
  t.true(html.includes('>lr, log<title>optimizer.lr</title>') && html.includes('>optimizer.lr, log<title>'));
  t.false(html.includes('>dropout, log<'));
});

test('the heads of the table are buttons, the one that sorts it says so, and what scrolls can be reached by keyboard', (t) => {
  const html = page(gridState());
  t.true(html.includes('<th scope="col" aria-sort="descending"><button type="button">val.accuracy</button></th>'));
  t.is(html.match(/ aria-sort="/g)?.length, 1);
  t.is(html.match(/<th scope="col"[^>]*>(?!<button|<\/th>)/g), null);
  const loss = stateOf({ metric: { name: 'val.loss', goal: 'minimize' } }, [trial(0, {}, { value: 1 })]);
  t.true(page(loss).includes('aria-sort="ascending"><button type="button">val.loss<'));
  t.is(html.match(/<div class="wide"/g)?.length, html.match(/<div class="wide" role="region" tabindex="0" aria-label="[a-z ]+">/g)?.length);
});

test('a search of 500 trials is a page of less than 2 MB', (t) => {
  t.true(page(largeState()).length < 2_000_000);
});

test('of thousands of trials the best and an even choice are drawn, and the page says how many are left out', (t) => {
  const trials = Array.from({ length: 3000 }, (_, number) => trial(number, { a: number }, { value: number % 1000 }));
  const html = renderSweepHtml(stateOf({ parameters: { a: { min: 0, max: 3000 } } }, trials), undefined);
  t.is([...html.matchAll(/<polyline class="k/g)].length, 1000);
  t.true(html.includes('2,000 of the lines are left out.'));
  t.true(html.includes('The best 2,000 of 3,000.'));
});

test('few trials have no importance, and the page does without', (t) => {
  t.false(page(gridState()).includes('<h2>Importance</h2>'));
  t.true(page(largeState(120)).includes('<h2>Importance</h2>'));
});

test('a cross-validation is shown by its folds, without what only several trials have', (t) => {
  const values = [0.9, 0.95, 1];
  const folds = trial(0, {}, { value: 0.95, values, runs: values.map((_, fold) => `trials/0-fold-${fold}`), digests: ['a1', 'b2', 'c3'] });
  const settings: Partial<SweepInput> = { method: 'grid', parameters: {}, metric: { name: 'val.accuracy', goal: 'maximize' } };
  const state = stateOf(settings, [folds]);
  const html = page({ ...state, settings: { ...state.settings, folds: 3 } });
  t.regex(html, /<h2>Folds<\/h2>.*<td>1<\/td><td>95\.00 %<\/td><td class="text">b2<\/td><td class="text">trials\/0-fold-1<\/td>/s);
  t.notRegex(shown(html), /<pre>|Parameters and metric|Trials in their order/);
  const search = page(stateOf(settings, [trial(0, {}, { value: 0.95 })]));
  t.notRegex(search, /<h2>Folds|<pre><\/pre>/);
  t.regex(search, /Trials in their order/);
});
