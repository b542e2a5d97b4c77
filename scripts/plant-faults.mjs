// Plants small faults in compiled code and kernels, one at a time, in a copy, and runs the tests that import what was changed: a fault that no
// test finds survives, and is listed.
//
//   npm run build && node scripts/plant-faults.mjs [--jobs 1] [count=100] [seed] [part ...]
//   parts: src/optim kernels src/optim/rules/adam.ts:40 ... (the faults of a folder, a file, a line of source); default: all of src, and kernels
//
// Kinds: operators, constants off by one, dropped await, dropped syncs, swapped branches, dropped negations, removed statements. A fault that
// can change nothing is named with its reason in scripts/faults-without-effect.json. Exits 1 if any other survives. What tests take without
// a fault is kept in node_modules/.cache until they change.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { plant, sitesOf } from './faults/sites.mjs';
import { CleanRuns, filesIn, stopAll, Tests } from './faults/tests.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WITHOUT_EFFECT = JSON.parse(readFileSync(path.join(ROOT, 'scripts/faults-without-effect.json'), 'utf8'));
/** Most test files for one fault, of so many of the nearest. */
const [MOST_RUN, MOST_NEAR] = [4, 8];
const BUILD_LIMIT_MS = 180_000;

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { jobs: { type: 'string', default: '1' } } });
const count = Number(positionals[0] ?? 100);
const seed = Number(positionals[1] ?? Math.floor(Math.random() * 1e6));
const parts = positionals.length > 2 ? positionals.slice(2) : ['src', 'kernels'];

// --- choice ------------------------------------------------------------------------------------------------------------------------

