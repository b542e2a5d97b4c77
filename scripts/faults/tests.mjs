// Which tests can a file matter to, and how do they end?
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coverageIn, isCovered } from './coverage.mjs';

/** A test file that takes longer without a fault is left out, and later where it is the one that mirrors the file. */
const [SLOW_MS, SLOWEST_MS] = [25_000, 120_000];
/** A fault that makes a test take so many times as long has made an endless loop. */
const SLOWDOWN = 5;
const LEAST_LIMIT_MS = 30_000;

/** Process groups of tests that run now. */
const running = new Set();

/** Ends all that run, so that what they have written can be removed. */
export function stopAll() {
  for (const pid of running) process.kill(-pid, 'SIGKILL');
}

/** Paths below `root` of the files in a folder whose names match. */
export function filesIn(root, folder, pattern) {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => path.posix.join(folder, name))
    .toSorted();
}

/** Files of dist that each file of dist imports, or names as the entry of a thread or process. */
function importGraph(root) {
  const files = filesIn(root, 'dist', /\.js$/);
  const known = new Set(files);
  const graph = new Map();
  for (const file of files) {
    const text = readFileSync(path.join(root, file), 'utf8');
    const imported = [...text.matchAll(/['"`]([\w./-]*)(\$\{name\})?\.(?:js|\$\{ext\})['"`]/g)].flatMap(([, name, isAny]) => {
      const at = path.posix.join(path.posix.dirname(file), name);
      return isAny ? files.filter((one) => `${path.posix.dirname(one)}/` === at) : [`${at}.js`];
    });
    graph.set(
      file,
      imported.filter((one) => known.has(one) && !one.endsWith('.test.js')),
    );
  }
  return graph;
}

/** Steps of import from a file to each that needs it. */
function importersOf(file, graph) {
  const steps = new Map([[file, 0]]);
  for (const [at, step] of steps)
    for (const [importer, imported] of graph) if (imported.includes(at) && !steps.has(importer)) steps.set(importer, step + 1);
  return steps;
}

/** How test files end without a fault, by a hash of all that they are made of; kept in a file from one use to the next. */
export class CleanRuns {
  #file;
  #results;

  constructor(file) {
    this.#file = file;
    this.#results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  }

  get(test) {
    return this.#results[test];
  }

  set(test, result) {
    // Another process may have measured meanwhile.
    const known = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : {};
    this.#results = { ...this.#results, ...known, [test]: result };
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.${process.pid}`, JSON.stringify(this.#results, null, 1));
    renameSync(`${this.#file}.${process.pid}`, this.#file);
  }
}

/** The tests of a built copy of the repository: which matter to a file, and what a run of one comes to. */
export class Tests {
  #root;
  #environment;
  #graph;
  #kernelGraph = new Map();
  #texts = new Map();
  #clean;

  /**
   * @param root         the copy, built
   * @param clean        what runs without a fault have come to
   * @param environment  variables of theirs, TMPDIR among them
   */
  constructor(root, clean, environment) {
    this.#root = root;
    this.#clean = clean;
    this.#environment = environment;
    this.#graph = importGraph(root);
    for (const file of filesIn(root, 'kernels', /\.ts$/)) {
      const imported = [...this.#read(file).matchAll(/\bfrom '(\.[^']+)'/g)].map(
        ([, name]) => `${path.posix.join(path.posix.dirname(file), name)}.ts`,
      );
      if (!file.endsWith('/index.ts')) this.#kernelGraph.set(file, imported);
    }
  }

  #read(file) {
    if (!this.#texts.has(file)) this.#texts.set(file, readFileSync(path.join(this.#root, file), 'utf8'));
    return this.#texts.get(file);
  }

  /** Test files that a file can matter to: the one that mirrors it first, then by steps of import, those of its own folder before others. */
  near(file) {
    if (file.startsWith('kernels/')) return this.#nearKernel(file);
    const own = file.replace('dist/src/', 'dist/test/').replace(/\.js$/, '.test.js');
    const steps = importersOf(file, this.#graph);
    const area = path.dirname(own);
    const away = (test) => (path.dirname(test) === area ? 0 : test.startsWith(`${area}/`) ? 1 : 3);
    const rank = (test) => (test === own ? -1 : steps.get(test) * 2 + away(test));
    return [...steps.keys()]
      .filter((name) => name.endsWith('.test.js') && !name.includes('architecture'))
      .toSorted((a, b) => rank(a) - rank(b));
  }

  /** Tests that name what a kernel file exports, or what one exports that imports it. */
  #nearKernel(file) {
    const steps = importersOf(file, this.#kernelGraph);
    const exported = [...steps].map(([name, step]) => ({
      step,
      names: [...this.#read(name).matchAll(/^export function (\w+)/gm)].map((match) => match[1]),
    }));
    const own = `dist/test/${file.replace(/\.ts$/, '.test.js')}`;
    const rank = (test) => {
      if (test === own) return -1;
      const words = new Set(this.#read(test).match(/\w+/g));
      const step = Math.min(...exported.filter(({ names }) => names.some((name) => words.has(name))).map((one) => one.step));
      return step * 2 + (test.startsWith('dist/test/kernels/') ? 0 : 3);
    };
    return filesIn(this.#root, 'dist/test', /\.test\.js$/)
      .map((test) => ({ test, rank: rank(test) }))
      .filter((one) => one.rank < Number.POSITIVE_INFINITY)
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ test }) => test);
  }

  /** Everything that a test file is made of, as one hash: a result holds until it changes. */
  #keyOf(test) {
    const files = new Set([test]);
    for (const file of files) for (const imported of this.#graph.get(file) ?? []) files.add(imported);
    const hash = createHash('sha256');
    for (const file of [...files, ...filesIn(this.#root, 'dist/kernels', /\.wasm$/)].toSorted())
      hash.update(file).update(readFileSync(path.join(this.#root, file)));
    return hash.digest('hex');
  }

  /**
   * How a test file ends without a fault, and how long it takes: one that fails would find every fault. Call it with none planted.
   *
   * @param isPatient  waits for a slow one, too
   */
  async clean(test, isPatient) {
    const key = this.#keyOf(test);
    const known = this.#clean.get(test);
    if (known?.key === key && (!known.late || !isPatient)) return known;
    return this.#measure(test, key, isPatient ? SLOWEST_MS : SLOW_MS);
  }

  async #measure(test, key, limitMs) {
    const started = performance.now();
    const folder = mkdtempSync(path.join(this.#environment.TMPDIR, 'coverage-'));
    const { status, late } = await this.#ava(test, limitMs, { NODE_V8_COVERAGE: folder });
    const ms = Math.round(performance.now() - started);
    const result = { key, passed: status === 0, late, ms, covered: late ? {} : coverageIn(folder, this.#root) };
    this.#clean.set(test, result);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    return result;
  }

  /** Whether a run of a test file that was measured comes to a place; threads and processes that were killed have not told. */
  comesTo(test, { file, at }) {
    return isCovered(this.#clean.get(test).covered[file] ?? [], at);
  }

  /** Measures again: a machine that other work has slowed down makes no test find a fault. */
  remeasure(test) {
    return this.#measure(test, this.#keyOf(test), SLOWEST_MS);
  }

  /** @returns whether it passes, and what does not; `late` if it was stopped */
  async run(test) {
    const limitMs = Math.max(LEAST_LIMIT_MS, SLOWDOWN * this.#clean.get(test).ms);
    const { status, output, late } = await this.#ava(test, limitMs);
    const failed = /✘ (?:\[fail\]: )?(.*)/.exec(output)?.[1] ?? output.trim().split('\n').at(-1);
    return { passed: status === 0, late, limitMs, failed: failed.slice(0, 110) };
  }

  #ava(test, limitMs, environment) {
    return this.spawn(['node_modules/ava/entrypoints/cli.mjs', '--concurrency', '1', '--fail-fast', test], limitMs, environment);
  }

  /** Runs Node in the copy. */
  spawn(args, limitMs, environment = {}) {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, args, {
        cwd: this.#root,
        env: { ...process.env, ...this.#environment, ...environment },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.add(child.pid);
      let output = '';
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        process.kill(-child.pid, 'SIGKILL');
      }, limitMs);
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
      child.on('exit', (status) => {
        clearTimeout(timer);
        running.delete(child.pid);
        // What a test left running may keep the pipes open.
        setImmediate(() => {
          child.stdout.destroy();
          child.stderr.destroy();
          resolve({ status, output, late });
        });
      });
    });
  }
}
