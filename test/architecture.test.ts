import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ERROR_CODES } from '../src/error-codes.ts';
import { compileKernels } from '../src/kernels/module.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');

/** Files below all folders, from the bottom up. */
const FOUNDATION = ['src/error-codes.ts', 'src/errors.ts'];
/** What programs import: they only pass on. */
const ENTRIES = ['src/index.ts', 'src/browser.ts'];
/** Folders of src from the bottom up: a file imports only from folders before its own, or from its own. */
const ORDER = [
  'random',
  'storage',
  'machine',
  'config',
  'graph',
  'native',
  'kernels',
  'data',
  'import',
  'model',
  'optim',
  'engine',
  'runs',
  'use',
  'export',
  'sweep',
  'remote',
  'speedup',
  'report',
  'serve',
  'ui',
  'cli',
];

function filesIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.d)\.tsx?$/.test(name))
    .map((name) => path.join(folder, name).replaceAll('\\', '/'));
}

const sources = new Map([...filesIn('src'), ...filesIn('workers')].map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));

/** @param what  values only: what is there when it runs */
function importsOf(file: string, what: 'all' | 'values' = 'all'): string[] {
  const whole = sources.get(file) ?? '';
  const text = what === 'all' ? whole : whole.replaceAll(/^(?:import|export) type [^;]*;$/gm, '');
  const specifiers = [...text.matchAll(/\bfrom '(\.[^']+)'|\bimport\('(\.[^']+)'\)/g)].map((match) => match[1] ?? match[2] ?? '');
  return specifiers.map((specifier) => path.posix.join(path.posix.dirname(file), specifier));
}

const folderOf = (file: string): string => file.split('/')[1] ?? '';

test('imports between folders go one way', (t) => {
  const wrong = [...sources.keys()].flatMap((file) => {
    if (ENTRIES.includes(file)) return [];
    const founded = FOUNDATION.includes(file) ? FOUNDATION.slice(0, FOUNDATION.indexOf(file)) : FOUNDATION;
    const imported = importsOf(file).filter((target) => !founded.includes(target));
    if (FOUNDATION.includes(file)) return imported;
    if (file.startsWith('workers/')) return imported.filter((target) => !['engine', 'kernels', 'remote'].includes(folderOf(target)));
    const level = ORDER.indexOf(folderOf(file));
    return imported.filter((target) => level < 0 || ORDER.indexOf(folderOf(target)) > level).map((target) => `${file} -> ${target}`);
  });
  t.deepEqual(wrong, []);
});

/** What a browser has in its program and never calls. */
const UNREACHED = new Map([
  ['src/config/tree/overrides.ts', 'overrides are arguments of a command'],
  ['src/native/routine.ts', 'the convention of machine code'],
]);

test('what is for browsers imports nothing of Node, through others either', (t) => {
  const visit = (file: string, trail: readonly string[]): string[] => {
    if (seen.has(file)) return [];
    seen.add(file);
    const text = sources.get(file) ?? '';
    const ofNode = [...text.matchAll(/^import (?!type ).*? from '(node:[^']+)'/gms)].map(([, name]) => [...trail, file, name].join(' <- '));
    const isOfNode = /\b(?:process\.\w|Buffer\.\w+\(|__dirname)/.test(text.replaceAll(/\/\*.*?\*\/|\/\/.*$/gms, ''));
    const globals = isOfNode && !UNREACHED.has(file) ? [`${file}: a global of Node`] : [];
    return [...ofNode, ...globals, ...importsOf(file, 'values').flatMap((target) => visit(target, [...trail, file]))];
  };
  const seen = new Set<string>();
  t.deepEqual(visit('src/browser.ts', []), []);
  t.true(seen.size > 100, `${seen.size} files`);
});

test('no file imports itself through others', (t) => {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [[...trail.slice(trail.indexOf(file)), file].join(' -> ')];
    if (done.has(file)) return [];
    const circles = importsOf(file).flatMap((target) => visit(target, [...trail, file]));
    done.add(file);
    return circles;
  };
  t.deepEqual(
    [...sources.keys()].flatMap((file) => visit(file, [])),
    [],
  );
});

/** A folder within a folder of src is a room; a file beside rooms is one of its own. */
const roomOf = (file: string): string => (file.split('/').length > 3 ? path.posix.dirname(file) : file);

test('no room imports itself through others', (t) => {
  const imported = new Map<string, Set<string>>();
  for (const file of sources.keys()) {
    const room = roomOf(file);
    const rooms = importsOf(file)
      .map(roomOf)
      .filter((target) => target !== room);
    imported.set(room, new Set([...(imported.get(room) ?? []), ...rooms]));
  }
  const done = new Set<string>();
  const visit = (room: string, trail: readonly string[]): string[] => {
    if (trail.includes(room)) return [[...trail.slice(trail.indexOf(room)), room].join(' -> ')];
    if (done.has(room)) return [];
    const circles = [...(imported.get(room) ?? [])].flatMap((target) => visit(target, [...trail, room]));
    done.add(room);
    return circles;
  };
  t.deepEqual(
    [...imported.keys()].flatMap((room) => visit(room, [])),
    [],
  );
});

/** Lines of a file, at most, but for those with a reason. */
const LINES = 300;
const LONGER = new Map([
  ['src/config/input/layers.ts', 'made from the schema'],
  ['src/error-codes.ts', 'a table'],
  ['src/engine/rank/rank.ts', 'a step reads from its top to its bottom'],
]);
/** Files of a folder, about a dozen. */
const FILES = 13;

