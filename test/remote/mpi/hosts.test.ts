import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { findLauncher, launchCommand, parseHosts } from '../../../src/remote/mpi/hosts.ts';
import { launched } from '../../../src/remote/mpi/launched.ts';
import { boundNotices } from '../../../src/remote/mpi/place.ts';
import { librarySettings } from '../../../src/remote/mpi/settings.ts';
import { gradloom, SMALL, start } from '../../cli/support/run-cli.ts';
import { determinedFiles, temporary } from '../../runs/support/run-tree.ts';
import { checkpointed, processOf } from './support/ranks.ts';
import { withLauncher } from './support/with-launchers.ts';

const TWO = parseHosts('a:1,b:2');

test('the command has the flags that the ranks need, for each launcher', (t) => {
  const environment = { GRADLOOM_CPU: 'avx2', NO_COLOR: '1', HOME: '/root' };
  const shown = (library: 'Open MPI' | 'MPICH', isRoot: boolean): string =>
    launchCommand({ program: 'mpirun', library }, TWO, ['node', 'main.js'], environment, isRoot).join(' ');
  t.is(
    shown('Open MPI', true),
    'mpirun --allow-run-as-root --host a:1,b:2 -np 3 --bind-to none --mca mpi_yield_when_idle 1 -x GRADLOOM_CPU -x NO_COLOR node main.js',
  );
  t.false(shown('Open MPI', false).includes('root'));
  t.is(shown('MPICH', true), 'mpirun -hosts a:1,b:2 -np 3 -bind-to none node main.js');
});

test('what is no list of hosts is refused', (t) => {
  for (const text of ['', 'a,', 'a:0', 'a:x', 'a b', '-x', 'a:1:2', 'a:12345']) {
    const error = t.throws(() => parseHosts(text), { instanceOf: GradloomError });
    t.is(error?.code, 'E_USAGE', text);
  }
  t.deepEqual(parseHosts('10.0.0.1,b:3'), [
    { name: '10.0.0.1', ranks: 1 },
    { name: 'b', ranks: 3 },
  ]);
});

test('without a launcher the error names what to install', (t) => {
  const error = t.throws(() => findLauncher(['gradloom-no-such-launcher']), { instanceOf: GradloomError });
  t.is(error?.code, 'E_MPI');
  t.is(error?.exitCode, 69);
  t.regex(error?.next ?? '', /openmpi-bin or mpich/);
});

