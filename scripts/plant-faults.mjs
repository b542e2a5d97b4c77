// Plants small faults in compiled code and kernels, one at a time, in a copy, and runs the tests that import what was changed: a fault that no
// test finds survives, and is listed.
//
//   npm run build && node scripts/plant-faults.mjs [count=100] [seed] [part ...]       parts: src/optim kernels ...; default: all of src, and kernels
//
// Kinds: operators, constants off by one, dropped await, dropped syncs, swapped branches, dropped negations, removed statements. A fault that
// can change nothing is named with its reason in scripts/faults-without-effect.json. Exits 1 if any other survives.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WITHOUT_EFFECT = JSON.parse(readFileSync(path.join(ROOT, 'scripts/faults-without-effect.json'), 'utf8'));
/** Most test files for one fault: those that import it by the fewest steps. */
const MAX_TESTS = 6;
/** Beyond it a fault has made an endless loop, which is found, too. */
const LIMIT_MS = 120_000;
/** Larger constants are sizes and limits, of which one more or less is as good. */
const LARGEST_CONSTANT = 8;

const count = Number(process.argv[2] ?? 100);
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 1e6));
const parts = process.argv.length > 4 ? process.argv.slice(4) : ['src', 'kernels'];

// --- sites -------------------------------------------------------------------------------------------------------------------------

const OPERATORS = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '==': '!=',
  '!=': '==',
  '&&': '||',
  '||': '&&',
  '<<': '>>',
  '>>': '<<',
  '&': '|',
  '|': '&',
};
const LANES = { add: 'sub', sub: 'add', mul: 'add', max: 'min', min: 'max', gt: 'ge', ge: 'gt', lt: 'le', le: 'lt' };

/** Every fault that can be planted in a file: a piece of text and what stands there instead. */
function sitesOf(file, text) {
  // AssemblyScript has decorators where TypeScript has none.
  const { program, errors } = parseSync(
    file,
    text.replaceAll(/^\s*@\w+/gm, (decorator) => ' '.repeat(decorator.length)),
  );
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const sites = [];
  const add = (kind, node, replacement) => sites.push({ kind, file, start: node.start, end: node.end, replacement });
  const source = (node) => text.slice(node.start, node.end);
  visit(program, (node) => {
    switch (node.type) {
      case 'BinaryExpression':
      case 'LogicalExpression': {
        const other = OPERATORS[node.operator];
        const isText = (side) =>
          side.type === 'TemplateLiteral' ||
          typeof side.value === 'string' ||
          (side.type === 'BinaryExpression' && (isText(side.left) || isText(side.right)));
        if (other === undefined || (node.operator === '+' && (isText(node.left) || isText(node.right)))) return;
        const at = text.indexOf(node.operator, node.left.end);
        add('operator', { start: at, end: at + node.operator.length }, other);
        return;
      }
      case 'Literal':
        if (Number.isInteger(node.value) && node.value <= LARGEST_CONSTANT) add('constant', node, String(node.value + 1));
        return;
      case 'AwaitExpression':
        add('await', node, source(node.argument));
        return;
      case 'UnaryExpression':
        if (node.operator === '!') add('negation', node, source(node.argument));
        return;
      case 'IfStatement':
        if (node.alternate)
          add(
            'branches',
            { start: node.consequent.start, end: node.alternate.end },
            `${source(node.alternate).replace(/^if[\s\S]*$/, (all) => `{${all}}`)} else ${source(node.consequent)}`,
          );
        return;
      case 'ConditionalExpression':
        add(
          'branches',
          { start: node.consequent.start, end: node.alternate.end },
          `${source(node.alternate)} : ${source(node.consequent)}`,
        );
        return;
      case 'CallExpression': {
        const name = node.callee.property?.name;
        if (file.startsWith('kernels/') && name in LANES && /x\d+$/.test(node.callee.object?.name ?? ''))
          add('operator', node.callee.property, LANES[name]);
        return;
      }
      case 'ExpressionStatement': {
        const call = node.expression.type === 'AwaitExpression' ? node.expression.argument : node.expression;
        if (call.type === 'AssignmentExpression' || call.type === 'CallExpression')
          add(
            /sync\w*$/i.test(call.callee?.property?.name ?? call.callee?.name ?? '') &&
              /fsync|datasync|syncDir|^sync/i.test(source(call.callee))
              ? 'sync'
              : 'statement',
            node,
            ';',
          );
        return;
      }
      default:
    }
  });
  return sites.map((site) => ({ ...site, text }));
}

function visit(node, each) {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const item of node) visit(item, each);
    return;
  }
  // Types are erased.
  if (typeof node.type === 'string') {
    if (node.type.startsWith('TS') && !['TSAsExpression', 'TSNonNullExpression', 'TSTypeAssertion'].includes(node.type)) return;
    each(node);
  }
  for (const key in node) if (key !== 'type') visit(node[key], each);
}

function filesIn(folder, pattern) {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => path.posix.join(folder, name));
}

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
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

// --- tests -------------------------------------------------------------------------------------------------------------------------

/** Files of dist that each file of dist imports, or names as a worker's entry. */
function importGraph() {
  const graph = new Map();
  for (const file of filesIn('dist', /\.js$/)) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const named = [...text.matchAll(/\bfrom '(\.[^']+)'|\bimport\('(\.[^']+)'\)|\bimport '(\.[^']+)'|'([\w./]*main\.js)'/g)].map(
      (match) => match[1] ?? match[2] ?? match[3] ?? match[4],
    );
    graph.set(
      file,
      named.map((name) => (name.endsWith('main.js') ? 'dist/src/cli/main.js' : path.posix.join(path.posix.dirname(file), name))),
    );
  }
  return graph;
}

