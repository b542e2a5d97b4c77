// Makes a few files of what the command line runs, with the packages that it needs at every start: so a command does not find and link
// hundreds of modules. Part of `npm run build`, after tsc; `tsc -p .` alone leaves the modules as they are, which works as well.
//
// dist/src/cli/main.js stays the command, and keeps to Node's own modules: it loads one file that understands the command line, and then one
// with the work of a few verbs. What files share is in chunks beside them. The library, dist/src/index.js, is not bundled.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licences } from './licences.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = path.join(ROOT, 'dist/src');
const CLI = path.join(SRC, 'cli');
/** Packages that find files beside themselves, that hardly any command needs, or that come without the text of their licence. */
const EXTERNAL = ['asciichart', 'bullmq', 'hyparquet-writer', 'ioredis', 'koffi', 'mnist', 'piscina', 'yargs'];

/** Which file a dynamic import goes to, by the module that has it: the first that fits. */
const GROUPS = [
  ['command', /^main\.js$/],
  ['help', /^parse\.js$/],
  ['sweeps', /^(?:verbs\/(?:sweep|queue)\/|views\/(?:sweep|queue)|arguments\/sweeps|\.\.\/remote\/)/],
  ['speedup', /^(?:verbs\/speedup|views\/speedup-ranks)\.js$/],
  ['training', /^(?:verbs\/(?:train|resume|extend|verify|check|setup\/init)|views\/(?:follow|team|watch)|arguments\/config-file)\.js$/],
  ['models', /^(?:verbs\/(?:use\/|data|report|runs\/export)|arguments\/model)/],
  ['ui', /^verbs\/page\//],
  ['board', /^\.\.\/runs\//],
  ['tables', /./],
];
/** What a group is a part of, so that its modules need no chunk of their own there. */
const WITHIN = {
  training: ['command'],
  sweeps: ['command', 'training'],
  speedup: ['command', 'training'],
  models: ['command', 'training'],
  ui: ['command', 'training'],
  board: ['command', 'training'],
  tables: ['command'],
  help: ['command'],
};

/** A dynamic import of a module of ours, as tsc writes it. */
const DYNAMIC = /\bimport\('(\.[^']+)'\)/g;
const VALUE = /^export const (\w+) = z\.toJSONSchema\(.*\);$/gm;

const nameOf = (file) => path.relative(path.dirname(CLI), file).replaceAll(/\W+/g, '_');
const groupOf = (file) => GROUPS.find(([, pattern]) => pattern.test(path.relative(CLI, file).replaceAll(path.sep, '/')))[0];

// A second time it would bundle what it has made.
if (readFileSync(path.join(CLI, 'main.js'), 'utf8').includes('bundle-command')) throw new Error('bundled already: npx tsc -p . first');
for (const file of readdirSync(CLI).filter((name) => name.startsWith('bundle-'))) rmSync(path.join(CLI, file));

/** The modules of each group. */
const members = new Map(GROUPS.map(([name]) => [name, new Set()]));
for (const name of readdirSync(SRC, { recursive: true }).filter((file) => file.endsWith('.js'))) {
  const file = path.join(SRC, name);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(DYNAMIC))
    members.get(groupOf(file)).add(path.resolve(path.dirname(file), target));
}

/** A module finds files beside itself, not beside the bundle. */
const placed = (text, file) =>
  text.replaceAll('import.meta.url', `new URL(${JSON.stringify(path.relative(CLI, file))}, import.meta.url).href`);

/** Dynamic imports lead to the file of their group, which has the module as one of its exports. */
const grouped = (text, file) => {
  const group = groupOf(file);
  return text.replace(DYNAMIC, (_, target) => {
    return `import('group:${group}').then((group) => group.${nameOf(path.resolve(path.dirname(file), target))})`;
  });
};

/** What is worked out from the schema alone is written down. */
const workedOut = async (text, file) => {
  if (text.search(VALUE) < 0) return text;
  const values = await import(file);
  return text.replace(VALUE, (_, name) => `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(values[name]))});`);
};

const plugin = {
  name: 'command line',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]dist[\\/]src[\\/].*\.js$/ }, async ({ path: file }) => {
      return { contents: grouped(placed(await workedOut(readFileSync(file, 'utf8'), file), file), file) };
    });
    onResolve({ filter: /^group:/ }, ({ path: name }) => ({ path: name.slice('group:'.length), namespace: 'group' }));
    onLoad({ filter: /./, namespace: 'group' }, ({ path: name }) => {
      const within = (WITHIN[name] ?? []).map((other) => `export * as ${other} from 'group:${other}';`);
      const own = [...members.get(name)].map((file) => `export * as ${nameOf(file)} from ${JSON.stringify(file)};`);
      return { contents: [...within, ...own].join('\n'), resolveDir: CLI };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: [path.join(CLI, 'main.js')],
  outdir: CLI,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  chunkNames: 'bundle-[name]-[hash]',
  external: EXTERNAL,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  minifyWhitespace: true,
  minifySyntax: true,
  // Packages in CommonJS ask for modules of Node.
  banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
  // Of the sources in TypeScript, by their names: esbuild follows the maps of tsc.
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  plugins: [plugin],
  logLevel: 'warning',
});
writeFileSync(path.join(CLI, 'LICENSES'), licences(ROOT, Object.keys(metafile.inputs)));