test('the launcher is known by its environment, and may be overruled', (t) => {
  const cases: [Record<string, string>, ReturnType<typeof launched>][] = [
    [{}, undefined],
    [
      { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4', PMIX_RANK: '1' },
      { library: 'Open MPI', rank: 1, size: 4 },
    ],
    [
      { PMI_RANK: '0', PMI_SIZE: '2' },
      { library: 'MPICH', rank: 0, size: 2 },
    ],
    [
      { PMIX_RANK: '3', SLURM_NTASKS: '4', SLURM_PROCID: '3' },
      { library: 'Open MPI', rank: 3, size: 4 },
    ],
    // A batch script of Slurm, which srun has not started.
    [{ SLURM_NTASKS: '4', SLURM_PROCID: '0' }, undefined],
    [{ PMI_RANK: '2', PMI_SIZE: '2' }, undefined],
    [{ PMI_RANK: '0', PMI_SIZE: '2', GRADLOOM_MPI: 'off' }, undefined],
  ];
  for (const [environment, expected] of cases) t.deepEqual(launched(environment), expected, JSON.stringify(environment));
});

test('a rank that is bound to one core is told, with the flag', (t) => {
  t.regex(boundNotices(1, 1, 1, 8)[0] ?? '', /1 of 8 cores.*--bind-to none/);
  t.deepEqual(boundNotices(1, 1, 8, 8), []);
  t.deepEqual(boundNotices(2, 2, 4, 8), [], 'both have been given the same four');
  t.deepEqual(boundNotices(2, 1, 4, 8), [], 'half of the machine each');
  t.is(boundNotices(2, 1, 1, 8).length, 1);
});

test('what libraries do not find out in time is set before they are loaded, unless the user has', (t) => {
  const [cannot, can] = [() => false, () => true];
  t.deepEqual(librarySettings({}, can), [['UCX_MEM_EVENTS', 'n']]);
  t.deepEqual(librarySettings({ UCX_MEM_EVENTS: 'y' }, can), []);
  t.deepEqual(librarySettings({}, cannot), [
    ['UCX_MEM_EVENTS', 'n'],
    ['OMPI_MCA_btl_vader_single_copy_mechanism', 'none'],
    ['OMPI_MCA_smsc', '^cma'],
  ]);
  t.deepEqual(
    librarySettings({ OMPI_MCA_btl_vader_single_copy_mechanism: 'cma', OMPI_MCA_smsc: 'xpmem', UCX_MEM_EVENTS: 'n' }, cannot),
    [],
  );
});

withLauncher(
  'mpirun.openmpi',
  '--hosts shows and runs the command, and a rank that is killed ends it with exit code 81 and its name',
  async (t) => {
    t.timeout(120_000);
    const folder = temporary(t);
    const file = path.join(folder, 'exp.yaml');
    writeFileSync(file, SMALL);
    const alone = await gradloom(['train', file, '--json', '--dir', path.join(folder, 'alone'), 'parallel.workers=1']);
    const both = await gradloom([
      'train',
      file,
      '--hosts',
      'localhost:2',
      '--json',
      '--dir',
      path.join(folder, 'both'),
      'parallel.workers=1',
    ]);
    t.is(both.code, 0, both.stderr);
    t.regex(both.stderr, /mpirun.* --?hosts? localhost:2 -np 2 .*bind-to none .*main\.js train .*exp\.yaml/);
    const [first, second] = [alone, both].map(({ stdout }) => JSON.parse(stdout) as { digest: string; directory: string; ranks?: number });
    t.is(second?.digest, first?.digest);
    t.deepEqual([first?.ranks, second?.ranks], [undefined, 2]);
    t.deepEqual(determinedFiles(second?.directory ?? ''), determinedFiles(first?.directory ?? ''));

    const runs = path.join(folder, 'killed');
    const overrides = ['train.epochs=1000', 'train.checkpoint.every={steps: 50}', 'parallel.workers=1'];
    const { finished } = start(['train', file, '--hosts', 'localhost:2', '--dir', runs, ...overrides]);
    await checkpointed(runs, 50);
    process.kill(processOf(1, runs), 'SIGKILL');
    const { code, stderr } = await finished;
    t.is(code, 81, stderr);
    t.regex(stderr, /^(?:rank 1 on \S+|process \d+ on \S+) {2}error\[E_RANK\] {2}ended without a word/m);
  },
);

withLauncher(
  'mpirun.openmpi',
  '--hosts with a machine that ssh does not reach ends with 69, before any rank, and what ssh said',
  async (t) => {
    t.timeout(60_000);
    const folder = temporary(t);
    const [file, ssh] = [path.join(folder, 'exp.yaml'), path.join(folder, 'ssh')];
    writeFileSync(file, SMALL);
    writeFileSync(ssh, '#!/bin/sh\necho "ssh: Could not resolve hostname nowhere: Name or service not known" >&2\nexit 255\n', {
      mode: 0o755,
    });
    const { code, stderr, stdout } = await gradloom(['train', file, '--hosts', 'nowhere:1,localhost:1', '--dir', folder], {
      env: { OMPI_MCA_plm_rsh_agent: ssh },
    });
    t.is(code, 69, stderr);
    t.regex(stderr, /^--hosts {2}error\[E_MPI\] {2}a machine was not reached: ssh: Could not resolve hostname nowhere/m);
    t.regex(stderr, /^next: ssh NAME true has to work/m);
    t.is(stdout, '');
  },
);

/** As ssh, but to a namespace of this machine with a host name of its own. */
const REMOTE = '#!/bin/sh\nhost=$1; shift\nexec unshare --uts sh -c "hostname $host; $*"\n';
const hasNamespaces = spawnSync('unshare', ['--uts', 'true']).status === 0;

withLauncher(
  'mpirun.openmpi',
  'two machines, each with a name of its own and TCP between them, leave the digest of one',
  async (t) => {
    t.timeout(60_000);
    const folder = temporary(t);
    const file = path.join(folder, 'exp.yaml');
    const agent = path.join(folder, 'remote.sh');
    writeFileSync(file, SMALL);
    writeFileSync(agent, REMOTE, { mode: 0o755 });
    const env = { OMPI_MCA_plm_rsh_agent: agent, OMPI_MCA_oob_tcp_if_include: 'lo', OMPI_MCA_btl_tcp_if_include: 'lo' };
    const [alone, both] = await Promise.all([
      gradloom(['train', file, '--json', '--dir', folder]),
      gradloom(['train', file, '--hosts', 'nodea:1,nodeb:1', '--json', '--dir', folder], { env }),
    ]);
    t.is(both.code, 0, both.stderr);
    const digests = [alone, both].map(({ stdout }) => (JSON.parse(stdout) as { digest: string }).digest);
    t.is(digests[1], digests[0]);
    const wrong = await gradloom(['train', file, '--hosts', 'nodea:1,nodeb:1', '--dir', folder, 'data.source.samples=0'], { env });
    t.is(wrong.code, 78, wrong.stderr);
    const absent = path.join(folder, 'absent.yaml');
    const lost = await gradloom(['train', absent, '--hosts', 'nodea:1,nodeb:1', '--dir', folder], { env });
    t.is(lost.code, 78, lost.stderr);
    t.is(lost.stderr.match(/error\[/g)?.length, 1);
  },
  hasNamespaces ? undefined : 'namespaces need root',
);
