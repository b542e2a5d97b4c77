// Makes one file of what each thread runs, with every module of ours that it imports: so a thread starts without finding and linking 70 of
// them. Part of `npm run build`, after tsc; `tsc -p .` alone leaves the modules as they are, which works as well.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Started with every run: in CommonJS, for which Node prepares less in each thread than for modules. */
const AT_EVERY_START = 'rank';
/** The last is the rank with a fault, of which tests start hundreds. */
const ENTRIES = ['rank', 'sequential', 'javascript']
  .map((name) => `dist/workers/${name}.js`)
  .concat('dist/test/engine/support/faulty-rank.js');

const COMMON_ENTRY = `import { createRequire } from 'node:module';
export default createRequire(import.meta.url)('./${AT_EVERY_START}.cjs').default;
`;

/** A module finds files beside itself, not beside the bundle in this folder. */
const modulePlaces = (folder, here) => ({
  name: 'module places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path: file }) => {
      const place = `new URL(${JSON.stringify(path.relative(folder, file))}, ${here}).href`;
      return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
});

for (const entry of ENTRIES) {
  const file = path.join(ROOT, entry);
  const isCommon = path.basename(file, '.js') === AT_EVERY_START;
  await build({
    absWorkingDir: ROOT,
    entryPoints: [file],
    outfile: isCommon ? file.replace(/js$/, 'cjs') : file,
    allowOverwrite: true,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: isCommon ? 'cjs' : 'esm',
    minifyWhitespace: isCommon,
    target: 'node20.19',
    // Of the sources in TypeScript: esbuild follows the maps of tsc.
    sourcemap: true,
    plugins: [modulePlaces(path.dirname(file), isCommon ? "require('node:url').pathToFileURL(__filename)" : 'import.meta.url')],
    logLevel: 'warning',
  });
  if (isCommon) writeFileSync(file, COMMON_ENTRY);
}
