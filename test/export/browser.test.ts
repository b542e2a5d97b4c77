import { existsSync } from 'node:fs';
import test from 'ava';
import { chromium } from 'playwright-core';
import { js } from '../../src/export/js/export.ts';
import type { Predictions } from '../../src/export/verify.ts';
import { modelOf } from './support/models.ts';
import { assertAgree, expectedFor, splitRows } from './support/rows.ts';

const CHROMIUM = '/usr/bin/chromium';
const ROWS = 100;
const browserTest = process.env['CI'] !== undefined || existsSync(CHROMIUM) ? test : test.skip;

browserTest(`headless Chromium (${CHROMIUM}) imports the module and gives the network's probabilities and classes`, async (t) => {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  for (const layers of ['everything', 'leaky_relu']) {
    const model = modelOf(layers, 'a table, zscore', 'softmax');
    const { raw, expected } = expectedFor(model, ROWS);
    const text = js(model, { output: 'm.js', raw: false, dtype: 'f32', batchNorm: 'fold' }).files[0]!.bytes as string;
    const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
    const program = `import(${JSON.stringify(url)}).then(({ predict }) => predict(${JSON.stringify(splitRows(raw, ROWS))}))`;
    const results = (await page.evaluate(program)) as { label: number; probabilities: number[] }[];
    const got: Predictions = { values: results.flatMap(({ probabilities }) => probabilities), labels: results.map(({ label }) => label) };
    assertAgree(t, got, expected, layers);
  }
});
