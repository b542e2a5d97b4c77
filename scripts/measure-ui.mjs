// How the page of gradloom ui does with many runs, and with a long one: time to the first paint, frames while scrolling, memory and time of a
// run with a million lines. Needs a build and Chromium.
//   node scripts/measure-ui.mjs [runs] [lines]
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { experimentFromObject, train } from '../dist/src/index.js';
import { openPage } from '../dist/src/ui/server/listen.js';

const runs = Number(process.argv[2] ?? 10_000);
const lines = Number(process.argv[3] ?? 1_000_000);
const program = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const place = mkdtempSync(path.join(tmpdir(), 'gradloom-measure-ui-'));
const ms = (start) => `${(performance.now() - start).toFixed(0)} ms`;
let browser;
let page;
try {
  const tree = {
    data: { source: { type: 'synthetic', kind: 'blobs' } },
    model: { layers: [{ type: 'dense', units: 3 }] },
    train: { epochs: 2 },
    track: { dir: place },
  };
  const { directory } = await train(experimentFromObject(tree)).result;
  const many = path.join(place, 'project/runs');
  mkdirSync(many, { recursive: true });
  for (let i = 0; i < runs; i++) {
    const id = `run-20260101-000000-${i.toString(16).padStart(6, '0')}`;
    for (const name of ['config.yaml', 'summary.json']) cpSync(path.join(directory, name), path.join(many, id, name));
  }
  const long = path.join(many, 'long-20260102-000000-000000');
  for (const name of ['config.yaml', 'summary.json']) cpSync(path.join(directory, name), path.join(long, name));
  const text = Array.from({ length: lines }, (_, step) => `{"step":${step},"epoch":1,"train.loss":${2 / (1 + step / 1000)},"lr":0.1}\n`);
  writeFileSync(path.join(long, 'metrics.jsonl'), text.join(''));

  browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
  for (const title of ['no index yet', 'with an index']) {
    page = await openPage({
      root: path.join(place, 'project'),
      port: 0,
      isReadOnly: false,
      launcher: 'gradloom',
      program: [process.execPath, 'gradloom'],
    });
    const shown = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage();
    const start = performance.now();
    await shown.goto(page.url);
    const paint = Number(
      await shown.evaluate(`performance.getEntriesByType('paint').find(({ name }) => name === 'first-contentful-paint')?.startTime ?? NaN`),
    );
    await shown.waitForSelector('table.runs tbody a');
    console.log(`${runs} runs, ${title}: first paint ${paint.toFixed(0)} ms, rows after ${ms(start)}`);
    if (title === 'with an index') {
      // Time of the page's thread at work, which is the same on a machine that is busy with other things; frames are not.
      const devtools = await shown.context().newCDPSession(shown);
      await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
      const spent = async () => new Map((await devtools.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
      const beforeFrames = await spent();
      const frames = await shown.evaluate(`new Promise((resolve) => {
        const box = document.querySelector('.scroll');
        const times = [];
        const step = (time) => {
          times.push(time);
          box.scrollTop += 97;
          if (times.length < 241) requestAnimationFrame(step);
          else resolve(times.slice(1).map((time, i) => time - times[i]));
        };
        requestAnimationFrame(step);
      })`);
      const sorted = [...frames].sort((a, b) => a - b);
      const late = frames.filter((frame) => frame > 17.5).length;
      console.log(
        `scrolling: median frame ${sorted[120].toFixed(1)} ms, 95 % under ${sorted[228].toFixed(1)} ms, ${late} of 240 over 17.5 ms`,
      );
      const afterFrames = await spent();
      const told = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration', 'TaskDuration'].map((name) => {
        const each = (1000 * (afterFrames.get(name) - beforeFrames.get(name))) / 240;
        return `${name.replace('Duration', '')} ${each.toFixed(2)} ms`;
      });
      console.log(`of the page's thread, each frame: ${told.join(', ')}`);
      const before = performance.now();
      await shown.evaluate(`location.hash = '#/run?key=runs/long-20260102-000000-000000'`);
      await shown.waitForSelector('.plot canvas', { timeout: 120_000 });
      console.log(`a run of ${lines} lines: curves after ${ms(before)}, server ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
      const again = performance.now();
      const answer = await shown.evaluate(
        `fetch('/api/curves?run=runs/long-20260102-000000-000000').then((response) => response.text()).then(({ length }) => length)`,
      );
      console.log(`again: ${ms(again)}, ${answer} bytes`);
    }
    if (title === 'with an index') {
      await shown.evaluate(`location.hash = '#/runs'`);
      const used = process.cpuUsage();
      const from = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      const { user, system } = process.cpuUsage(used);
      console.log(`following ${runs} runs with a page open: ${((user + system) / 10 / (performance.now() - from)).toFixed(2)} % of a core`);
    }
    await shown.context().close();
    await page.close();
  }
} finally {
  await browser?.close();
  rmSync(place, { recursive: true, force: true });
}
