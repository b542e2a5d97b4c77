import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { DirectoryLock } from '../../../src/storage/lock.ts';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { SMALL, start } from '../../cli/support/run-cli.ts';
import { withoutBrowser } from '../../report/support/browser.ts';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { projectPlace } from '../support/opened.ts';
import { settled, shown, violations } from '../support/page.ts';

// A browser, a server and trainings at once are more than two cores like.
const test = (withoutBrowser === undefined ? anyTest.serial : anyTest.serial.skip) as TestFn;
const HOSTILE = '</script><img src=x onerror=alert(1)>';
const METRICS = Array.from({ length: 200 }, (_, i) => ({
  step: i,
  epoch: 1,
  'train.loss': 2 / (i + 1),
  lr: 0.1,
  ...(i % 50 === 49 && { 'val.loss': 1 / i, 'val.accuracy': i / 200, 'train.epoch_loss': 1 }),
}));

test('the token becomes a cookie and leaves the address; without it, or under another name, there is nothing', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(runs, 'a');
  const { page, context, url, troubles } = await shown(t, root);
  await page.waitForSelector('text=Runs');
  t.is(new URL(page.url()).search, '');
  const [cookie] = await context.cookies();
  t.like(cookie, { httpOnly: true, sameSite: 'Strict', path: '/' });
  t.is(await page.evaluate('document.cookie'), '');
  await page.reload();
  await page.waitForSelector('table.runs tbody tr a');
  t.deepEqual(troubles, []);
  // As --open does it: from a file, which is another site.
  const door = path.join(root, 'open.html');
  writeFileSync(door, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">`);
  const guest = await context.browser()?.newContext();
  const entered = await guest?.newPage();
  await entered?.goto(`file://${door}`);
  await entered?.waitForSelector('table.runs tbody tr a');
  const { port } = new URL(url);
  const other = await context.browser()?.newContext();
  const stranger = await other?.newPage();
  t.is((await stranger?.goto(`http://127.0.0.1:${port}/`))?.status(), 401);
  // A name of somebody else's that leads here, as after DNS rebinding: neither page nor answers.
  t.is((await stranger?.goto(url.replace('127.0.0.1', 'evil.localhost')))?.status(), 403);
  t.is(await stranger?.evaluate(`fetch('/api/runs').then((response) => response.status)`), 403);
  // Of a page of another site the cookie is not sent, and what it could load is refused.
  const foreign = await context.newPage();
  await foreign.goto(`http://evil.localhost:${port}/`);
  t.is(
    await foreign.evaluate(`fetch('http://127.0.0.1:${port}/api/runs').then((response) => response.status, () => 'refused')`),
    'refused',
  );
});

test('runs appear, are sorted, filtered and compared, and get tags, by keyboard alone', async (t) => {
  const { root, runs } = projectPlace(t);
  for (const [i, lr] of [0.1, 0.3, 0.2].entries())
    writeRun(runs, `run${i}-20260101-00000${i}-00000${i}`, { config: { optimizer: { type: 'sgd', lr } }, metrics: METRICS });
  const { page, troubles } = await shown(t, root, '#/runs?cols=optimizer.lr');
  const cells = (): Promise<string[]> => page.locator('table.runs tbody tr td:nth-child(3)').allTextContents();
  await page.waitForSelector('table.runs tbody tr a');
  t.deepEqual(await cells(), ['0.2', '0.3', '0.1']);
  await page.getByRole('button', { name: 'optimizer.lr' }).press('Enter');
  await settled(page, `document.querySelector('table.runs tbody tr td:nth-child(3)')?.textContent === '0.1'`);
  t.deepEqual(await cells(), ['0.1', '0.2', '0.3']);
  await page.getByLabel('filter').fill('optimizer.lr<0.25');
  await settled(page, `document.querySelectorAll('table.runs tbody tr').length === 2`);
  await page.getByLabel('filter').fill('optimizer.rl<1');
  await page.waitForSelector('text=did you mean optimizer.lr?');
  await page.getByLabel('filter').fill('optimizer.lr<0.25');
  await page.waitForSelector('text=did you mean optimizer.lr?', { state: 'detached' });
  // A refused question, which is asked again when runs change, is an error to the console of the browser.
  t.deepEqual(
    troubles.splice(0).filter((trouble) => !trouble.includes('400')),
    [],
  );
  await page.getByRole('button', { name: /tags of run0/ }).press('Enter');
  await page.keyboard.type('good, better');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.chip >> text=better');
  for (const box of await page.locator('table.runs input[type=checkbox]').all()) await box.press('Space');
  await page.getByRole('link', { name: 'compare 2 runs' }).press('Enter');
  await page.waitForSelector('h1 >> text=2 runs');
  await page.waitForSelector('.plot canvas');
  t.deepEqual(await page.locator('.wide tbody tr td:nth-child(2)').allTextContents(), ['0.1', '0.2']);
  const chart = page.locator('.canvas').first();
  await chart.press('Home');
  t.regex((await page.locator('.plot .at').first().textContent()) ?? '', /^step 0$/);
  t.deepEqual(troubles, []);
});

