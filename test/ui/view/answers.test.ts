import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import type {
  CurvesAnswer,
  RunAnswer,
  RunsAnswer,
  SpeedupAnswer,
  SpeedupsAnswer,
  SweepAnswer,
  SweepsAnswer,
  TableAnswer,
} from '../../../src/ui/protocol.ts';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { opened, projectPlace } from '../support/opened.ts';

/** What a page of the whole web would not want to be given. */
const HOSTILE = '</script><img src=x onerror=alert(1)>"\'&\u202e\u001b[31m';

function idOf(i: number): string {
  return `r-20260101-0000${String(i).padStart(2, '0')}-00000${i % 10}`;
}

test('a window of the table has its rows, sorted and grouped by what runs ls sorts by', async (t) => {
  const { root, runs } = projectPlace(t);
  for (let i = 0; i < 30; i++)
    writeRun(runs, idOf(i), {
      config: { optimizer: { type: 'sgd', lr: (i + 1) / 100 }, tags: i % 2 === 0 ? ['even'] : [] },
      summary: { steps: 30 - i },
    });
  const { json, get } = opened(root);
  const first = await json<RunsAnswer>('/api/runs?from=0&count=10');
  t.like(first, { rows: 30, found: 30, all: 30, from: 0 });
  t.deepEqual(
    first.window.map((row) => (row.type === 'run' ? row.key : '')),
    Array.from({ length: 10 }, (_, i) => `runs/${idOf(29 - i)}`),
  );
  const rows = async (query: string): Promise<string[]> =>
    (await json<RunsAnswer>(`/api/runs?${query}`)).window.map((row) =>
      row.type === 'run' ? row.cells.slice(1).join(' ') : `[${row.title} ${row.count}]`,
    );
  t.deepEqual(await rows('q=optimizer.lr<0.035&sort=optimizer.lr&col=optimizer.lr'), ['0.01', '0.02', '0.03']);
  t.deepEqual(await rows('q=optimizer.lr<0.035&sort=optimizer.lr&reverse=1&col=steps'), ['28', '29', '30']);
  t.deepEqual(await rows('q=optimizer.lr<0.045&sort=optimizer.lr&group=tags&col=optimizer.lr'), [
    '[tags: even 2]',
    '0.01',
    '0.03',
    '[tags: - 2]',
    '0.02',
    '0.04',
  ]);
  const folded = 'q=optimizer.lr<0.045&sort=optimizer.lr&group=tags&col=optimizer.lr';
  t.deepEqual(await rows(`${folded}&fold=tags: even`), ['[tags: even 2]', '[tags: - 2]', '0.02', '0.04']);
  t.deepEqual(await rows(`${folded}&folded=1`), ['[tags: even 2]', '[tags: - 2]']);
  t.deepEqual(await rows(`${folded}&folded=1&fold=tags: even&fold=none`), ['[tags: even 2]', '0.01', '0.03', '[tags: - 2]']);
  t.like(await json<RunsAnswer>(`/api/runs?${folded}&folded=1`), { rows: 2, found: 4 });
  t.deepEqual(await rows('q=even&count=0'), []);
  t.is((await json<RunsAnswer>('/api/runs?q=even')).found, 15);
  const wrong = await get('/api/runs?q=optimizer.rl<1');
  t.is(wrong.status, 400);
  t.like(await wrong.json(), { error: { code: 'E_USAGE', where: 'optimizer.rl' } });
});

