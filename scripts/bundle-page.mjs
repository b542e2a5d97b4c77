// Makes the page of `gradloom ui`: one script and one style, with all packages in them. Part of `npm run build`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licences } from './licences.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TO = path.join(ROOT, 'dist/src/ui/page');

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['main.tsx', 'page.css'].map((name) => ({ in: path.join(ROOT, 'src/ui/page', name), out: 'page' })),
  outdir: TO,
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(path.join(TO, 'LICENSES'), licences(ROOT, Object.keys(metafile.inputs)));