/** Mulberry32: a seed is enough to plant the same faults again. */
function randomOf(start) {
  let state = start >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** Faults one after the other: folders take turns, and in a folder kinds, so that the rare ones come, too. */
function* choose(sites) {
  const random = randomOf(seed);
  const group = (items, key) => [...groupBy(items, key).values()];
  const folders = group(sites, ({ file }) => path.dirname(file)).map((inFolder) => group(inFolder, ({ kind }) => kind));
  if (folders.length === 0) return;
  for (let turn = random(folders.length); folders.some((kinds) => kinds.length > 0); turn++) {
    const kinds = folders[turn % folders.length];
    if (kinds.length === 0) continue;
    const kind = random(kinds.length);
    yield kinds[kind].splice(random(kinds[kind].length), 1)[0];
    if (kinds[kind].length === 0) kinds.splice(kind, 1);
  }
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

// --- planting ----------------------------------------------------------------------------------------------------------------------

/** The repository, but for what it depends on: nothing that a fault makes a test write or remove is the repository's own. */
function copyRepository(folder) {
  for (const name of readdirSync(ROOT)) {
    if (name === 'node_modules') symlinkSync(path.join(ROOT, name), path.join(folder, name));
    else if (name !== '.git') cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
}

/** Compiled kernels, as bytes by name. */
const compiledIn = (folder) => filesIn(folder, 'dist/kernels', /\.wasm$/).map((file) => [file, readFileSync(path.join(folder, file))]);

function restore(folder, compiled) {
  for (const [file, bytes] of compiled) writeFileSync(path.join(folder, file), bytes);
}

const buildKernels = (tests) => tests.spawn(['scripts/build-kernels.mjs'], BUILD_LIMIT_MS);

/** Threads that run modules, not bundles of them made before the fault. */
async function unbundle(tests) {
  const { status, output } = await tests.spawn(['node_modules/typescript/bin/tsc', '-p', '.'], BUILD_LIMIT_MS);
  if (status !== 0) throw new Error(`tsc failed:\n${output}`);
}

/** Where a site is in the source, and what its line says there. */
function placeOf({ file, start, text }, folder) {
  const before = text.slice(0, start).split('\n');
  const [line, column] = [before.length - 1, before.at(-1).length];
  const map = path.join(folder, `${file}.map`);
  if (!existsSync(map)) return { source: file, line: line + 1, words: text.split('\n')[line].trim() };
  const { originalSource, originalLine } = new SourceMap(JSON.parse(readFileSync(map, 'utf8'))).findEntry(line, column);
  const source = path.relative(folder, path.resolve(folder, path.dirname(file), originalSource));
  return { source, line: originalLine + 1, words: readFileSync(path.join(folder, source), 'utf8').split('\n')[originalLine].trim() };
}

/** The nearest test files that come to a fault; those that fail without a fault are left out, and slow ones, but for the first. */
async function* testsInTurn(tests, site) {
  let ran = 0;
  for (const [i, test] of tests.near(site.file).slice(0, MOST_NEAR).entries()) {
    const clean = await tests.clean(test, i === 0);
    if (clean.late) continue;
    if (!clean.passed) {
      console.log(`${test} fails without a fault, too, and is left out`);
      continue;
    }
    // Kernels do not tell; threads that were stopped did not: the nearest test is always run.
    if (i > 0 && !site.file.startsWith('kernels/') && !tests.comesTo(test, site)) continue;
    yield test;
    if (++ran === MOST_RUN) return;
  }
}

/** @returns what found it, `survived`, or undefined for a fault that does not compile */
async function fate(site, folder, tests, compiled) {
  const { file, text } = site;
  const planted = path.join(folder, file);
  const isKernel = file.startsWith('kernels/');
  const ran = [];
  let faulty;
  const withFault = async (code, run) => {
    // A kernel is built once; then its modules change places.
    writeFileSync(planted, code);
    if (faulty !== undefined) restore(folder, faulty);
    try {
      return await run();
    } finally {
      writeFileSync(planted, text);
      if (isKernel) restore(folder, compiled);
    }
  };
  if (isKernel) {
    faulty = await withFault(plant(site), async () => ((await buildKernels(tests)).status === 0 ? compiledIn(folder) : []));
    if (faulty.length === 0) return undefined;
    if (faulty.every(([, bytes], i) => bytes.equals(compiled[i][1]))) return undefined;
  }
  for await (const test of testsInTurn(tests, site)) {
    const { passed, late, limitMs, failed } = await withFault(plant(site), () => tests.run(test));
    ran.push(test);
    if (passed) continue;
    const name = path.relative('dist/test', test);
    if (!late) return `${name}: ${failed}`;
    if ((await tests.remeasure(test)).ms < limitMs / 2) return `${name}: takes longer than ${limitMs / 1000} s`;
  }
  if (ran.length === 0) return 'survived: no test imports it';
  if (isKernel || ran.some((test) => tests.comesTo(test, site))) return `survived ${ran.length} test files`;
  return `survived: ${ran.length} test files do not come there`;
}

/** Whether a part names a file of source or, where it is given, a line of it. */
function isOf(file, line, part) {
  const [name, wanted] = part.split(':');
  const source = file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
  return (source === name || source.startsWith(`${name}/`)) && (wanted === undefined || line === undefined || Number(wanted) === line);
}

/** The faults to plant, in their order, with their places: all that parts name but those without effect. */
function* chosenIn(folder) {
  const sources = [...filesIn(folder, 'dist/src', /(?:^|\/)(?!bundle-)[^/]*\.js$/), ...filesIn(folder, 'kernels', /\.ts$/)];
  const sites = sources
    .filter((file) => parts.some((part) => isOf(file, undefined, part)))
    .flatMap((file) => sitesOf(file, readFileSync(path.join(folder, file), 'utf8')));
  console.log(`seed ${seed}: ${count} of ${sites.length} faults`);
  for (const site of choose(sites)) {
    const at = placeOf(site, folder);
    if (!parts.some((part) => isOf(site.file, at.line, part))) continue;
    if (WITHOUT_EFFECT.some((one) => one.file === at.source && one.line === at.words && one.change === site.change)) continue;
    yield { site, ...at };
  }
}

/** What is built in the copy must be what was built here: else a fault would not be all that differs. */
async function checkKernels(folder, tests) {
  const compiled = compiledIn(folder);
  const { status, output } = await buildKernels(tests);
  if (status !== 0 || compiledIn(folder).some(([, bytes], i) => !bytes.equals(compiled[i][1])))
    throw new Error(`the kernels are not those of dist/kernels: run npm run build first\n${output}`);
}

/** Plants faults until enough have been, several at a time, each in a copy of its own; prints what became of each. */
async function plantAll(copies) {
  const survivors = [];
  let [begun, planted] = [0, 0];
  const chosen = chosenIn(copies[0].folder);
  const one = async ({ folder, tests }) => {
    const compiled = compiledIn(folder);
    while (begun < count) {
      const { value, done } = chosen.next();
      if (done) return;
      begun++;
      const { site, source, line, words } = value;
      const started = performance.now();
      const end = await fate(site, folder, tests, compiled);
      if (end === undefined) {
        begun--;
        continue;
      }
      planted++;
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      console.log(`${String(planted).padStart(3)} ${site.kind.padEnd(9)} ${source}:${line}  ${site.change}\n      ${end} (${seconds} s)`);
      if (end.startsWith('survived')) survivors.push(`${source}:${line}  ${site.kind}  ${site.change}\n    ${words}`);
    }
  };
  const started = performance.now();
  await Promise.all(copies.map(one));
  const each = ((performance.now() - started) / 1000 / Math.max(1, planted)).toFixed(1);
  console.log(`\n${planted} faults, ${survivors.length} survived (seed ${seed}, ${each} s each)`);
  for (const survivor of survivors) console.log(survivor);
  return survivors.length;
}

const place = mkdtempSync(path.join(tmpdir(), 'gradloom-faults-'));
function removeCopies() {
  stopAll();
  rmSync(place, { recursive: true, force: true, maxRetries: 10 });
}
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    removeCopies();
    process.exit(130);
  });
try {
  const clean = new CleanRuns(path.join(ROOT, 'node_modules/.cache/plant-faults.json'));
  const copies = Array.from({ length: Number(options.jobs) }, (_, job) => {
    const folder = path.join(place, `copy-${job}`);
    const temporary = path.join(place, `temporary-${job}`);
    for (const made of [folder, temporary]) mkdirSync(made);
    copyRepository(folder);
    return { folder, tests: new Tests(folder, clean, { TMPDIR: temporary }) };
  });
  for (const { tests } of copies) await unbundle(tests);
  if (parts.some((part) => part.startsWith('kernels'))) await checkKernels(copies[0].folder, copies[0].tests);
  process.exitCode = (await plantAll(copies)) > 0 ? 1 : 0;
} catch (error) {
  console.error(error);
  process.exitCode = 70;
}
removeCopies();
process.exit();
