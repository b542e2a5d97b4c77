import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { renderRunPage } from '../../../src/report/run-page/html.ts';
import { type ReportedRun, readReportedRun } from '../../../src/report/run-page/read.ts';
import { curveCharts } from '../../../src/report/run-page/series.ts';
import { smoothed } from '../../../src/report/run-page/values.ts';
import { findRun } from '../../../src/runs/store/store.ts';
import { type RunText, runsPlace, writeRun } from '../../runs/support/stored-runs.ts';
import { closeBrowser, lookAt, withoutBrowser } from '../support/browser.ts';

test.after.always(closeBrowser);

const ID = 'mnist-20260101-000000-aaaaaa';

/** Three epochs of ten steps. */
const METRICS = [1, 2, 3].flatMap((epoch) => [
  ...[0, 5].map((at) => ({
    step: epoch * 10 - 10 + at,
    epoch: epoch - 1,
    'train.loss': 2 / (epoch + at),
    lr: 0.1 / epoch,
    grad_norm: 1 + at,
  })),
  { step: epoch * 10, epoch, 'train.epoch_loss': 1 / epoch, 'train.epoch_accuracy': 0.5 + epoch / 10 },
  { step: epoch * 10, epoch, 'val.loss': [0.9, 0.5, 0.7][epoch - 1] ?? 0, 'val.accuracy': [0.5, 0.7, 0.8][epoch - 1] ?? 0 },
]);
const CONFUSION = [
  [8, 2],
  [0, 10],
];

async function reported(
  t: ExecutionContext,
  text: RunText = {},
  change: (directory: string) => void = () => undefined,
): Promise<ReportedRun> {
  const directory = writeRun(runsPlace(t), ID, { metrics: METRICS, ...text });
  change(directory);
  return readReportedRun(await findRun(directory));
}

/** What a browser shows: without style, script and data. */
const shown = (html: string): string => html.replaceAll(/<(style|script)[\s\S]*?<\/\1>/g, '');

test('where the time went is told worker by worker, in one scale, as far as the run tells it', async (t) => {
  const worker_phases = [
    { compute: 3, wait: 0.5, reduce: 0.5 },
    { compute: 1, wait: 0.75, reduce: 0.25 },
  ];
  const html = shown(renderRunPage([await reported(t, { summary: { worker_phases } })]));
  t.regex(html, /the longest bar is 4s\.</);
  const widths = [...html.matchAll(/width="([\d.]+)"[^>]*><title>worker (\d): (\w+) /g)].map(
    ([, width, worker, phase]) => `${worker} ${phase} ${Math.round(Number(width))}`,
  );
  t.deepEqual(widths, ['0 compute 735', '0 wait 123', '0 reduce 123', '1 compute 245', '1 wait 184', '1 reduce 61']);
  for (const of of [{}, { worker_phases: worker_phases.slice(1) }, { worker_phases: [] }])
    t.notRegex(shown(renderRunPage([await reported(t, { summary: of })])), /Worker by worker/);
});

/** A run of every state, with what its page must say. */
const STATES: [title: string, text: RunText, change: (directory: string) => void, says: RegExp][] = [
  ['a finished run', { summary: { confusion: { test: CONFUSION } } }, () => undefined, /<dt>status<\/dt><dd>finished<\/dd>/],
  ['a run that was killed', { summary: null }, () => undefined, /<dd>killed<\/dd>[\s\S]*Left out: there is no summary\.json\./],
  [
    'a run that diverged',
    { summary: { status: 'diverged', error: { code: 'E_DIVERGED', message: 'the loss became NaN' } } },
    () => undefined,
    /<dd>diverged: the loss became NaN<\/dd>/,
  ],
  ['a run without metrics', { metrics: [] }, () => undefined, /Left out: there are no metrics yet\./],
  ['a run of one line', { metrics: [{ step: 0, epoch: 0, 'train.loss': 1 }] }, () => undefined, /<circle class="f0 dot"/],
  [
    'a run without val',
    { metrics: METRICS.map(({ step, epoch, ...rest }) => ({ step, epoch, 'train.loss': Object.values(rest)[0] ?? 0 })) },
    () => undefined,
    /train\.loss/,
  ],
  [
    'a run whose metrics are damaged',
    {},
    (directory) => writeFileSync(path.join(directory, 'metrics.jsonl'), '{"step":0,"epoch":0}\n[1]\n'),
    /Left out: metrics\.jsonl:2: /,
  ],
  [
    'a run of another version',
    {},
    (directory) => writeFileSync(path.join(directory, 'config.yaml'), 'name: fake\nengine: abacus\n'),
    /Not read as an experiment of this version: config\.yaml cannot be read[\s\S]*engine: abacus/,
  ],
  ['a run without a model', {}, () => undefined, /Left out: there is no model\.safetensors\./],
  [
    'a run whose model is none',
    {},
    (directory) => writeFileSync(path.join(directory, 'model.safetensors'), 'nothing'),
    /Left out: model\.safetensors cannot be read: /,
  ],
  ['a run without an environment', {}, (directory) => rmSync(path.join(directory, 'env.json'), { force: true }), /there is no env\.json/],
  [
    'values that are not finite',
    { metrics: [...METRICS, { step: 31, epoch: 3, 'train.loss': null, 'val.loss': null }] },
    () => undefined,
    /val\.loss/,
  ],
];

