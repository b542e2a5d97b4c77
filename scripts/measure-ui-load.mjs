// What a page of gradloom ui that follows a training costs it: the same training with and without the page open in Chromium, in turn, in one
// run (A B B A ...), so that what else the machine does falls on both. Needs a build and Chromium; Linux.
//   node scripts/measure-ui-load.mjs [pairs] [workers]
// On a machine that is busy with other things the rates say little: the processor time of the page's server and of the browser, from when the
// curves are on the screen until the training ends, then is what following takes at most.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const pairs = Number(process.argv[2] ?? 5);
const workers = Number(process.argv[3] ?? 2);
const steps = Number(process.env['STEPS'] ?? 12_000);
const CLI = path.resolve(import.meta.dirname, '../dist/src/cli/main.js');
/** Of Linux: clock ticks of /proc in a second. */
const TICKS = 100;
const place = mkdtempSync(path.join(tmpdir(), 'gradloom-measure-load-'));
writeFileSync(
  path.join(place, 'load.yaml'),
  `data: {source: {type: synthetic, kind: blobs, samples: 4096, features: 64, classes: 10}}
model: {layers: [{type: dense, units: 128, activation: relu}, {type: dense, units: 10}]}
train: {steps: ${steps}, batch_size: 256}
track: {log_every: {steps: 20}}
parallel: {workers: ${workers}}
`,
);

/** Seconds of processor time of a process and of all below it. */
function cpuSeconds(pid) {
  const stats = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      // Of those below it that have ended, too.
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      stats.set(Number(name), { parent: Number(fields[1]), ticks });
    } catch {
      // It has ended meanwhile.
    }
  }
  let sum = 0;
  const visit = (at) => {
    sum += stats.get(at)?.ticks ?? 0;
    for (const [child, { parent }] of stats) if (parent === at) visit(child);
  };
  visit(pid);
  return sum / TICKS;
}

function command(words, onLine) {
  const child = spawn(process.execPath, [CLI, ...words], { cwd: place, stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
    if (onLine !== undefined && text.includes('\n')) onLine(text);
  });
  const ended = new Promise((resolve, reject) => {
    child.on('close', (code) =>
      code === 0 || onLine !== undefined ? resolve(text) : reject(new Error(`exit ${code}: ${words.join(' ')}`)),
    );
  });
  return { child, ended };
}

/** A training from its start to its end. */
async function trained() {
  return { rate: JSON.parse(await command(['train', 'load.yaml', '--json']).ended).samples_per_second };
}

async function withPage() {
  const { child, ended, url } = await new Promise((resolve) => {
    const started = command(['ui', '.', '--port', '0', '--json'], (text) => resolve({ ...started, url: JSON.parse(text).url }));
  });
  const browser = await chromium.launchServer({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    const client = await chromium.connect(browser.wsEndpoint());
    const page = await (await client.newContext({ viewport: { width: 1200, height: 900 } })).newPage();
    await page.goto(url);
    const training = trained();
    // The page of the run itself, with its curves, as soon as it is there.
    await page.click('tr:has(.status.running) a', { timeout: 60_000 });
    await page.waitForSelector('.plot canvas', { timeout: 60_000 });
    const start = performance.now();
    const [server, shown] = [cpuSeconds(child.pid), cpuSeconds(browser.process().pid)];
    const { rate } = await training;
    const seconds = (performance.now() - start) / 1000;
    const shares = [cpuSeconds(child.pid) - server, cpuSeconds(browser.process().pid) - shown].map((used) => (100 * used) / seconds);
    return { rate, server: shares[0], browser: shares[1] };
  } finally {
    await browser.close();
    child.kill('SIGINT');
    await ended;
  }
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
try {
  await trained();
  const ratios = [];
  const [servers, browsers] = [[], []];
  for (let i = 0; i < pairs; i++) {
    const order = i % 2 === 0 ? [trained, withPage] : [withPage, trained];
    const results = [];
    for (const one of order) results.push(await one());
    const [plain, paged] = i % 2 === 0 ? results : results.toReversed();
    ratios.push(paged.rate / plain.rate);
    servers.push(paged.server);
    browsers.push(paged.browser);
    const shares = `server ${paged.server.toFixed(1)} %, browser ${paged.browser.toFixed(1)} % of a core`;
    console.log(`pair ${i + 1}: rate with the page ${(100 * (paged.rate / plain.rate)).toFixed(1)} % of that without it; ${shares}`);
    for (const name of readdirSync(path.join(place, 'runs'))) rmSync(path.join(place, 'runs', name), { recursive: true, force: true });
  }
  const [server, shown] = [median(servers), median(browsers)];
  const cores = availableParallelism();
  const told = `server ${server.toFixed(1)} %, browser ${shown.toFixed(1)} % of a core: ${((server + shown) / cores).toFixed(1)} % of ${cores} cores`;
  console.log(`median of ${pairs} with ${workers} workers: rate ${(100 * median(ratios)).toFixed(1)} %; ${told}`);
} finally {
  rmSync(place, { recursive: true, force: true });
}
