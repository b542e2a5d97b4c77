// Runs every command of README.md and the pages in docs/, each page in an empty folder beside a copy of configs/, and compares what is shown
// with what is printed; times, rates, ids, and numbers of speedups may be others. After a build; about two minutes on two idle cores.
//
//   node scripts/check-docs.mjs [PAGE ...] [--list] [--only=TEXT]
//     --list  tells what would be run, and what not and why
//     --only  types the commands with TEXT in them alone
//
// Prints a line a page; exit code 1 if a command fails, or prints something else.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { differs, formOf } from '../dist/test/tutorial/support/page.js';
import { BEFORE, ELSEWHERE, SHORTENED, SKIPPED } from './docs/rules.mjs';
import { stepsOf } from './docs/steps.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const LIMIT_SECONDS = 180;

const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const given = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const only = options.find((word) => word.startsWith('--only='))?.slice('--only='.length) ?? '';
const pages = given.length > 0 ? given : allPages();

const { FORCE_COLOR: _force, NO_COLOR: _none, CI: _ci, ...rest } = process.env;

let failures = 0;
for (const page of pages) {
  const steps = stepsOf(readFileSync(path.resolve(page), 'utf8')).filter(({ command }) => command.includes(only));
  const name = path.relative(root, path.resolve(page)).replaceAll('\\', '/');
  if (steps.length === 0 || ELSEWHERE[name] !== undefined) continue;
  if (options.includes('--list')) list(name, steps);
  else failures += await check(name, steps);
}
process.exitCode = failures === 0 ? 0 : 1;

function allPages() {
  const docs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.map((name) => path.join('docs', name)).toSorted()].map((name) => path.join(root, name));
}

function list(name, steps) {
  for (const { command, shown } of steps) {
    const reason = reasonToSkip(command);
    console.log(
      `${name}  ${reason === undefined ? (shown === undefined ? 'run    ' : 'compare') : 'skip   '}  ${command}${reason === undefined ? '' : `  (${reason})`}`,
    );
  }
}

function reasonToSkip(command) {
  return SKIPPED.find(([pattern]) => pattern.test(command))?.[1];
}