for (const [title, text, change, says] of STATES) {
  test(`${title}: a page with closed elements, numbers where numbers are, and nothing from elsewhere`, async (t) => {
    const html = renderRunPage([await reported(t, text, change)]);
    t.regex(html, says);
    t.false(/NaN|Infinity|undefined|\[object/.test(shown(html).replaceAll(/<dd>.*?<\/dd>/g, '')), shown(html));
    t.false(/<link|<iframe|<object|url\(|@import|<img src="(?!data:image\/png;base64,)|https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(html));
    t.false(/ (?:style|on\w+)="/.test(html));
    for (const name of [
      'svg',
      'g',
      'text',
      'table',
      'tr',
      'td',
      'th',
      'figure',
      'figcaption',
      'div',
      'dl',
      'p',
      'h2',
      'h3',
      'ul',
      'li',
      'pre',
      'span',
      'form',
      'label',
    ])
      t.is(
        [...shown(html).matchAll(new RegExp(`<${name}[ >]`, 'g'))].length,
        [...shown(html).matchAll(new RegExp(`</${name}>`, 'g'))].length,
        name,
      );
  });
}

test('names, notes, tags and classes are text wherever they stand', async (t) => {
  const evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)>"\'';
  const one = await reported(t, {
    config: { tags: [evil], track: { notes: evil } },
    summary: { confusion: { val: CONFUSION } },
    environment: { cpu: evil, [evil]: 1 },
  });
  const target = { kind: 'class' as const, classes: [evil, 'b'] };
  const preprocess = {
    version: 1 as const,
    input: { kind: 'array' as const, shape: [2], stored: 'f32' as const },
    normalization: { kind: 'divide' as const, divisor: 1 },
    target,
  };
  for (const html of [renderRunPage([{ ...one, preprocess, title: evil }]), renderRunPage([{ ...one, preprocess, title: evil }, one])]) {
    t.is(html.match(/<script/g)?.length, 2);
    t.false(html.includes('<img src=x'));
    t.true(html.includes('&#60;/script&#62;'));
  }
});

test('the best point of each validation curve is marked, and told by its epoch', async (t) => {
  const summary = { best: { 'val.loss': { value: 0.5, step: 20 }, 'val.accuracy': { value: 0.8, step: 30 } } };
  const html = renderRunPage([await reported(t, { summary })]);
  t.true(html.includes('<title>best val.loss: 0.500000 at step 20</title>'));
  t.true(html.includes('<title>best val.accuracy: 80.00 % at step 30</title>'));
  t.true(html.includes('<dt>best</dt><dd>val.loss 0.500000 in epoch 2, val.accuracy 80.00 % in epoch 3</dd>'));
});

test('each class has precision, recall, f1 and support; the matrix has its counts', async (t) => {
  const html = renderRunPage([await reported(t, { summary: { confusion: { test: CONFUSION, val: [[1]] } } })]);
  t.true(html.includes('Rows of the test split.'));
  t.regex(
    html,
    /<td data-v="1">100\.00 %<\/td><td data-v="0\.8">80\.00 %<\/td><td data-v="0\.8888888888888888">88\.89 %<\/td><td data-v="10">10<\/td>/,
  );
  t.true(html.includes('<title>0 taken for 1: 2 (20.00 %)</title>'));
  t.true(html.includes('Most often confused: 0 taken for 1: 2.'));
});

test('after a rollback a curve goes on from where training went back to', async (t) => {
  const lines = [0, 10, 20, 30, 15, 25].map((step) => ({ step, epoch: 0, 'train.loss': step }));
  const [chart] = curveCharts([await reported(t, { metrics: lines })]);
  t.deepEqual(chart?.lines[0]?.points, [
    [0, 0],
    [10, 10],
    [15, 15],
    [25, 25],
  ]);
});

test('smoothing keeps a constant, follows without the pull of the start, and 0 leaves all as it is', (t) => {
  t.deepEqual(smoothed([1, 5, 2], 0), [1, 5, 2]);
  t.true(smoothed([3, 3, 3, 3], 0.9).every((value) => Math.abs(value - 3) < 1e-12));
  t.is(smoothed([1, 2], 0.5)[1], (0.5 * 0.5 * 1 + 0.5 * 2) / 0.75);
});

test('several runs stand in one chart, with the keys in which they differ and each of them to unfold', async (t) => {
  const runs = [await reported(t), await reported(t, { config: { optimizer: { type: 'sgd', lr: 0.5 } } })];
  const html = renderRunPage(runs);
  t.regex(html, /<button type="button">optimizer\.lr<\/button>/);
  t.is(html.match(/<details>/g)?.length, 2);
  t.is(html.match(/<input type="checkbox" checked data-run="/g)?.length, 2);
  t.is(curveCharts(runs)[0]?.lines.length, 4);
});

test('the config says where its values come from, as far as the run knows', async (t) => {
  const html = renderRunPage([await reported(t, { environment: { origins: { 'model.layers.0.units': 'exp.yaml:3' } } })]);
  t.regex(html, /<span class="set"> {6}units: 3<\/span><span class="faint"> +# exp\.yaml:3<\/span>/);
  t.regex(html, /seed: 0<span class="faint"> +# default<\/span>/);
  t.true(renderRunPage([await reported(t)]).includes('there is no env.json'));
});

const inBrowser = withoutBrowser === undefined ? test.serial : test.serial.skip;

inBrowser('in a browser: no error, no request, not wider than the screen, and every control does what it says', async (t) => {
  const runs = [await reported(t, { summary: { confusion: { test: CONFUSION } } }), await reported(t)];
  for (const [name, html] of [
    ['one', renderRunPage(runs.slice(0, 1), { smooth: 0.5 })],
    ['two', renderRunPage(runs)],
  ] as const) {
    const file = path.join(runs[0]!.run.directory, `${name}.html`);
    writeFileSync(file, html);
    for (const width of [400, 800, 1400]) {
      for (const scheme of ['light', 'dark'] as const)
        t.like(await lookAt(file, width, scheme), { troubles: [], excess: 0 }, `${name} ${width} ${scheme}`);
    }
  }
  const work = `(() => {
    const svg = document.querySelector('svg.curve');
    const of = (selector) => svg.querySelector(selector).getAttribute('points');
    const before = of('.smooth');
    const same = before === ${JSON.stringify(smoothPoints(renderRunPage(runs.slice(0, 1), { smooth: 0.5 })))};
    smooth.value = '0'; smooth.dispatchEvent(new Event('input'));
    const unsmoothed = of('.smooth') === of('.raw');
    log.checked = true; log.dispatchEvent(new Event('change'));
    const moved = of('.raw') !== before && svg.querySelector('.straight').hasAttribute('hidden') && !svg.querySelector('.log').hasAttribute('hidden');
    svg.dispatchEvent(new KeyboardEvent('keydown', { key: 'End' }));
    const tip = svg.nextElementSibling;
    const heads = [...document.querySelectorAll('table.sort')][0];
    heads.tHead.querySelectorAll('button')[4].click();
    return { same, unsmoothed, moved, tip: tip.hidden ? '' : tip.textContent, first: heads.tBodies[0].rows[0].cells[0].textContent };
  })()`;
  const { result, troubles } = await lookAt(path.join(runs[0]!.run.directory, 'one.html'), 800, 'light', work);
  t.deepEqual(troubles, []);
  t.deepEqual(result, {
    same: true,
    unsmoothed: true,
    moved: true,
    tip: 'step 30\ntrain.loss  0.25  at step 25\nval.loss  0.7',
    first: '0',
  });
});

/** Of the first smoothed line, as the page comes: the script must draw the same. */
function smoothPoints(html: string): string | undefined {
  return / smooth" data-line="0" points="([^"]*)"/
    .exec(html)?.[1]
    ?.replaceAll(/(\d+)(\.\d)?/g, (_, whole: string, part = '.0') => whole + part);
}

test('of several runs a colour is a run: what is of training is dotted, and values of several layers can be told apart', async (t) => {
  const layers = METRICS.map((line) => ({
    ...line,
    ...('val.loss' in line
      ? { 'layers.0.weight.update_ratio': 0.1, 'layers.1.weight.update_ratio': 0.2, 'val.rmse': 2, 'val.r2': 0.5 }
      : {}),
  }));
  const [one, other] = [await reported(t, { metrics: layers }), await reported(t, { metrics: layers })];
  const charts = curveCharts([one, other]);
  const drawn = (title: string): number[] | undefined => charts.find((chart) => chart.title === title)?.lines.map(({ dash }) => dash);
  t.deepEqual(drawn('Loss'), [1, 0, 1, 0]);
  t.deepEqual(drawn('Size of an update beside its weights'), [0, 2, 0, 2]);
  t.true(curveCharts([one]).every(({ lines }) => lines.every(({ dash }) => dash === 0)));
  const html = renderRunPage([one, other]);
  t.regex(html, /<h3>RMSE<\/h3>/);
  t.regex(html, /<h3>R²<\/h3>/);
  t.regex(html, /class="line s0 dashed"/);
});
