import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { type Browser, chromium } from 'playwright-core';
import { differs, formOf, stepsOf } from './support/page.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
const PAGE = readFileSync(path.join(root, 'docs/tutorial.md'), 'utf8');

const CHROMIUM = '/usr/bin/chromium';
const hasBrowser = process.env['CI'] !== undefined || existsSync(CHROMIUM);

/** What a reader with the optional package has; every other one is told that the box is for those. */
const hasOnnxruntime = imports('numpy, onnxruntime');

function imports(modules: string): boolean {
  try {
    execFileSync('python3', ['-c', `import ${modules}`], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

const { FORCE_COLOR: _force, NO_COLOR: _none, CI: _ci, ...rest } = process.env;
const ENVIRONMENT = { ...rest, npm_config_update_notifier: 'false', npm_config_yes: 'false' };

/** `npm install gradloom`, as far as it can be seen in the folder: the package and its command. */
function install(folder: string): void {
  const modules = path.join(folder, 'node_modules');
  mkdirSync(path.join(modules, '.bin'), { recursive: true });
  symlinkSync(root, path.join(modules, 'gradloom'));
  const command = path.join(modules, 'gradloom/dist/src/cli/main.js');
  writeFileSync(path.join(modules, '.bin/gradloom'), `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`, { mode: 0o755 });
}

/** What npx starts in this folder, without the second that it takes to find it. */
const NPX = 'npx() { shift; node_modules/.bin/gradloom "$@"; }';

/** What a command prints, errors and all, in order. */
async function typed(command: string, cwd: string, npx = NPX): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `${npx}\n{ ${command}\n} 2>&1 || true`], { cwd, env: ENVIRONMENT });
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a port has a number');
  return address.port;
}

/** A command that goes on until it is stopped; resolves with what it prints first: that it serves, or where. */
async function started(t: ExecutionContext, command: string, cwd: string): Promise<string> {
  const child = spawn('sh', ['-c', `${NPX}\n${command} 2>&1`], {
    cwd,
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const closed = once(child, 'close');
  t.teardown(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    await closed;
  });
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (/serving|^http:.*\n/m.test(printed)) resolve();
    });
    child.on('close', () => reject(new Error(`${command}: ended without serving: ${printed}`)));
  });
  return printed.trim();
}

/** Speedups with less to do: of their numbers nothing is compared. */
const shorter = (command: string): string => command.replace(/--seconds [\d.]+/, '--seconds 0.02 --repeats 3');

test('docs/tutorial.md: typed into an empty folder, every command does and prints what the page shows', async (t) => {
  t.timeout(240_000);
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'gradloom-tutorial-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  let cwd = folder;
  let compared = 0;
  let page = '';

  for (const step of stepsOf(PAGE.replaceAll('8080', String(port)))) {
    if (step.kind === 'file') writeFileSync(path.join(cwd, step.name), step.text);
    else if (step.kind === 'session') {
      for (const { command, shown } of step.commands) {
        if (command.startsWith('python3 ') && !hasOnnxruntime) continue;
        // The first by npx itself.
        const printed = (await typed(shorter(command), cwd, compared === 0 ? '' : NPX)).replaceAll(`${cwd}/`, '.../');
        const form = command.includes(' speedup ') ? formOf : (text: string): string => text;
        t.is(differs(form(shown), form(printed)), undefined, `$ ${command}\n${printed}`);
        compared += 1;
      }
    } else if (step.text.includes(' serve ')) await started(t, step.text.trim(), cwd);
    else if (/ ui$/m.test(step.text)) page = await started(t, step.text.trim(), cwd);
    else {
      for (const line of step.text.trim().split('\n')) {
        if (line === 'mkdir penguins && cd penguins') {
          cwd = path.join(folder, 'penguins');
          mkdirSync(cwd);
        } else if (line === 'npm install gradloom') install(cwd);
        else await promisify(execFile)('sh', ['-c', `${NPX}\n${shorter(line)}`], { cwd, env: ENVIRONMENT });
      }
    }
  }
  t.true(compared >= 12, `${compared} commands`);

  await looksRightInPython(t, cwd);
  if (hasBrowser) await worksInBrowser(t, cwd, page);
  else t.log(`not opened in a browser: ${CHROMIUM} is missing`);
});

/** What the page says that Python prints, by the same runtime in WebAssembly. */
async function looksRightInPython(t: ExecutionContext, folder: string): Promise<void> {
  env.wasm.numThreads = 1;
  const [, text = ''] = /np\.array\((\[\[.*\]\]),/.exec(readFileSync(path.join(folder, 'ask.py'), 'utf8')) ?? [];
  const rows = JSON.parse(text) as number[][];
  const session = await InferenceSession.create(readFileSync(path.join(folder, 'penguins.onnx')));
  const input = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
  const { label, probabilities } = await session.run({ x: input });
  const rounded = Array.from(probabilities!.data as Float32Array, (p) => `${Math.round(p * 1000) / 1000}.`);
  const lines = Array.from({ length: rows.length }, (_, r) => `[${rounded.slice(3 * r, 3 * r + 3).join(' ')}]`);
  t.true(
    PAGE.includes(`$ python3 ask.py\n[${Array.from(label!.data as BigInt64Array).join(' ')}] [${lines.join('\n ')}]\n`),
    lines.join('\n'),
  );
  await session.release();
}

/**
 * The page from the disk, with the module inside, and from a web server, beside it: both answer, and ask for nothing else. What was trained, swept
 * and measured is on the page of `gradloom ui`.
 */
async function worksInBrowser(t: ExecutionContext, folder: string, ui: string): Promise<void> {
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const disk = pathToFileURL(path.join(folder, 'penguins.html')).href;
  for (const [url, files] of [
    [disk, [disk]],
    ['http://penguins.test/page.html', ['http://penguins.test/page.html', 'http://penguins.test/penguins.mjs']],
  ] as const) {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.route('http://penguins.test/*', (route) =>
      route.fulfill({ path: path.join(folder, path.basename(route.request().url())), contentType: contentTypeOf(route.request().url()) }),
    );
    await page.goto(url);
    const answer = page.locator('output');
    await answer.filter({ hasText: 'Chinstrap' }).waitFor();
    t.is(await answer.textContent(), 'Adelie 0.0 %, Chinstrap 100.0 %, Gentoo 0.0 %', url);
    for (const [name, value] of [
      ['bill_length_mm', '36.9'],
      ['bill_depth_mm', '18.6'],
      ['flipper_length_mm', '189'],
      ['body_mass_g', ''],
    ] as const) {
      await page.fill(`[name=${name}]`, value);
    }
    await page.selectOption('select', 'female');
    t.is(await answer.textContent(), 'Adelie 100.0 %, Chinstrap 0.0 %, Gentoo 0.0 %', url);
    t.deepEqual(complaints, []);
    t.deepEqual(requests, files);
    await page.close();
  }
  const page = await browser.newPage();
  await page.goto(ui);
  for (const [place, found] of [
    ['runs', 'table.runs a >> text=penguins'],
    ['sweeps', 'td a >> text=penguins'],
    ['speedups', 'a >> text=mnist'],
  ] as const) {
    await page.getByRole('link', { name: place }).click();
    await page.locator(found).first().waitFor();
  }
}

const contentTypeOf = (url: string): string => (url.endsWith('.mjs') ? 'text/javascript' : 'text/html');