test('what other processes do is seen without a reload: a run that begins, its curves, and a real training to its end', async (t) => {
  const { root, runs } = projectPlace(t);
  const { page, troubles } = await shown(t, root);
  await page.waitForSelector('text=No runs yet');
  const directory = writeRun(runs, 'live-20260101-000000-000001', { summary: null, metrics: METRICS.slice(0, 10) });
  const lock = DirectoryLock.acquire(directory);
  await page.waitForSelector('table.runs .status.running');
  await page.locator('table.runs a').first().click();
  await page.waitForSelector('.live >> text=step 9');
  appendFileSync(
    path.join(directory, 'metrics.jsonl'),
    METRICS.slice(10, 60)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  );
  await page.waitForSelector('.live >> text=step 59');
  await page.waitForSelector('.legend >> text=val.loss');
  lock.release();
  await page.waitForSelector('h1 + .status.killed');
  writeFileSync(path.join(root, 'small.yaml'), SMALL);
  const training = start(['train', 'small.yaml'], { cwd: root });
  await page.goto(`${new URL(page.url()).origin}/#/runs`);
  await page.waitForSelector('table.runs a >> text=small');
  t.is((await training.finished).code, 0);
  await settled(page, `[...document.querySelectorAll('table.runs tbody tr')].some((row) => /small.*finished/.test(row.textContent))`);
  t.deepEqual(troubles, []);
});

test('U5 a hostile name is text everywhere: no picture is asked for, no script runs', async (t) => {
  const { root, runs } = projectPlace(t);
  const directory = writeRun(runs, 'a', { metrics: METRICS.map((line) => ({ ...line, [`${HOSTILE}.weight.update_ratio`]: 1 })) });
  writeFileSync(path.join(directory, 'tags.json'), JSON.stringify([HOSTILE]));
  writeFileSync(path.join(directory, 'env.json'), JSON.stringify({ cpu: HOSTILE }));
  const { page, troubles } = await shown(t, root);
  await page.waitForSelector('.chip');
  t.is(await page.locator('.chip').first().textContent(), HOSTILE);
  await page.locator('table.runs a').first().click();
  await page.waitForSelector('.legend >> text=onerror');
  for (const summary of await page.locator('summary').all())
    if ((await summary.locator('xpath=..').getAttribute('open')) === null) await summary.click();
  await page.waitForSelector('text=gradloom evaluate');
  t.is(await page.locator('img[src=x]').count(), 0);
  t.deepEqual(troubles, []);
});

