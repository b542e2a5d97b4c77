// Makes one file of what each thread runs, with every module of ours that it imports: so a thread starts without finding and linking 70 of
// them. Part of `npm run build`, after tsc; `tsc -p .` alone leaves the modules as they are, which works as well.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The last is the rank with a fault, of which tests start hundreds. */
const ENTRIES = ['rank', 'sequential', 'javascript']
  .map((name) => `dist/workers/${name}.js`)
  .concat('dist/test/engine/support/faulty-rank.js');

/** A module finds files beside itself, not beside the bundle in this folder. */
const modulePlaces = (folder) => ({
  name: 'module places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path: file }) => {
      const place = `new URL(${JSON.stringify(path.relative(folder, file))}, import.meta.url).href`;
      return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
});

for (const entry of ENTRIES) {
  const file = path.join(ROOT, entry);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // Of the sources in TypeScript: esbuild follows the maps of tsc.
    sourcemap: true,
    plugins: [modulePlaces(path.dirname(file))],
    logLevel: 'warning',
  });
}
