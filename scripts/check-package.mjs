// Packs gradloom, installs the package in an empty folder as a user would, and trains there: by command and by import.
// usage: npm run build && node scripts/check-package.mjs
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    'dist/src/browser.d.ts',
    'dist/kernels/embedded.js',
    'dist/src/cli/LICENSES',
    'dist/src/ui/page/page.js',
    'dist/src/ui/page/page.css',
    'dist/src/ui/page/LICENSES',
    'dist/workers/rank.js',
    'dist/kernels/kernels.wasm',
    'configs/mnist.yaml',
    'configs/schema/experiment.json',
    'README.md',
    'LICENSE',
  ]) {
    if (!files.some((file) => file.path === needed)) throw new Error(`${needed} is missing from the package`);
  }
  const stray = files.find((file) => /^(dist\/test|dist\/bench|test|src|node_modules)\//.test(file.path));
  if (stray !== undefined) throw new Error(`${stray.path} does not belong into the package`);

  // Whoever reads a page of the package must be able to follow its links there. Pictures stay in the repository.
  const packed = new Set(files.map((file) => file.path));
  for (const page of [...packed].filter((name) => name.endsWith('.md'))) {
    for (const [, target] of readFileSync(path.join(root, page), 'utf8').matchAll(/(?<!!\[[^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)/g)) {
      const linked = path.posix.join(path.posix.dirname(page), target);
      if (![...packed].some((name) => name === linked || name.startsWith(`${linked}/`)))
        throw new Error(`${page} links ${linked}, which is missing`);
    }
  }

  run('npx', ['publint', '--strict'], root);
  run('npx', ['attw', path.join(folder, filename), '--profile', 'esm-only'], root);

  const project = path.join(folder, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', path.join('..', filename)], project);
  // Nothing is copied: the example comes with the package.
  const summary = JSON.parse(run('npx', ['gradloom', 'train', 'configs/mnist.yaml', '--json', '--quiet'], project));
  if (!(summary.last['test.accuracy'] > 0.95)) throw new Error(`test accuracy ${summary.last['test.accuracy']}, expected over 0.95`);

  checkFiles(project);
  await checkCommands(project);

  cpSync(path.join(root, 'configs'), path.join(project, 'configs'), { recursive: true });
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
  const trained = readdirSync(path.join(project, 'runs')).find((name) => name.startsWith('mnist'));
  writeFileSync(
    path.join(project, 'page.ts'),
    `import { loadModel, type ModelPrediction, type PortableModel } from 'gradloom/browser';
export const load = (bytes: Uint8Array): Promise<PortableModel> => loadModel(bytes);
export const first = (model: PortableModel): ModelPrediction | undefined => model.predict([new Array(784).fill(0)])[0];
`,
  );
  writeFileSync(
    path.join(project, 'predict.js'),
    `import { readFileSync } from 'node:fs';
import { first, load } from './page.js';
const model = await load(readFileSync(${JSON.stringify(`runs/${trained}/model.safetensors`)}));
if (first(model).probabilities.length !== 10) throw new Error('no ten classes');
`,
  );
  const tsconfig = {
    compilerOptions: { module: 'nodenext', target: 'es2023', strict: true, types: [], skipLibCheck: false },
    files: ['use.ts', 'page.ts'],
  };
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
  run(path.join(root, 'node_modules/.bin/tsc'), ['-p', project], project);
  run('node', ['use.js'], project);
  run('node', ['predict.js'], project);
  console.log(
    `${filename}: ${files.length} files; installed, trained to ${(summary.last['test.accuracy'] * 100).toFixed(1)} % and imported`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A command is a few files: those of the packages that it is bundled with are not looked for. */
function checkFiles(project) {
  const main = path.join('node_modules', 'gradloom', 'dist', 'src', 'cli', 'main.js');
  for (const [words, most] of [
    [['--version'], 5],
    [['schema'], 12],
  ]) {
    const coverage = path.join(project, `files-of-${words[0]}`);
    execFileSync('node', [main, ...words], { cwd: project, stdio: 'ignore', env: { ...process.env, NODE_V8_COVERAGE: coverage } });
    const [report] = readdirSync(coverage).map((file) => JSON.parse(readFileSync(path.join(coverage, file), 'utf8')));
    const files = report.result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
    if (files.length > most)
      throw new Error(`gradloom ${words[0]} loads ${files.length} files, expected at most ${most}:\n${files.join('\n')}`);
  }
}

/** What is printed as the next command must work as it stands, in the folder where it was printed, started by npx or by node. */
async function checkCommands(project) {
  const layers = '[{type: dense, units: 8}, {type: dense, units: 3}]';
  const data = '{source: {type: synthetic, kind: blobs, samples: 1000}}';
  writeFileSync(path.join(project, 'small.yaml'), `data: ${data}\nmodel: {layers: ${layers}}\ntrain: {epochs: 3000}\n`);
  const main = path.join('node_modules', 'gradloom', 'dist', 'src', 'cli', 'main.js');
  for (const words of [
    ['npx', 'gradloom'],
    ['node', main],
  ]) {
    const said = await interrupted([...words, 'train', 'small.yaml', `track.dir=${JSON.stringify("./my runs' $HOME")}`], project);
    const next = /^next: (npx gradloom resume .*)$/m.exec(said)?.[1];
    if (next === undefined) throw new Error(`${words[0]}: no command to go on with:\n${said}`);
    const resumed = spawnSync('sh', ['-c', next], { cwd: project, encoding: 'utf8' });
    if (resumed.status !== 0 || !resumed.stdout.includes('finished after')) throw new Error(`${next} does not work:\n${resumed.stderr}`);
  }
  // A copy is told the schema that is there.
  cpSync(path.join(project, 'node_modules/gradloom/configs/seed.yaml'), path.join(project, 'copy.yaml'));
  const { stderr } = spawnSync('npx', ['gradloom', 'check', 'copy.yaml'], { cwd: project, encoding: 'utf8' });
  const line = '# yaml-language-server: $schema=./node_modules/gradloom/configs/schema/experiment.json';
  if (!stderr.includes(line)) throw new Error(`the copy is not told its schema:\n${stderr}`);
}

/** What a command says on stderr when Ctrl-C ends it after its first epoch. */
function interrupted([command, ...args], cwd) {
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    const isFirst = !said.includes('epoch ') && (said + text).includes('epoch ');
    said += text;
    if (isFirst) process.kill(-child.pid, 'SIGINT');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(said));
  });
}
