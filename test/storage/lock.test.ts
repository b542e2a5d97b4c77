import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../src/errors.ts';
import { DirectoryLock, lockOwner } from '../../src/storage/lock.ts';
import { type LockOwner, thisProcess } from '../../src/storage/lock-owner.ts';

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-lock-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const files = (directory: string): string[] => readdirSync(path.join(directory, 'lock')).toSorted();
const MODULE = new URL('../../src/storage/lock.js', import.meta.url).href;

/** A process that takes the lock, says so and waits. */
async function holder(t: ExecutionContext, directory: string): Promise<{ pid: number; kill: () => Promise<void> }> {
  const program = `const { DirectoryLock } = await import(${JSON.stringify(MODULE)}); DirectoryLock.acquire(${JSON.stringify(directory)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return {
    pid: child.pid!,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

test('a lock of a live process is E_BUSY (75) with its identity, and is taken over once the process was killed', async (t) => {
  const directory = temporary(t);
  const { pid, kill } = await holder(t, directory);
  const error = t.throws(() => DirectoryLock.acquire(directory), { instanceOf: GradloomError });
  t.is(error.code, 'E_BUSY');
  t.is(error.exitCode, EXIT.busy);
  t.is(error.where, directory);
  t.regex(error.message, new RegExp(`^in use by process ${pid} on .+ since \\d{4}-.+Z: .*node`));
  t.is(error.next, 'wait until it has ended, or end it');
  t.is(lockOwner(directory)?.pid, pid);
  await kill();
  t.is(lockOwner(directory), undefined);
  const lock = DirectoryLock.acquire(directory);
  t.is(lock.generation, 2);
  t.deepEqual(files(directory), ['2']);
});

test('a process cannot hold a directory twice, and can again after giving it back', (t) => {
  const directory = temporary(t);
  const first = DirectoryLock.acquire(directory);
  t.throws(() => DirectoryLock.acquire(directory), { code: 'E_BUSY' });
  first.release();
  t.is(lockOwner(directory), undefined);
  const second = DirectoryLock.acquire(directory);
  t.deepEqual([first.generation, second.generation], [1, 2]);
  first.release();
  t.deepEqual(files(directory), ['2']);
  t.true(second.isHeld);
});

test('F7 whoever was taken for dead finds that the directory has another owner', (t) => {
  const directory = temporary(t);
  const first = DirectoryLock.acquire(directory, { ...thisProcess(), started: '1' });
  t.notThrows(() => first.check());
  const second = DirectoryLock.acquire(directory);
  t.false(first.isHeld);
  t.throws(() => first.check(), { code: 'E_BUSY' });
  t.notThrows(() => second.check());
});

test('F7 a lock that was removed and taken anew is not held, though generations begin at 1 again', (t) => {
  const directory = temporary(t);
  const first = DirectoryLock.acquire(directory, { ...thisProcess(), since: 'earlier' });
  rmSync(path.join(directory, 'lock'), { recursive: true });
  const second = DirectoryLock.acquire(directory);
  t.deepEqual([first.generation, second.generation], [1, 1]);
  t.deepEqual([first.isHeld, second.isHeld], [false, true]);
  t.throws(() => first.check(), { code: 'E_BUSY', message: new RegExp(`^in use by process ${process.pid} on`) });
  first.release();
  t.deepEqual(files(directory), ['1']);
});

test('S7 the lock of a directory that is gone makes no directory', (t) => {
  const directory = path.join(temporary(t), 'gone');
  t.throws(() => DirectoryLock.acquire(directory), { code: 'E_STORAGE', message: /^cannot be locked: ENOENT/ });
  t.false(existsSync(directory));
});

const owners: { title: string; change: Partial<LockOwner>; isFree: boolean }[] = [
  { title: 'the same pid, started at another time', change: { started: '12' }, isFree: true },
  { title: 'an earlier boot of this host', change: { boot: 'another' }, isFree: true },
  { title: 'a pid that nobody has', change: { pid: 2 ** 22 + 1 }, isFree: true },
  { title: 'another pid namespace', change: { namespace: 'pid:[1]', pid: 2 ** 22 + 1 }, isFree: false },
  { title: 'another host', change: { host: 'elsewhere', boot: 'another' }, isFree: false },
];
const onLinux = process.platform === 'linux' ? test : test.skip;
for (const { title, change, isFree } of owners) {
  onLinux(`a lock of ${title} is ${isFree ? 'taken over' : 'never taken over'}`, (t) => {
    const directory = temporary(t);
    DirectoryLock.acquire(directory, { ...thisProcess(), ...change });
    if (isFree) t.is(DirectoryLock.acquire(directory).generation, 2);
    else t.throws(() => DirectoryLock.acquire(directory), { code: 'E_BUSY' });
  });
}

test('a lock that cannot be read is never taken over', (t) => {
  const directory = temporary(t);
  DirectoryLock.acquire(directory).release();
  writeFileSync(path.join(directory, 'lock', '2'), '{"pid":');
  const error = t.throws(() => DirectoryLock.acquire(directory), { instanceOf: GradloomError });
  t.is(error.message, 'in use by a lock that cannot be read');
  t.true(error.next!.includes(`remove ${path.join(directory, 'lock')}`));
});

test('S7 a directory that is gone or no directory is E_STORAGE', (t) => {
  const directory = temporary(t);
  const lock = DirectoryLock.acquire(directory);
  rmSync(path.join(directory, 'lock'), { recursive: true });
  const missing = t.throws(() => lock.check(), { instanceOf: GradloomError });
  t.is(missing.code, 'E_STORAGE');
  t.is(missing.where, path.join(directory, 'lock'));
  t.is(missing.message, 'was moved or removed while in use: ENOENT: no such file or directory');
  t.notThrows(() => lock.release());
  t.deepEqual(readdirSync(directory), []);
  const file = path.join(directory, 'file');
  writeFileSync(file, '');
  const error = t.throws(() => DirectoryLock.acquire(file), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.regex(error.message, /^cannot be locked: (ENOTDIR|EEXIST)/);
});

test('a directory that was removed or moved is E_STORAGE with ENOENT, and never made again', (t) => {
  const directory = temporary(t);
  const lock = DirectoryLock.acquire(directory);
  rmSync(directory, { recursive: true });
  for (const use of [() => lock.check(), () => DirectoryLock.acquire(directory)]) {
    const error = t.throws(use, { instanceOf: GradloomError });
    t.is(error.code, 'E_STORAGE');
    t.true(error.where?.startsWith(directory));
    t.regex(error.message, /ENOENT: no such file or directory/);
  }
  t.false(existsSync(directory));
});

for (const name of ['9007199254740991', '9007199254740992', '99999999999999999999', `1${'0'.repeat(400)}`.slice(0, 250), '007']) {
  test(`a lock of generation ${name.slice(0, 30)} is E_RUN_FILE (65) with its file, at once`, (t) => {
    const directory = temporary(t);
    mkdirSync(path.join(directory, 'lock'));
    writeFileSync(path.join(directory, 'lock', name), '');
    for (const use of [() => DirectoryLock.acquire(directory), () => lockOwner(directory)]) {
      const error = t.throws(use, { instanceOf: GradloomError });
      t.like(error, { code: 'E_RUN_FILE', exitCode: EXIT.data });
      t.true(error.where?.startsWith(path.join(directory, 'lock', name.slice(0, 20))));
    }
    t.deepEqual(files(directory), [name]);
  });
}

test('the last generation that can be counted to is taken, and the one before it', (t) => {
  const directory = temporary(t);
  mkdirSync(path.join(directory, 'lock'));
  for (const name of ['9007199254740988', '9007199254740988.released']) writeFileSync(path.join(directory, 'lock', name), '');
  t.is(DirectoryLock.acquire(directory).generation, 9_007_199_254_740_989);
});

test('130,000 files in the folder of a lock are no more than slow', (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  mkdirSync(path.join(directory, 'lock'));
  for (let i = 1; i <= 130_000; i++) writeFileSync(path.join(directory, 'lock', `${i}.released`), '');
  t.is(lockOwner(directory), undefined);
  t.is(DirectoryLock.acquire(directory).generation, 1);
});

const odd: unknown[] = [
  null,
  7,
  {},
  { pid: 1e308, host: 'x' },
  { ...thisProcess(), command: 7 },
  { ...thisProcess(), since: null },
  { ...thisProcess(), pid: -1 },
];
for (const [i, owner] of odd.entries()) {
  test(`a lock that says ${JSON.stringify(owner).slice(0, 20)} (case ${i}) cannot be read, and is never taken over`, (t) => {
    const directory = temporary(t);
    mkdirSync(path.join(directory, 'lock'));
    writeFileSync(path.join(directory, 'lock', '1'), JSON.stringify(owner));
    t.throws(() => DirectoryLock.acquire(directory), { code: 'E_BUSY', message: 'in use by a lock that cannot be read' });
  });
}

onLinux('a claim that fails leaves no file behind', (t) => {
  const directory = temporary(t);
  DirectoryLock.acquire(directory, { ...thisProcess(), started: '1' });
  const program = `
    const { DirectoryLock } = await import(${JSON.stringify(MODULE)});
    try { DirectoryLock.acquire(${JSON.stringify(directory)}); } catch (error) { console.log(error.code); }
  `;
  // Files of 0 bytes at most: the claim's content cannot be written. Without the signal, as Node ignores it.
  const script = `ulimit -f 0; exec "${process.execPath}" --input-type=module --eval '${program}'`;
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  t.is(stdout.trim(), 'E_STORAGE');
  t.deepEqual(files(directory), ['1']);
});

test('the tags have a lock of their own', (t) => {
  const directory = temporary(t);
  const whole = DirectoryLock.acquire(directory);
  const tags = DirectoryLock.acquire(directory, undefined, 'tags');
  t.throws(() => DirectoryLock.acquire(directory, undefined, 'tags'), { code: 'E_BUSY' });
  tags.release();
  t.true(whole.isHeld);
  t.is(DirectoryLock.acquire(directory, undefined, 'tags').generation, 2);
  t.is(lockOwner(directory)?.pid, process.pid);
});

test('of 8 processes that want the lock of a dead one at the same moment, exactly one gets it', async (t) => {
  const directory = temporary(t);
  DirectoryLock.acquire(directory, { ...thisProcess(), started: '1' });
  const at = Date.now() + 700;
  const program = `
    const { DirectoryLock } = await import(${JSON.stringify(MODULE)});
    while (Date.now() < ${at});
    try { console.log('got', DirectoryLock.acquire(${JSON.stringify(directory)}).generation); } catch (error) { console.log(error.code); }
    setTimeout(() => {}, 1500);
  `;
  const results = await Promise.all(
    Array.from({ length: 8 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
      return new Promise<string>((resolve) => child.on('close', () => resolve(text.trim())));
    }),
  );
  t.deepEqual(results.toSorted(), ['E_BUSY', 'E_BUSY', 'E_BUSY', 'E_BUSY', 'E_BUSY', 'E_BUSY', 'E_BUSY', 'got 2']);
});