test('U5 names, tags, metrics and config of a hostile run are text in every answer', async (t) => {
  const { root, runs } = projectPlace(t);
  const directory = writeRun(runs, 'a', {
    summary: { last: { [HOSTILE]: 1, 'val.loss': 1 } },
    metrics: [1, 2].map((step) => ({ step, epoch: 1, 'train.loss': 1, [`${HOSTILE}.weight.update_ratio`]: 1 })),
  });
  writeFileSync(path.join(directory, 'tags.json'), JSON.stringify([HOSTILE]));
  writeFileSync(path.join(directory, 'env.json'), JSON.stringify({ cpu: HOSTILE, origins: { seed: HOSTILE } }));
  const { json } = opened(root);
  await json('/api/runs');
  const run = await json<RunAnswer>('/api/run?key=runs/a');
  const html = [run.facts];
  for (const { name } of run.parts) html.push((await json<{ html: string }>(`/api/run/part?key=runs/a&name=${name}`)).html);
  t.true(html.join('').includes('&#60;/script&#62;'));
  for (const part of html) t.notRegex(part, /<(?:script|img(?! src="data:))|onerror=alert\(1\)>/);
  t.false(html.some((part) => part.includes('\u001b') || part.includes('\u202e')));
  const { window } = await json<RunsAnswer>('/api/runs');
  t.deepEqual(window[0]?.type === 'run' ? window[0].tags : [], [HOSTILE]);
});

test('runs beside each other have their curves in common charts, each run its rate, and the keys in which they differ', async (t) => {
  const { root, runs } = projectPlace(t);
  for (const [i, lr] of [0.1, 0.2].entries()) {
    const metrics = Array.from({ length: 3000 }, (_, step) => ({
      step,
      epoch: 1,
      'train.loss': lr / (step + 1),
      ...(step % 1000 === 999 && { 'val.loss': lr, 'train.epoch_loss': lr }),
    }));
    writeRun(runs, `run${i}`, { config: { optimizer: { type: 'sgd', lr } }, metrics, summary: { steps: 3000, seconds: 30 } });
  }
  const { json } = opened(root);
  await json('/api/runs');
  const both = await json<CurvesAnswer>('/api/curves?run=runs/run0&run=runs/run1&run=runs/none');
  t.like(both.runs[0], { key: 'runs/run0', step: 2999, stepsPerEpoch: 999, secondsPerStep: 0.01, left: '' });
  const loss = both.charts[0];
  t.is(loss?.title, 'Loss');
  t.deepEqual(
    loss?.lines.map(({ name, isNoisy }) => [name, isNoisy]),
    [
      ['run0 train.loss', true],
      ['run0 val.loss', false],
      ['run1 train.loss', true],
      ['run1 val.loss', false],
    ],
  );
  const points = loss?.lines[0];
  t.true((points?.steps.length ?? 0) > 500 && (points?.steps.length ?? 0) <= 1000);
  t.deepEqual([points?.values[0], points?.values.at(-1)], [0.1, Number((0.1 / 3000).toPrecision(7))]);
  const part = await json<CurvesAnswer>('/api/curves?run=runs/run0&from=100&to=200');
  t.deepEqual(
    part.charts[0]?.lines[0]?.steps,
    Array.from({ length: 101 }, (_, i) => 100 + i),
  );
  const table = await json<TableAnswer>('/api/differences?run=runs/run0&run=runs/run1');
  t.deepEqual(
    table.rows.map(({ key, cells }) => [key, cells[1]]),
    [
      ['runs/run0', '0.1'],
      ['runs/run1', '0.2'],
    ],
  );
});

test('a sweep is found by its directory, with axes, lines, a warning at the edge, and trials that lead to their runs', async (t) => {
  const { root } = projectPlace(t);
  const base =
    'data: {source: {type: synthetic, kind: blobs, samples: 200}}\nmodel:\n  layers: [{type: dense, units: 3}]\ntrain: {epochs: 1, batch_size: 32, eval: {on: val}}\n';
  writeFileSync(path.join(root, 'base.yaml'), base);
  const file = path.join(root, 'sweep.yaml');
  writeFileSync(
    file,
    'name: s\nbase: ./base.yaml\nmethod: grid\nmetric: {name: val.loss}\nparameters:\n  optimizer.lr: {values: [0.001, 0.1]}\n  train.batch_size: {values: [16, 32]}\n',
  );
  await sweep(loadSweep(file), { parent: path.join(root, 'sweeps') }).result;
  const { json, get } = opened(root);
  const { sweeps } = await json<SweepsAnswer>('/api/sweeps');
  t.like(sweeps[0], { name: 's', status: 'finished', problem: null });
  const { key = '' } = sweeps[0] ?? {};
  const found = await json<SweepAnswer>(`/api/sweep?key=${key}`);
  t.deepEqual(
    found.axes.map(({ title }) => title),
    ['optimizer.lr', 'train.batch_size', 'val.loss'],
  );
  t.is(found.lines.length, 4);
  t.is(found.trials[0]?.number, found.best ?? -1);
  t.regex(found.charts, /<h2>Trials in their order<\/h2>/);
  const run = found.trials[0]?.runs[0] ?? '';
  t.is(run, `${key}/trials/${found.best}`);
  t.like(await json<RunAnswer>(`/api/run?key=${run}`), { status: 'finished', canStop: false, canResume: false });
  // The directory of the sweep itself can be shown, too.
  const alone = opened(path.join(root, key));
  t.like((await alone.json<SweepsAnswer>('/api/sweeps')).sweeps, [{ key: '.', name: 's', status: 'finished' }]);
  const itself = await alone.json<SweepAnswer>('/api/sweep?key=.');
  t.like(await alone.json<RunAnswer>(`/api/run?key=${itself.trials[0]?.runs[0]}`), { status: 'finished', canResume: false });
  t.is((await alone.json<RunsAnswer>('/api/runs')).found, 4);
  t.is((await get(`/api/run?key=${key}/trials/99`)).status, 404);
  t.is((await get(`/api/run?key=${key}/trials/../trials/0`)).status, 404);
});

test('results of speedup --json that were kept are found, and files that only look like them are not', async (t) => {
  const { root } = projectPlace(t);
  const estimate = { value: 1, low: 1, high: 1 };
  const row = {
    kind: 'workers',
    workers: 1,
    batch_size: 64,
    seconds: [1],
    samples_per_second: estimate,
    speedup: estimate,
    efficiency: estimate,
    cpu_seconds: 1,
    phases: { compute: 1, wait: 0, reduce: 0, other: 0 },
    imbalance: 0,
    evaluation_seconds: null,
    drift: 0,
    digest: 'ab',
    same_work: true,
    oversubscribed: false,
    taken: [],
    taken_share: 0,
    contaminated: [],
  };
  const result = {
    version: 1,
    status: 'finished',
    name: HOSTILE,
    dataset: 'blobs',
    parameters: 3,
    machine: { cpu: 'x', cores: { available: 2, usable: 2 }, node: 'v20', gradloom: '0.2.0', load_before: null },
    settings: { confidence: 0.95 },
    seconds: 1,
    tables: [{ mode: 'strong', batch_size: 64, steps: 10, repeats: 3, rows: [row], model: null }],
    verdict: { status: 'conclusive', best_workers: 1, limit: 'none', text: 'One worker.' },
  };
  writeFileSync(path.join(root, 'good.json'), JSON.stringify(result));
  writeFileSync(path.join(root, 'bad.json'), JSON.stringify({ ...result, tables: [{}] }));
  writeFileSync(path.join(root, 'torn.json'), '{"version":1,');
  const { json, get } = opened(root);
  t.deepEqual(
    (await json<SpeedupsAnswer>('/api/speedups')).speedups.map(({ key, status }) => [key, status]),
    [['good.json', 'conclusive']],
  );
  const { html } = await json<SpeedupAnswer>('/api/speedup?key=good.json');
  t.regex(html, /class="verdict conclusive">One worker\.</);
  t.is((await get('/api/speedup?key=bad.json')).status, 404);
});
