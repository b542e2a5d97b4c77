import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { gradloom, SMALL, workplace } from '../support/run-cli.ts';

// Runs and a sweep that gradloom 0.1 made with engines that are gone: what would train or compute again refuses them, all else reads them.
const recorded = (folder: string): string => fileURLToPath(new URL(`../../../../test/${folder}/recorded`, import.meta.url));

/** A place with the recorded runs in `runs/`, the sweep in `sweeps/old` as a kill left it, and files that name such an engine. */
function place(t: ExecutionContext): string {
  const cwd = workplace(t, {
    'small.yaml': SMALL,
    'old.yaml': `${SMALL}numerics: {engine: wasm-fma}\n`,
    'speedup.yaml': 'base: ./old.yaml\nworkers: [1]\n',
    'sweep.yaml': 'base: ./small.yaml\nmethod: grid\nmetric: {name: val.loss}\nparameters: {numerics.engine: {values: [wasm, blas]}}\n',
    'resumed.yaml': SMALL.replace('model:\n', 'model:\n  init: {type: run, path: ./runs/finished-wasm-fma}\n').replace(
      /layers: .*/,
      'layers: [{type: dense, units: 3}]',
    ),
  });
  cpSync(recorded('runs'), path.join(cwd, 'runs'), { recursive: true });
  cpSync(path.join(recorded('sweep'), 'wasm-fma'), path.join(cwd, 'sweeps/old'), { recursive: true });
  const log = path.join(cwd, 'sweeps/old/log.jsonl');
  // Up to the end of the first of two trials.
  writeFileSync(log, readFileSync(log, 'utf8').split('\n').slice(0, 7).concat('').join('\n'));
  return cwd;
}

function contents(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [path.join(parentPath, name), readFileSync(path.join(parentPath, name), 'hex')]),
  );
}

const next = (engine: string): string =>
  `next: numerics.engine: wasm for a new run, whose last bits differ; gradloom 0.1 resumes and verifies what was begun with ${engine}\n`;

const REFUSED: readonly { args: string[]; where: string; engine: string }[] = [
  { args: ['train', 'old.yaml'], where: 'old.yaml:6:20', engine: 'wasm-fma' },
  { args: ['check', 'old.yaml'], where: 'old.yaml:6:20', engine: 'wasm-fma' },
  { args: ['train', 'small.yaml', 'numerics.engine=blas'], where: 'command line: numerics.engine=blas', engine: 'blas' },
  { args: ['train', 'runs/paused-blas/config.yaml'], where: 'runs/paused-blas/config.yaml:72:11', engine: 'blas' },
  { args: ['resume', 'runs/paused-blas'], where: 'runs/paused-blas/config.yaml:72:11', engine: 'blas' },
  { args: ['extend', 'runs/finished-wasm-fma', '--epochs', '4'], where: 'runs/finished-wasm-fma/config.yaml:72:11', engine: 'wasm-fma' },
  { args: ['verify', 'runs/finished-wasm-fma'], where: 'runs/finished-wasm-fma/config.yaml:72:11', engine: 'wasm-fma' },
  { args: ['speedup', 'old.yaml'], where: 'old.yaml:6:20', engine: 'wasm-fma' },
  { args: ['speedup', 'speedup.yaml'], where: 'old.yaml:6:20', engine: 'wasm-fma' },
  { args: ['sweep', 'sweep.yaml'], where: 'sweep.yaml:4:47', engine: 'blas' },
  { args: ['sweep', 'plan', 'sweep.yaml'], where: 'sweep.yaml:4:47', engine: 'blas' },
  {
    args: ['sweep', 'small.yaml', 'numerics.engine=wasm,blas', 'metric.name=val.loss'],
    where: 'command line: numerics.engine=wasm,blas',
    engine: 'blas',
  },
  { args: ['sweep', 'resume', 'sweeps/old'], where: 'sweeps/old/base.yaml:18:11', engine: 'wasm-fma' },
];

for (const { args, where, engine } of REFUSED) {
  test(`gradloom ${args.join(' ')}: 78, with the version that has the engine and the way on`, async (t) => {
    const cwd = place(t);
    const before = contents(path.join(cwd, 'runs'));
    const { code, stderr } = await gradloom(args, { cwd });
    t.is(code, 78, stderr);
    const [first = ''] = stderr.split('\n');
    t.true(
      first.includes(
        `${where}  error[E_CONFIG_VALUE]  numerics.engine: ${engine} was removed after gradloom 0.1; got ${engine}; expected wasm`,
      ),
      stderr,
    );
    t.true(stderr.endsWith(next(engine)), stderr);
    for (const [file, bytes] of Object.entries(before)) t.is(readFileSync(file, 'hex'), bytes, file);
  });
}

const READ: readonly { args: string[]; says: RegExp }[] = [
  { args: ['runs', 'ls'], says: /^finished-wasm-fma +finished .*\n(?:.*\n)*paused-blas +paused /m },
  { args: ['runs', 'ls', '--where', 'numerics.engine=blas'], says: /^paused-blas +paused /m },
  { args: ['runs', 'show', 'runs/paused-blas'], says: /^made by +gradloom 0\.1\.0, kernels 2, /m },
  { args: ['compare', 'runs/finished-wasm-fma', 'runs/paused-blas'], says: /^finished-wasm-fma +wasm-fma +1\.171857 /m },
  { args: ['diff', 'runs/finished-wasm-fma', 'runs/paused-blas'], says: /^numerics\.engine +wasm-fma +blas$/m },
  { args: ['resume', 'runs/finished-wasm-fma'], says: /finished after 4 steps/ },
  { args: ['train', 'resumed.yaml'], says: /finished after 75 steps/ },
  { args: ['sweep', 'status', 'sweeps/old'], says: /^ +1 +1\.034367 +finished +0\.2 /m },
  { args: ['sweep', 'best', 'sweeps/old'], says: /^trial 1: val\.loss 1\.034367$/m },
  { args: ['sweep', 'export', 'sweeps/old'], says: /^1,finished,grid,1\.0343665463495528,/m },
  { args: ['sweep', 'report', 'sweeps/old'], says: /report\.html/ },
];

for (const { args, says } of READ) {
  test(`gradloom ${args.join(' ')} reads what was made with an engine that is gone`, async (t) => {
    const { code, stdout, stderr } = await gradloom(args, { cwd: place(t) });
    t.is(code, 0, stderr);
    t.regex(stdout + stderr, says);
  });
}
