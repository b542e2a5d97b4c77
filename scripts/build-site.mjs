// Builds the pages of docs/ and the reference of the library as a static site, site/out, by TypeDoc: npm run docs, after a build.
// TypeDoc needs a TypeScript of its own, so it lies in site/node_modules, installed at the first time.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const site = fileURLToPath(new URL('../site/', import.meta.url));

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: site, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(new URL('../dist/src/index.d.ts', import.meta.url))) {
  console.error('dist/ is not built; next: npm run build');
  process.exit(1);
}
if (!existsSync(path.join(site, 'node_modules/typedoc'))) run('npm', ['ci', '--no-audit', '--no-fund']);
rmSync(path.join(site, 'out'), { recursive: true, force: true });
run(process.execPath, ['node_modules/typedoc/bin/typedoc']);
