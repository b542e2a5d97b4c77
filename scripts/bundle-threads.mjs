// Makes one file of what each thread runs: dist/workers/*.js with every module of ours that it imports, so that a thread starts without
// finding and linking 70 of them. Part of `npm run build`, after tsc; `tsc -p .` alone leaves the modules as they are, which works as well.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = path.join(ROOT, 'dist/workers');

/** A module finds files beside itself, not beside the bundle. */
const modulePlaces = {
  name: 'module places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path: file }) => {
      const place = `new URL(${JSON.stringify(path.relative(FOLDER, file))}, import.meta.url).href`;
      return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
};

await build({
  absWorkingDir: ROOT,
  entryPoints: ['dist/workers/*.js'],
  outdir: FOLDER,
  allowOverwrite: true,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // Of the sources in TypeScript: esbuild follows the maps of tsc.
  sourcemap: true,
  plugins: [modulePlaces],
  logLevel: 'warning',
});
