// Takes the pictures of docs/images: trains, sweeps and measures bundled examples in a temporary folder and shows them to Chromium, as the page of
// gradloom ui and as reports. After a build; some minutes. Numbers of speedups are those of the machine: draw on a quiet one.
//
//   node scripts/draw-pictures.mjs [NAME ...] [--in=DIR]
//     --in  trains in DIR and leaves it there; what is there already is not trained again
//
// Prints a line a picture; exit code 1 if the console had an error, or a picture is too large.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { openPage } from '../dist/src/ui/server/listen.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const main = path.join(root, 'dist/src/cli/main.js');
const images = path.join(root, 'docs/images');
const program = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const WIDTH = 1200;
const MAX_BYTES = 120 * 1024;

const SWEEP = `name: mnist-search
base: ./mnist.yaml
method: tpe
metric: {name: val.accuracy, goal: maximize}
seed: 7
parameters:
  optimizer.lr: {distribution: log_uniform_values, min: 0.01, max: 1}
  optimizer.momentum: {min: 0.0, max: 0.9}
  model.layers.0.units: {values: [32, 64, 128, 256]}
  model.layers.0.dropout: {min: 0.0, max: 0.5}
early_terminate: {type: asha, resource: epochs, min: 1, max: 9, eta: 3}
`;

const EXAMPLE = [
  ['train', 'mnist', 'name=adam', 'optimizer={type: adam, lr: 0.001}', 'train.epochs=12'],
  ['train', 'mnist', 'name=sgd-slow', 'optimizer.lr=0.02', 'train.epochs=12'],
  ['train', 'mnist', 'name=momentum', 'optimizer.lr=0.05', 'optimizer.momentum=0.9', 'train.epochs=12'],
  ['train', 'mnist', 'name=sgd', 'train.epochs=12'],
  ['train', 'penguins'],
  ['train', 'iris'],
  ['runs', 'tag', '@last', '+small'],
];

/** Each picture: where it is, what it waits for, and how high it is. */
const PICTURES = {
  'ui-runs': { view: '#/runs?cols=optimizer.type,optimizer.lr,max val.accuracy,test.accuracy,seconds', before: tick, height: 470 },
  'ui-compare': {
    view: ({ compared }) => `#/compare?${compared.map((id) => `run=runs/${id}`).join('&')}`,
    ready: '.plot canvas',
    height: 900,
  },
  'ui-run': { view: ({ sgd }) => `#/run?key=runs/${sgd}`, ready: '.plot canvas', height: 900 },
  'ui-sweep': { view: ({ sweep }) => `#/sweep?key=sweeps/${sweep}`, ready: 'svg.parallel', height: 1000 },
  'ui-speedup': { view: ({ speedup }) => `#/speedup?key=speedups/${speedup}`, ready: '.speedup svg', height: 900 },
  'report-run': { file: ({ sgd }) => `runs/${sgd}/report.html`, before: (shown) => scrollTo(shown, 'Classes'), height: 1000 },
  'report-compare': { file: 'compared.html', height: 900 },
  'report-sweep': { file: ({ sweep }) => `sweeps/${sweep}/report.html`, height: 1000 },
  'report-speedup': { file: 'speedup.html', height: 900 },
};

const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const kept = process.argv.find((word) => word.startsWith('--in='))?.slice('--in='.length);
const wanted = names.length > 0 ? names : Object.keys(PICTURES);
const unknown = wanted.find((name) => !(name in PICTURES));
if (unknown !== undefined) throw new Error(`there is no picture ${unknown}; there are ${Object.keys(PICTURES).join(', ')}`);

const place = kept ?? mkdtempSync(path.join(tmpdir(), 'gradloom-pictures-'));
const folder = path.join(place, 'experiments');
let page;
let browser;
try {
  const trained = prepare();
  page = await openPage({
    root: folder,
    port: 0,
    isReadOnly: false,
    launcher: 'gradloom',
    program: [process.execPath, main],
  });
  browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
  mkdirSync(images, { recursive: true });
  for (const name of wanted) await draw(name, PICTURES[name], trained);
} finally {
  await browser?.close();
  await page?.close();
  if (kept === undefined) rmSync(place, { recursive: true, force: true });
}

function gradloom(...words) {
  return execFileSync(process.execPath, [main, ...words], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Trains what the pictures show, unless it is there. @returns ids of runs, of the sweep and of the speedup, by what they are */
function prepare() {
  const runs = path.join(folder, 'runs');
  if (!existsSync(runs)) {
    mkdirSync(folder, { recursive: true });
    cpSync(path.join(root, 'configs/mnist.yaml'), path.join(folder, 'mnist.yaml'));
    writeFileSync(path.join(folder, 'search.yaml'), SWEEP);
    gradloom('sweep', 'search.yaml', '-n', '24');
    for (const words of EXAMPLE) gradloom(...words);
    gradloom('speedup', 'mnist', 'train.batch_size=512', '--batch-sizes', '64,256,1024', '--predict', '4,8', '--html', 'speedup.html');
    gradloom('sweep', 'report');
  }
  const idOf = (name) => readdirSync(runs).find((id) => id.replace(/-\d{8}-\d{6}-[0-9a-f]{6}$/, '') === name);
  const [sweep] = readdirSync(path.join(folder, 'sweeps'));
  const [speedup] = readdirSync(path.join(folder, 'speedups'));
  const compared = ['adam', 'momentum', 'sgd', 'sgd-slow'].map(idOf);
  gradloom('report', idOf('sgd'));
  gradloom('report', ...compared, '--output', 'compared.html');
  return { sgd: idOf('sgd'), compared, sweep, speedup };
}

/** Takes one picture. */
async function draw(name, { view, file, ready, before, height }, trained) {
  const of = (given) => (typeof given === 'function' ? given(trained) : given);
  const context = await browser.newContext({ viewport: { width: WIDTH, height }, colorScheme: 'light' });
  const shown = await context.newPage();
  shown.on('console', (message) => fault(name, message.text()));
  shown.on('pageerror', (error) => fault(name, error.message));
  const address = file === undefined ? page.url + of(view) : pathToFileURL(path.join(folder, of(file))).href;
  await shown.goto(address);
  await shown.waitForSelector(ready ?? (file === undefined ? 'table.runs tbody a' : 'svg'));
  await before?.(shown);
  const debug = await context.newCDPSession(shown);
  const { data } = await debug.send('Page.captureScreenshot', { format: 'webp', quality: 90 });
  const bytes = Buffer.from(data, 'base64');
  writeFileSync(path.join(images, `${name}.webp`), bytes);
  console.log(`docs/images/${name}.webp: ${WIDTH} x ${height}, ${(bytes.length / 1024).toFixed(0)} KiB`);
  if (bytes.length > MAX_BYTES) fault(name, `${bytes.length} bytes, expected at most ${MAX_BYTES}`);
  await context.close();
}

/** Brings a heading to the top, below what stays there. */
async function scrollTo(shown, title) {
  await shown.getByRole('heading', { name: title, exact: true }).evaluate((heading) => {
    heading.style.scrollMarginTop = '56px';
    heading.scrollIntoView();
  });
}

function fault(name, text) {
  console.error(`${name}: ${text}`);
  process.exitCode = 1;
}

/** Ticks the runs of one comparison. */
async function tick(shown) {
  for (const name of ['adam', 'momentum', 'sgd', 'sgd-slow'])
    await shown
      .locator('table.runs tbody tr', { has: shown.locator(`a >> text=/^${name}(?!-slow)/`) })
      .locator('input[type=checkbox]')
      .check();
}
