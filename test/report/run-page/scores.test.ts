import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { renderRunPage } from '../../../src/report/run-page/html.ts';
import { type ReportedRun, readReportedRun } from '../../../src/report/run-page/read.ts';
import { confusionOf, type Scored, scoreRun } from '../../../src/report/run-page/scores.ts';
import { findRun } from '../../../src/runs/store/store.ts';
import { Datasets } from '../../../src/sweep/execute/datasets.ts';
import { idxBytes } from '../../data/support/idx-file.ts';
import { runTree, temporary } from '../../runs/support/run-tree.ts';

async function reported(directory: string | undefined): Promise<ReportedRun> {
  return readReportedRun(await findRun(directory ?? ''));
}

async function trained(t: ExecutionContext, tree: Record<string, unknown>): Promise<ReportedRun> {
  return reported((await runTree(tree, temporary(t))).directory);
}

const DIGITS = {
  data: { source: { type: 'mnist' }, split: { train: 500, val: 100, test: 200 } },
  model: {
    layers: [
      { type: 'dense', units: 16, activation: 'relu', batch_norm: true, dropout: 0.2 },
      { type: 'dense', units: 10 },
    ],
  },
  metrics: ['accuracy', 'confusion'],
  train: { epochs: 2, batch_size: 50 },
};

function isScored(t: ExecutionContext, found: Scored | string): found is Scored {
  return t.true(typeof found !== 'string', typeof found === 'string' ? found : '');
}

test('the rows that the page looks at are classified as the run has it, and the misclassified are shown as pictures', async (t) => {
  const run = await trained(t, DIGITS);
  const found = await scoreRun(run, new Datasets(1));
  if (!isScored(t, found)) return;
  t.deepEqual([found.split, found.rows.length, found.isWhole], ['test', 200, true]);
  t.deepEqual(confusionOf(found), run.summary?.confusion?.test);
  for (let r = 0; r < 200; r++) t.true(Math.abs(found.outputs.subarray(r * 10, r * 10 + 10).reduce((a, b) => a + b, 0) - 1) < 1e-9);
  const wrong = Math.round(200 * (1 - (run.summary?.last['test.accuracy'] ?? 0)));
  const html = renderRunPage([run], { scored: new Map([[run, found]]) });
  t.true(html.includes(`${wrong} of 200 rows of the test split are misclassified`));
  t.is(html.match(/<figcaption>\d → <b class="miss">/g)?.length ?? 0, Math.min(60, wrong));
  t.is(html.match(/alt="weights of unit \d+"/g)?.length, 16);
});

test('without the metric confusion the matrix is that of the model', async (t) => {
  const run = await trained(t, { ...DIGITS, metrics: ['accuracy'] });
  const found = await scoreRun(run, new Datasets(1));
  const html = renderRunPage([run], { scored: new Map([[run, found]]) });
  t.true(html.includes('<p class="faint">Rows of the test split.</p>') && html.includes('aria-label="confusion matrix of test: '));
});

test('regressions show the rows with the largest errors; yes or no has two classes', async (t) => {
  const regression = await trained(t, {
    data: { source: { type: 'synthetic', kind: 'linear', samples: 120, features: 3, classes: 1 } },
    model: { layers: [{ type: 'dense', units: 1 }] },
    loss: 'mse',
    train: { epochs: 2, batch_size: 20 },
  });
  const found = await scoreRun(regression, new Datasets(1));
  const html = renderRunPage([regression], { scored: new Map([[regression, found]]) });
  t.true(html.includes('The rows of the test split with the largest errors.'));
  if (isScored(t, found) && found.dataset.target.kind === 'value') {
    const { values } = found.dataset.target;
    const mean =
      [...found.rows].reduce((sum, row, r) => sum + ((found.outputs[r] as number) - (values[row] as number)) ** 2, 0) / found.rows.length;
    t.true(Math.abs(mean - (regression.summary?.last['test.loss'] ?? 0)) < 1e-5 * mean);
  }
  const binary = await trained(t, {
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 120, features: 3, classes: 2 } },
    model: { layers: [{ type: 'dense', units: 1 }] },
    loss: 'sigmoid_cross_entropy',
    metrics: ['accuracy', 'confusion'],
    train: { epochs: 2, batch_size: 20 },
  });
  const scored = await scoreRun(binary, new Datasets(1));
  if (isScored(t, scored)) t.deepEqual(confusionOf(scored), binary.summary?.confusion?.test);
  t.true(renderRunPage([binary], { scored: new Map([[binary, scored]]) }).includes('<button type="button">probability</button>'));
});

test('data that are gone or have changed, and a model that is another, are told in the place of the samples', async (t) => {
  const place = temporary(t);
  const [images, labels] = ['images.idx', 'labels.idx'].map((name) => path.join(place, name)) as [string, string];
  const write = (first: number): void => {
    writeFileSync(
      images,
      idxBytes(
        [40, 2, 2],
        Uint8Array.from({ length: 160 }, (_, i) => (i === 0 ? first : i)),
      ),
    );
    writeFileSync(
      labels,
      idxBytes(
        [40],
        Uint8Array.from({ length: 40 }, (_, i) => i % 2),
      ),
    );
  };
  write(0);
  const { directory = '' } = await runTree(
    {
      data: { source: { type: 'idx', images, labels } },
      model: { layers: [{ type: 'dense', units: 2 }] },
      train: { epochs: 1, batch_size: 8 },
    },
    place,
  );
  const said = async (run: ReportedRun): Promise<string> => {
    const html = renderRunPage([run], { scored: new Map([[run, await scoreRun(run, new Datasets(1))]]) });
    return /<h2>Samples<\/h2>\n<p class="faint">(.*?)<\/p>/.exec(html)?.[1] ?? '';
  };
  t.regex(await said(await reported(directory)), /rows of the test split are misclassified/);
  write(9);
  t.is(await said(await reported(directory)), 'Left out: the data changed since the run began.');
  rmSync(images);
  t.regex(await said(await reported(directory)), /^Left out: its data cannot be read: .*images\.idx:? cannot be read: ENOENT/);
  write(0);
  const config = path.join(directory, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('units: 2', 'units: 3'));
  t.is(await said(await reported(directory)), 'Left out: its model file does not fit its config: layers.0.weight.');
  rmSync(path.join(directory, 'model.safetensors'));
  t.is(await said(await reported(directory)), 'Left out: there is no model.safetensors.');
});