/** Types a page, and says how many commands did not do what it shows. */
async function check(name, steps) {
  const started = performance.now();
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'gradloom-docs-')));
  const servers = [];
  const counts = { run: 0, compared: 0, skipped: 0 };
  const faults = [];
  try {
    const ids = prepare(folder, name, steps);
    ids.set('8080', await freePort());
    for (const { command, shown } of steps) {
      if (reasonToSkip(command) !== undefined) {
        counts.skipped++;
        continue;
      }
      const typed = typedAs(command, ids, folder);
      if (/\bgradloom (?:serve|ui)\b|--watch\b/.test(command)) {
        servers.push(await serving(typed, folder));
        counts.run++;
        continue;
      }
      const printed = type(typed, folder);
      const fault = shown === undefined ? failure(printed) : difference(renamed(shown, ids), printed, command);
      if (fault !== undefined) faults.push(`${name}: $ ${typed}\n${fault}`);
      counts[shown === undefined ? 'run' : 'compared']++;
    }
  } finally {
    for (const server of servers) await stop(server);
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${faults.length === 0 ? 'ok ' : 'OFF'}  ${name}: ${counts.run} run, ${counts.compared} compared, ${counts.skipped} not run, ${seconds} s`,
  );
  for (const fault of faults) console.error(`\n${fault}\n`);
  return faults.length;
}

/** The folder of a reader who has gradloom and the examples. @returns ids that the page shows, with those that they have here */
function prepare(folder, name, steps) {
  const bin = path.join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(root, path.join(folder, 'node_modules/gradloom'));
  const command = path.join(root, 'dist/src/cli/main.js');
  writeFileSync(path.join(bin, 'gradloom'), `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`, { mode: 0o755 });
  // Without the second that npx takes to find it.
  writeFileSync(path.join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  cpSync(path.join(root, 'configs'), path.join(folder, 'configs'), { recursive: true });
  const { files = {}, commands = [], runs = {} } = BEFORE[name] ?? {};
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  for (const before of commands) mustDo(before, folder);
  const needed = Object.entries(runs).filter(([shown]) => steps.some(({ command }) => command.includes(shown)));
  return new Map(
    needed.map(([shown, before]) => {
      mustDo(before, folder);
      return [shown, latestRun(folder).slice(-shown.length)];
    }),
  );
}

function mustDo(command, folder) {
  const fault = failure(type(command, folder));
  if (fault !== undefined) throw new Error(`$ ${command}\n${fault}`);
}

/** What a command prints: all, progress first, and stdout alone, which is what a page shows where progress tells nothing. */
function type(command, folder) {
  const shell = /\bcompletion bash\b/.test(command) ? 'bash' : 'sh';
  const { stdout, stderr, status, error } = spawnSync(shell, ['-c', command], {
    cwd: folder,
    env: environment(folder),
    encoding: 'utf8',
    timeout: 1000 * LIMIT_SECONDS,
  });
  const here = (text) => text.replaceAll(`${folder}/`, '.../');
  return { all: `${here(stderr)}${here(stdout)}${error === undefined ? '' : error.message}`, answer: here(stdout), code: status };
}

/** The reader's, with a cache of its own, and a browser that is content with anything. */
function environment(folder) {
  const PATH = `${path.join(folder, 'node_modules/.bin')}:${process.env.PATH}`;
  return { ...rest, PATH, HOME: folder, XDG_CACHE_HOME: path.join(folder, '.cache'), BROWSER: 'true' };
}

/** The command with less to do, the ids of the runs that are here, and of runs that nobody has the latest one. */
function typedAs(command, ids, folder) {
  const shorter = SHORTENED.filter(([pattern]) => pattern.test(command)).map(([, more]) => more);
  const whole = shorter.length === 0 ? command : command.replace(/(?= > |$)/, ` ${shorter.join(' ')}`);
  return renamed(whole, ids).replaceAll(/\bruns\/[\w.-]+-\d{8}-\d{6}-[0-9a-f]{6}\b/g, () => `runs/${latestRun(folder)}`);
}

function renamed(text, ids) {
  return [...ids].reduce((all, [shown, here]) => all.replaceAll(shown, here), text);
}

function latestRun(folder) {
  const runs = path.join(folder, 'runs');
  const names = existsSync(runs) ? readdirSync(runs).filter((name) => /-\d{8}-\d{6}-[0-9a-f]{6}$/.test(name)) : [];
  const byTime = names.map((name) => [JSON.parse(readFileSync(path.join(runs, name, 'env.json'), 'utf8')).started_at, name]);
  return byTime.toSorted().at(-1)?.[1] ?? 'there-is-no-run';
}

function failure({ code, all }) {
  return code === 0 ? undefined : `exit code ${code}\n${all}`;
}

/** @returns what a page shows and the command did not print; undefined if it is all there */
function difference(shown, { all, answer }, command) {
  const form = command.includes(' speedup ') ? formOf : (text) => text;
  const lines = [all, answer].map((printed) => differs(form(shown), form(printed)));
  return lines.includes(undefined) ? undefined : `not printed: ${lines[0]}\nprinted was:\n${all}`;
}

/** A command that goes on until it is stopped; resolves when it says that it serves, where, or that it watches. */
async function serving(command, folder) {
  const child = spawn('sh', ['-c', `exec ${command} 2>&1`], { cwd: folder, env: environment(folder), stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve, reject) => {
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text;
      if (/serving|^watching|^http:\/\/\S+$/m.test(printed)) resolve();
    });
    child.on('close', () => reject(new Error(`$ ${command}: ended without serving: ${printed}`)));
  });
  return child;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}