/** Test files that a file can matter to, the nearest first: its own, then by steps of import. */
function testsFor(file, graph) {
  if (file.startsWith('kernels/')) {
    const own = `dist/test/kernels/${path.basename(file, '.ts')}.test.js`;
    return filesIn('dist/test/kernels', /\.test\.js$/).toSorted((a, b) => (a === own ? -1 : b === own ? 1 : 0));
  }
  const own = file.replace('dist/src/', 'dist/test/').replace(/\.js$/, '.test.js');
  const steps = new Map([[file, 0]]);
  for (const [at, step] of steps)
    for (const [importer, imported] of graph) if (imported.includes(at) && !steps.has(importer)) steps.set(importer, step + 1);
  const area = path.dirname(own);
  const rank = (test) => (test === own ? -1 : steps.get(test) * 2 + (test.startsWith(area) ? 0 : 3));
  return [...steps.keys()]
    .filter((name) => name.endsWith('.test.js') && !name.includes('architecture'))
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, MAX_TESTS);
}

function run(command, args, folder, limitMs) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const timer = setTimeout(() => {
      output += 'time limit';
      process.kill(-child.pid, 'SIGKILL');
    }, limitMs);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, output });
    });
  });
}

const ava = (folder, tests) => run(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', '--fail-fast', ...tests], folder, LIMIT_MS);

/** Whether a test file that found a fault passes without it; one that does not would find every one. */
const clean = new Map();
async function isClean(folder, test) {
  if (!clean.has(test)) clean.set(test, (await ava(folder, [test])).status === 0);
  return clean.get(test);
}

// --- planting ----------------------------------------------------------------------------------------------------------------------

/** The repository with a dist and kernels of its own. */
function copyRepository() {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-faults-'));
  for (const name of readdirSync(ROOT)) {
    if (name === 'dist' || name === 'kernels') cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
    else if (name !== '.git') symlinkSync(path.join(ROOT, name), path.join(folder, name));
  }
  return folder;
}

/** Where a site is in the source, and what its line says there. */
function placeOf({ file, start, text }) {
  const before = text.slice(0, start).split('\n');
  const [line, column] = [before.length - 1, before.at(-1).length];
  const map = path.join(ROOT, `${file}.map`);
  if (!existsSync(map)) return { source: file, line: line + 1, words: text.split('\n')[line].trim() };
  const { originalSource, originalLine } = new SourceMap(JSON.parse(readFileSync(map, 'utf8'))).findEntry(line, column);
  const source = path.relative(ROOT, path.resolve(ROOT, path.dirname(file), originalSource));
  return { source, line: originalLine + 1, words: readFileSync(path.join(ROOT, source), 'utf8').split('\n')[originalLine].trim() };
}

async function build(folder) {
  return run(process.execPath, [path.join(ROOT, 'scripts/build-kernels.mjs')], folder, LIMIT_MS);
}

/** @returns what found it, `survived`, or undefined for a fault that does not compile */
async function fate(site, folder, graph) {
  const { file, start, end, replacement, text } = site;
  const planted = path.join(folder, file);
  const isKernel = file.startsWith('kernels/');
  const tests = testsFor(file, graph);
  for (const test of tests) {
    if (clean.get(test) === false) continue;
    let found;
    writeFileSync(planted, text.slice(0, start) + replacement + text.slice(end));
    try {
      if (isKernel && test === tests[0] && (await build(folder)).status !== 0) return undefined;
      found = await ava(folder, [test]);
    } finally {
      writeFileSync(planted, text);
    }
    if (found.status === 0) continue;
    if (isKernel) restoreKernels(folder);
    if (await isClean(folder, test)) return `${path.relative('dist/test', test)}${/time limit/.test(found.output) ? ' (time)' : ''}`;
    console.log(`${test} fails without a fault, too, and is left out`);
    if (isKernel) return undefined;
  }
  if (isKernel) restoreKernels(folder);
  return tests.length === 0 ? 'survived (no test imports it)' : 'survived';
}

function restoreKernels(folder) {
  cpSync(path.join(ROOT, 'dist/kernels'), path.join(folder, 'dist/kernels'), { recursive: true });
}

const sources = [...filesIn('dist/src', /\.js$/), ...filesIn('kernels', /\.ts$/)].filter((file) =>
  parts.some((part) => file.replace(/^dist\//, '').startsWith(part)),
);
const sites = sources.flatMap((file) => sitesOf(file, readFileSync(path.join(ROOT, file), 'utf8')));
console.log(`seed ${seed}: ${count} of ${sites.length} faults in ${sources.length} files`);
const graph = importGraph();
const folder = copyRepository();
const survivors = [];
let planted = 0;
try {
  for (const site of choose(sites)) {
    if (planted >= count) break;
    const { source, line, words } = placeOf(site);
    const change = `${site.text.slice(site.start, site.end).replaceAll(/\s+/g, ' ')} -> ${site.replacement.replaceAll(/\s+/g, ' ')}`.slice(
      0,
      160,
    );
    const known = WITHOUT_EFFECT.find((one) => one.file === source && one.line === words && change.startsWith(one.change));
    if (known !== undefined) continue;
    const started = performance.now();
    const end = await fate(site, folder, graph);
    if (end === undefined) continue;
    planted++;
    console.log(
      `${String(planted).padStart(3)} ${site.kind.padEnd(9)} ${source}:${line}  ${change}  ${end} (${((performance.now() - started) / 1000).toFixed(0)} s)`,
    );
    if (end.startsWith('survived')) survivors.push(`${source}:${line}  ${site.kind}  ${change}\n    ${words}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${planted} faults, ${survivors.length} survived (seed ${seed})`);
for (const survivor of survivors) console.log(survivor);
process.exitCode = survivors.length > 0 ? 1 : 0;