test('parallel coordinates keep the trials that pass a range, by pointer and by keyboard', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(
    path.join(root, 'base.yaml'),
    'data: {source: {type: synthetic, kind: blobs, samples: 200}}\nmodel:\n  layers: [{type: dense, units: 3}]\ntrain: {epochs: 1, batch_size: 32, eval: {on: val}}\n',
  );
  writeFileSync(
    path.join(root, 'search.yaml'),
    'name: s\nbase: ./base.yaml\nmethod: grid\nmetric: {name: val.loss}\nparameters:\n  optimizer.lr: {values: [0.001, 0.01, 0.1]}\n  train.batch_size: {values: [16, 32]}\n',
  );
  await sweep(loadSweep(path.join(root, 'search.yaml')), { parent: path.join(root, 'sweeps') }).result;
  const { page, troubles } = await shown(t, root, '#/sweeps');
  await page.locator('td a').first().click();
  await page.waitForSelector('svg.parallel');
  const rows = (): Promise<number> => page.locator('section[aria-label=trials] tbody tr').count();
  t.is(await rows(), 6);
  const axis = page.locator('svg.parallel .catch').first();
  await axis.scrollIntoViewIfNeeded();
  const box = await axis.boundingBox();
  if (box === null) return t.fail('the axis is not on the screen');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.02);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.33, { steps: 4 });
  await page.mouse.up();
  await page.waitForSelector('text=2 that pass');
  t.is(await rows(), 2);
  await page.getByRole('button', { name: 'all trials' }).click();
  t.is(await rows(), 6);
  const end = page.getByRole('slider', { name: 'upper end of train.batch_size' });
  for (let i = 0; i < 8; i++) await end.press('ArrowDown');
  await page.waitForSelector('text=3 that pass');
  await end.press('Escape');
  t.is(await rows(), 6);
  t.deepEqual(await violations(page), []);
  for (const width of [360, 800]) {
    await page.setViewportSize({ width, height: 900 });
    t.is(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')), 0, `${width} pixels`);
  }
  await page.locator('section[aria-label=trials] td a').first().click();
  await page.waitForSelector('h1 + .status.finished');
  t.deepEqual(troubles, []);
});

test('a training is started from the page, with check as it is typed, and stopped there', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(path.join(root, 'small.yaml'), SMALL);
  const { page, troubles } = await shown(t, root, '#/start');
  await page.getByLabel('config').selectOption('small.yaml');
  await page.waitForSelector('text=valid');
  await page.getByRole('button', { name: '+ change a key' }).click();
  await page.getByLabel('key', { exact: true }).fill('train.epochs');
  await page.getByLabel('value').fill('none');
  await page.waitForSelector('text=not valid yet');
  await page.getByLabel('value').fill('100000');
  await page.waitForSelector('.good >> text=valid');
  t.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'train', exact: true }).click();
  await page.waitForSelector('article .status.running');
  await page.goto(`${new URL(page.url()).origin}/#/runs`);
  await page.waitForSelector('table.runs .status.running');
  await page.locator('table.runs a').first().click();
  await page.getByRole('button', { name: /^stop/ }).click();
  await page.waitForSelector('h1 + .status.interrupted');
  await page.waitForSelector('button >> text=resume');
  t.deepEqual(troubles, []);
});

for (const scheme of ['light', 'dark'] as const) {
  test(`pages fit 360 pixels and have no fault that axe-core knows, ${scheme}`, async (t) => {
    const { root, runs } = projectPlace(t);
    for (const id of ['a', 'b']) writeRun(runs, id, { config: { tags: ['x'] }, metrics: METRICS });
    const { page, troubles } = await shown(t, root, '', { width: 360, scheme });
    for (const hash of ['#/runs', '#/run?key=runs/a', '#/compare?run=runs/a&run=runs/b', '#/sweeps', '#/speedups', '#/start', '#/jobs']) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.waitForSelector('h1');
      if (hash.includes('runs/a')) await page.waitForSelector('.plot canvas');
      t.is(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')), 0, hash);
      t.deepEqual(await violations(page), [], hash);
    }
    t.deepEqual(troubles, []);
  });
}

test('a read-only page offers nothing that changes anything', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(runs, 'a', { config: { tags: ['x'] }, summary: { status: 'interrupted' } });
  const { page, troubles } = await shown(t, root, '#/run?key=runs/a', { isReadOnly: true });
  await page.waitForSelector('.chip');
  t.deepEqual(await page.locator('nav a').allTextContents(), ['runs', 'sweeps', 'speedups']);
  t.is(await page.getByRole('button', { name: /resume|stop|edit/ }).count(), 0);
  t.deepEqual(troubles, []);
});
