import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import * as portable from '../../src/browser.ts';
import { experimentFromObject as experimentInNode, parseExperiment as parseInNode } from '../../src/config/load.ts';
import { isGradloomError } from '../../src/errors.ts';
import { loadModel } from '../../src/use/model.ts';
import { withoutBrowser } from '../report/support/browser.ts';
import { trained } from './support/trained.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
const ROWS = 700;
const BROKEN = `data: {source: mnist}
model:
  layers: [{type: dense, units: 10}]
optimizer: {type: sdg, lr: -1}
sed: 3
`;

/** What a page of a user could do, as its module: everything on `window.gradloom`. */
const PAGE = "import * as gradloom from 'gradloom/browser';\nwindow.gradloom = gradloom;\n";

/** The page's module in one file, as a bundler makes it of the package. */
async function bundled(t: ExecutionContext): Promise<string> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'gradloom-page-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(root, path.join(folder, 'node_modules/gradloom'));
  const { outputFiles, warnings } = await build({
    stdin: { contents: PAGE, resolveDir: folder },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    minify: true,
    logLevel: 'silent',
  });
  t.deepEqual(warnings, []);
  return outputFiles[0]!.text;
}

async function served(t: ExecutionContext, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    const type = name.endsWith('.js') ? 'text/javascript' : name.endsWith('.html') ? 'text/html' : 'application/octet-stream';
    response.writeHead(Object.hasOwn(files, name) ? 200 : 404, {
      'content-type': type,
      // No cross-origin isolation: a page on any host can use a model.
      'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
    });
    response.end(files[name]);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Rows of five numbers, far from and near to those of training. */
const rows = Array.from({ length: ROWS }, (_, i) => Array.from({ length: 5 }, (__, j) => Math.sin(i * 7 + j) * (1 + (i % 9))));

/** Source, layers and words for what a source has of its own. */
const SETUPS: readonly [title: string, changes: Record<string, unknown>][] = [
  ['batch norms and z-scores', {}],
  [
    'layer norms, gelu and raw numbers',
    {
      data: { source: { type: 'synthetic', kind: 'linear', samples: 200, features: 5, classes: 2 }, normalize: 'none' },
      model: {
        layers: [
          { type: 'dense', units: 9, layer_norm: true, activation: 'gelu' },
          { type: 'dense', units: 2 },
        ],
      },
      loss: 'mse',
      metrics: ['rmse'],
      optimizer: { lr: 0.01 },
    },
  ],
];

(withoutBrowser === undefined ? test : test.skip)('in Chromium, a model of a run predicts the bits that it predicts in Node', async (t) => {
  t.timeout(240_000);
  const files: Record<string, string | Uint8Array> = {
    'page.js': await bundled(t),
    'index.html': '<script type="module" src="page.js"></script>',
  };
  const expected: unknown[] = [];
  for (const [i, [, changes]] of SETUPS.entries()) {
    const { directory } = await trained(t, changes);
    files[`${i}.safetensors`] = readFileSync(path.join(directory, 'model.safetensors'));
    expected.push((await loadModel(directory)).predict(rows));
  }
  const url = await served(t, files);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(error.message));
  await page.goto(`${url}/index.html`);
  for (const [i, [title]] of SETUPS.entries()) {
    const program = `fetch('${i}.safetensors').then((response) => response.arrayBuffer()).then((bytes) => gradloom.loadModel(bytes))
      .then((model) => [model.predict(${JSON.stringify(rows)}), model.predict(${JSON.stringify(rows[3])}), model.summary().split('\\n').length])`;
    const [many, one, lines] = (await page.evaluate(program)) as [unknown[], unknown, number];
    t.deepEqual(many, expected[i] as unknown[], title);
    t.deepEqual(one, many[3], title);
    t.true(lines > 5);
  }
  const told = `try { gradloom.parseExperiment(${JSON.stringify(BROKEN)}) } catch (error) {
    ({ is: gradloom.isGradloomError(error), codes: error.problems.map(({ code, where, message }) => [code, where, message]) }) }`;
  const inNode = t.throws(() => parseInNode(BROKEN, { file: 'experiment.yaml' }));
  if (!isGradloomError(inNode)) throw inNode;
  t.deepEqual(await page.evaluate(told), {
    is: true,
    codes: inNode.problems.map(({ code, where, message }) => [code, where, message]),
  });
  const bad = await page.evaluate('gradloom.loadModel(new Uint8Array(9)).catch((error) => [error.code, error.where])');
  t.deepEqual(bad, ['E_SAFETENSORS', 'model.safetensors']);
  t.deepEqual(troubles, []);
});

test('what is for browsers gives in Node what the library gives: experiments, networks, predictions', async (t) => {
  const input = { data: { source: 'mnist' }, model: { layers: [{ type: 'dense', units: 10 }] }, schedule: 'cosine' };
  t.deepEqual(portable.experimentFromObject(input).experiment, experimentInNode(input).experiment);
  const text = 'data: {source: mnist}\nmodel: {init: he_normal, layers: [{type: dense, units: 10}]}\n';
  t.deepEqual(portable.parseExperiment(text).experiment, parseInNode(text, { file: 'a.yaml' }).experiment);
  const { directory } = await trained(t);
  const model = await portable.loadModel(readFileSync(path.join(directory, 'model.safetensors')));
  const same = await loadModel(directory);
  t.deepEqual(model.predict(rows), same.predict(rows));
  t.deepEqual(model.network, same.network);
  t.deepEqual(model.classes, same.classes);
});

test('without files, paths stay as they are written and extends is refused', (t) => {
  const source = { type: 'csv', path: './$x/~a.csv', target: 'y' } as const;
  const { experiment } = portable.defineExperiment({
    data: { source },
    model: { layers: [{ type: 'dense', units: 2 }] },
    track: { dir: '~/runs' },
  });
  t.is(experiment.data.source.type === 'csv' && experiment.data.source.path, source.path);
  t.is(experiment.track.dir, '~/runs');
  const refused = t.throws(() => portable.parseExperiment('seed: 1\nextends: ./base.yaml\n'));
  t.true(isGradloomError(refused, 'E_CONFIG_READ'));
  t.like(refused, { where: 'experiment.yaml:2:1', message: 'extends: no files are read here; expected the whole experiment' });
});
