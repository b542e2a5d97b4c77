import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { MAIN, workplace } from '../../cli/support/run-cli.ts';
import { launch } from './support/launch.ts';
import { withLauncher } from './support/with-launchers.ts';

const DEPLOY = fileURLToPath(new URL('../../../../deploy', import.meta.url));

test('the batch script for Slurm starts what it is given, by srun, with flags that ranks need', (t) => {
  // Slurm itself is not here: a program of its name tells what it was asked for and does it, once.
  const cwd = workplace(t);
  const program = (name: string, text: string): void => writeFileSync(path.join(cwd, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  program('srun', 'echo "srun $*" >&2\nwhile [[ $1 == -* ]]; do shift; done\nexec "$@"');
  program('gradloom', `exec "${process.execPath}" "${MAIN}" "$@"`);
  const script = path.join(DEPLOY, 'slurm-train.sh');
  const env = { ...process.env, PATH: `${cwd}:${process.env['PATH']}` };
  const { status, stdout, stderr } = spawnSync('bash', [script, 'train', 'small.yaml', '--json'], { cwd, env, encoding: 'utf8' });
  t.is(status, 0, stderr);
  t.is((JSON.parse(stdout) as { status: string }).status, 'finished');
  t.regex(stderr, /^srun --mpi=pmix --kill-on-bad-exit=1 --cpu-bind=none --cpus-per-task=16 gradloom train small\.yaml --json$/m);
  t.not(spawnSync('bash', [script], { cwd, env }).status, 0);
});

withLauncher('mpirun.openmpi', 'the file of hosts is one that the launcher reads', async (t) => {
  const cwd = workplace(t);
  const hosts = readFileSync(path.join(DEPLOY, 'mpi-hosts'), 'utf8');
  writeFileSync(path.join(cwd, 'hosts'), hosts.replace('node-a slots=1\nnode-b slots=1', 'localhost slots=2'));
  const flags = ['--hostfile', path.join(cwd, 'hosts'), '--bind-to', 'none'];
  const args = ['train', path.join(cwd, 'small.yaml'), '--dir', cwd, '--json', 'parallel.workers=1'];
  const { code, stdout, stderr } = await launch('mpirun.openmpi', 2, args, { flags }).ended;
  t.is(code, 0, stderr);
  t.is((JSON.parse(stdout) as { ranks: number }).ranks, 2);
});
