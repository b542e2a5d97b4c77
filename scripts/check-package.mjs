// Packs gradloom, installs the package in an empty folder as a user would, and trains there: by command and by import.
// usage: npm run build && node scripts/check-package.mjs
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(path.join(os.tmpdir(), 'gradloom-package-'));
const run = (command, args, cwd) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  // `prepack` builds; its output is not the name of the tarball.
  run('npm', ['run', 'build'], root);
  const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root));
  for (const needed of [
    'dist/src/index.d.ts',
    'dist/workers/rank.js',
    'dist/kernels/kernels.wasm',
    'dist/kernels/kernels-fma.wasm',
    'configs/mnist.yaml',
    'configs/schema/experiment.json',
    'README.md',
    'LICENSE',
  ]) {
    if (!files.some((file) => file.path === needed)) throw new Error(`${needed} is missing from the package`);
  }
  const stray = files.find((file) => /^(dist\/test|dist\/bench|test|src|node_modules)\//.test(file.path));
  if (stray !== undefined) throw new Error(`${stray.path} does not belong into the package`);

  run('npx', ['publint', '--strict'], root);
  run('npx', ['attw', path.join(folder, filename), '--profile', 'esm-only'], root);

  const project = path.join(folder, 'project');
  cpSync(path.join(root, 'configs'), path.join(project, 'configs'), { recursive: true });
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', path.join('..', filename)], project);
  const summary = JSON.parse(run('npx', ['gradloom', 'train', 'configs/mnist.yaml', '--json', '--quiet'], project));
  if (!(summary.last['test.accuracy'] > 0.95)) throw new Error(`test accuracy ${summary.last['test.accuracy']}, expected over 0.95`);

  writeFileSync(
    path.join(project, 'use.ts'),
    `import { loadExperiment, train } from 'gradloom';
const run = train(loadExperiment('configs/mnist.yaml', { overrides: ['train.epochs=1'] }), { dry: true });
let epochs = 0;
for await (const event of run) if (event.type === 'epoch') epochs += event.trainLoss > 0 ? 1 : 0;
const { digest, status } = await run.result;
if (status !== 'finished' || epochs !== 1 || digest.length !== 64) throw new Error(\`\${status} \${epochs} \${digest}\`);
`,
  );
  const tsconfig = {
    compilerOptions: { module: 'nodenext', target: 'es2023', strict: true, types: [], skipLibCheck: false },
    files: ['use.ts'],
  };
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
  run(path.join(root, 'node_modules/.bin/tsc'), ['-p', project], project);
  run('node', ['use.js'], project);
  console.log(
    `${filename}: ${files.length} files; installed, trained to ${(summary.last['test.accuracy'] * 100).toFixed(1)} % and imported`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