test('files have one purpose and at most 300 lines, folders about a dozen files', (t) => {
  const all = [...filesIn('src'), ...filesIn('workers'), ...filesIn('kernels')];
  const long = all.filter((file) => readFileSync(path.join(root, file), 'utf8').split('\n').length - 1 > LINES);
  t.deepEqual(long.toSorted(), [...LONGER.keys()].toSorted());
  const counts = new Map<string, number>();
  for (const file of all) counts.set(path.posix.dirname(file), (counts.get(path.posix.dirname(file)) ?? 0) + 1);
  t.deepEqual(
    [...counts].filter(([, count]) => count > FILES),
    [],
  );
});

test('process.exit stands in src/cli/main.ts only, console nowhere but in cli and report', (t) => {
  const calls = (pattern: RegExp, allowed: RegExp): string[] =>
    [...sources].filter(([file, text]) => !allowed.test(file) && pattern.test(text)).map(([file]) => file);
  t.deepEqual(calls(/\bprocess\.exit\(/, /^src\/cli\/main\.ts$/), []);
  t.deepEqual(calls(/^\s*console\./m, /^src\/(?:cli|report)\//), []);
});

test('files are opened and read in src/storage only, where FIFOs, devices, links and endless files are seen to', (t) => {
  const reading =
    /^(?:readFile|readFileSync|readSync|read|readv|readvSync|createReadStream|open|openSync|openAsBlob|cp|cpSync|copyFile|copyFileSync|default)$/;
  const wrong = [...sources].flatMap(([file, text]) => {
    if (file.startsWith('src/storage/')) return [];
    const clauses = [...text.matchAll(/import ([^;]*?) from '(?:node:)?fs(?:\/promises)?'/g)].map(([, clause = '']) => clause);
    const names = clauses.flatMap((clause) => (clause.match(/[\w*]+/g) ?? []).filter((name) => name === '*' || reading.test(name)));
    // A whole module, also by another way, would bring all of its calls.
    const isWhole = clauses.some((clause) => !clause.startsWith('{') && !clause.startsWith('type {'));
    const isHidden = /(?:import|require|getBuiltinModule)\(\s*['"`](?:node:)?fs/.test(text);
    return names.length > 0 || isWhole || isHidden ? [`${file}: ${[...names, isHidden ? 'fs' : ''].join(' ')}`] : [];
  });
  t.deepEqual(wrong, []);
});

test('what reaches the terminal goes through src/cli/terminal/output.ts, which escapes it', (t) => {
  const writes = /\bprocess\.(?:stdout|stderr)\.write\(|\b(?:writeSync|appendFileSync|writeFileSync)\((?:1|2|process\.)/;
  t.deepEqual(
    [...sources].filter(([, text]) => writes.test(text)).map(([file]) => file),
    [],
  );
  const named = [...sources].filter(([, text]) => /\bstream\.write\(|createInterface\(/.test(text)).map(([file]) => file);
  t.deepEqual(
    named.filter((file) => file.startsWith('src/cli/') || file.startsWith('src/report/')),
    ['src/cli/terminal/confirm.ts', 'src/cli/terminal/output.ts'],
  );
});

test('no catch block is empty', (t) => {
  t.deepEqual(
    [...sources].filter(([, text]) => /catch\s*(?:\([^)]*\))?\s*\{\s*\}/.test(text)).map(([file]) => file),
    [],
  );
});

test('every error code is thrown somewhere and has a test that names it', (t) => {
  const thrown = [...sources].filter(([file]) => !FOUNDATION.includes(file)).map(([, text]) => text);
  const tests = filesIn('test')
    .filter((file) => !['test/architecture.test.ts', 'test/error-codes.test.ts'].includes(file))
    .map((file) => readFileSync(path.join(root, file), 'utf8'));
  const codes = Object.keys(ERROR_CODES);
  t.deepEqual(
    codes.filter((code) => !thrown.some((text) => text.includes(`'${code}'`))),
    [],
  );
  t.deepEqual(
    codes.filter((code) => !tests.some((text) => text.includes(code))),
    [],
  );
});

/** Kernels that the files of src/kernels/interface declare, by room. */
function declaredKernels(): Map<string, string[]> {
  const files = [...sources].filter(([file]) => file.startsWith('src/kernels/interface/'));
  return new Map(
    files.map(([file, text]) => [
      path.posix.basename(file, '.ts'),
      [...text.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1] ?? '').toSorted(),
    ]),
  );
}

test('the interface Kernels names exactly what the module exports', (t) => {
  const exported = WebAssembly.Module.exports(compileKernels()).map((entry) => entry.name);
  t.deepEqual([...declaredKernels().values()].flat().toSorted(), exported.toSorted());
});

test('the interface of kernels has the rooms of kernels/', (t) => {
  const rooms = new Map<string, string[]>();
  const index = readFileSync(path.join(root, 'kernels/index.ts'), 'utf8');
  for (const [, names = '', room = ''] of index.matchAll(/^export \{([^}]*)\} from '\.\/(\w+)\//gm)) {
    rooms.set(room, [...(rooms.get(room) ?? []), ...(names.match(/\w+/g) ?? [])].toSorted());
  }
  t.deepEqual(Object.fromEntries(declaredKernels()), Object.fromEntries(rooms));
});
