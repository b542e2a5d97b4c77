import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../src/errors.ts';
import { gradloom, type Started, start, workplace } from './support/run-cli.ts';

/** Far longer than any of these tests. */
const ENDLESS = `name: endless
data: {source: {type: synthetic, kind: blobs, samples: 1000}}
model:
  layers: [{type: dense, units: 8, activation: relu}, {type: dense, units: 3}]
train: {epochs: 100000, batch_size: 32, checkpoint: {every: {steps: 50}}}
parallel: {workers: 1}
`;
const SWEEP = `name: sweep
base: ./endless.yaml
method: random
run_cap: 4
metric: {name: val.loss}
parameters: {optimizer.lr: {values: [0.1, 0.01, 0.001, 0.2]}}
`;
/** A second or two. */
const SHORT = ENDLESS.replace('epochs: 100000', 'epochs: 20').replace('endless', 'short');

/** Waits for something that another process does. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A signal is sent before it is obeyed: what else is done to a process must wait until it stands still. */
async function stopped({ child }: Started): Promise<void> {
  if (process.platform !== 'linux') return;
  await until(() => (/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')) ? true : undefined));
}

const onlyIn = (directory: string): string | undefined =>
  existsSync(directory) ? readdirSync(directory).find((name) => !name.startsWith('.')) : undefined;

/** As rm -rf does, again as long as the process puts something in. */
function removeAll(directory: string): void {
  while (existsSync(directory)) {
    try {
      rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
}

/** All files below a directory with their bytes. */
function contentOf(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = names.filter((name) => statSync(path.join(directory, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(path.join(directory, name)).toString('latin1')]));
}

interface Place {
  /** Where the command line works. */
  place: string;
  /** Of the run, or the sweep. */
  directory: string;
}

interface Vanishing {
  title: string;
  /** @returns the path that the error names */
  take: (where: Place) => string;
  /** What must not be there afterwards. */
  gone: (where: Place) => string;
}

const away = ({ place }: Place): string => path.join(place, 'away');

const RUN: readonly Vanishing[] = [
  {
    title: 'moved',
    take: (where) => {
      renameSync(where.directory, away(where));
      return where.directory;
    },
    gone: ({ directory }) => directory,
  },
  {
    title: 'removed',
    take: ({ directory }) => {
      removeAll(directory);
      return directory;
    },
    gone: ({ directory }) => directory,
  },
  {
    title: 'moved with the directory above it',
    take: (where) => {
      renameSync(path.dirname(where.directory), away(where));
      return where.directory;
    },
    gone: ({ directory }) => path.dirname(directory),
  },
];

async function started(t: ExecutionContext, kind: 'train' | 'sweep'): Promise<Place & { command: Started }> {
  const place = workplace(t, { 'endless.yaml': ENDLESS, 'sweep.yaml': SWEEP });
  const command = start(kind === 'train' ? ['train', 'endless.yaml'] : ['sweep', 'sweep.yaml'], { cwd: place });
  t.teardown(() => command.child.kill('SIGKILL'));
  const parent = path.join(place, kind === 'train' ? 'runs' : 'sweeps');
  const directory = path.join(parent, await until(() => onlyIn(parent)));
  const run = kind === 'train' ? directory : path.join(directory, 'trials/0');
  await until(() => onlyIn(path.join(run, 'checkpoints')));
  return { place, directory, command };
}

for (const kind of ['train', 'sweep'] as const) {
  for (const { title, take, gone } of RUN) {
    test.serial(
      `S7 ${kind}: its directory ${title}: 74 with path and ENOENT, nothing is made again, nothing is said to be kept, and how to go on`,
      async (t) => {
        const { command, ...where } = await started(t, kind);
        // In one go for the process: half of a removed directory is still a directory.
        command.child.kill('SIGSTOP');
        await stopped(command);
        const missing = take(where);
        command.child.kill('SIGCONT');
        const { code, stderr } = await command.finished;
        t.is(code, EXIT.storage, stderr);
        t.true(stderr.includes(missing), stderr);
        t.regex(stderr, /ENOENT/);
        t.notRegex(stderr, /kept:/);
        const goOn = kind === 'train' ? 'resume' : 'sweep resume';
        t.true(stderr.includes('next: put it back, then: ') && stderr.includes(` ${goOn} ${where.directory}\n`), stderr);
        t.false(existsSync(gone(where)));
      },
    );
  }

  test.serial(`S7 ${kind}: another directory in the place of its own stays empty: 74 with ENOENT`, async (t) => {
    const { command, ...where } = await started(t, kind);
    renameSync(where.directory, away(where));
    mkdirSync(where.directory);
    const { code, stderr } = await command.finished;
    t.is(code, EXIT.storage, stderr);
    t.true(stderr.includes(where.directory) && stderr.includes('ENOENT'), stderr);
    t.deepEqual(readdirSync(where.directory), []);
  });
}

test.serial(
  'S7 train: its checkpoints removed: 74 with path and ENOENT, no checkpoint is said to be kept, and resume begins anew',
  async (t) => {
    const { command, directory } = await started(t, 'train');
    const folder = path.join(directory, 'checkpoints');
    renameSync(folder, path.join(path.dirname(directory), '.away'));
    const { code, stderr } = await command.finished;
    t.is(code, EXIT.storage, stderr);
    t.true(stderr.includes(folder) && stderr.includes('ENOENT'), stderr);
    t.notRegex(stderr, /checkpoint of step/);
    t.regex(stderr, /kept: .*metrics up to step \d+/);
    t.false(existsSync(folder));
  },
);

test.serial('S7 sweep: the directory of one trial removed: 74 with ENOENT, and the trial is no failure', async (t) => {
  const { command, directory } = await started(t, 'sweep');
  removeAll(path.join(directory, 'trials/0'));
  const { code, stderr } = await command.finished;
  t.is(code, EXIT.storage, stderr);
  t.true(stderr.includes('trials/0') && stderr.includes('ENOENT'), stderr);
  t.false(existsSync(path.join(directory, 'trials/0')));
  t.notRegex(readFileSync(path.join(directory, 'log.jsonl'), 'utf8'), /"failed"/);
});

for (const kind of ['train', 'sweep'] as const) {
  test.serial(
    `F7 ${kind}: a process that was stopped and lost its lock writes no more byte when it wakes: 75 naming the new owner`,
    async (t) => {
      const place = workplace(t, { 'endless.yaml': SHORT, 'sweep.yaml': SWEEP });
      const command = start(kind === 'train' ? ['train', 'endless.yaml'] : ['sweep', 'sweep.yaml'], { cwd: place });
      t.teardown(() => command.child.kill('SIGKILL'));
      const parent = path.join(place, kind === 'train' ? 'runs' : 'sweeps');
      const directory = path.join(parent, await until(() => onlyIn(parent)));
      await until(() => onlyIn(path.join(kind === 'train' ? directory : path.join(directory, 'trials/0'), 'checkpoints')));
      command.child.kill('SIGSTOP');
      await stopped(command);
      // As the message for a lock of another machine says, for whoever knows that its process is gone.
      for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
        if (path.basename(name) === 'lock') rmSync(path.join(directory, name), { recursive: true });
      const owner = start(kind === 'train' ? ['resume', directory] : ['sweep', 'resume', directory], { cwd: place });
      const other = await owner.finished;
      t.is(other.code, 0, other.stderr);
      const before = contentOf(directory);
      command.child.kill('SIGCONT');
      const { code, stderr } = await command.finished;
      t.is(code, EXIT.busy, stderr);
      t.true(stderr.includes(`in use by process ${owner.child.pid} on`), stderr);
      t.deepEqual(contentOf(directory), before);
      if (kind === 'sweep') t.is((await gradloom(['sweep', 'status', directory], { cwd: place })).code, 0);
    },
  );
}
