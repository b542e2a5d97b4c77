import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import test from 'ava';
import { ERROR_CODES } from '../src/error-codes.ts';
import { type Blame, type ErrorCode, EXIT, GradloomError, isGradloomError } from '../src/errors.ts';
import { readError } from '../src/storage/read.ts';

function refused(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: refused`), { code, syscall: 'read' });
}

for (const [code, blame] of [
  ['E_CONFIG_VALUE', 'configuration'],
  ['E_DIVERGED', 'configuration'],
  ['E_DATA_LENGTH', 'data'],
  ['E_LABEL_RANGE', 'data'],
  ['E_STORAGE', 'machine'],
  ['E_BUSY', 'machine'],
  ['E_ENGINE', 'machine'],
  ['E_POOL_START', 'machine'],
  ['E_WORKER_TRAP', 'gradloom'],
  ['E_INTERNAL', 'gradloom'],
] as const satisfies [ErrorCode, Blame][]) {
  test(`${code} is to be blamed on: ${blame}`, (t) => {
    t.is(new GradloomError({ code, message: 'x' }).blame, blame);
  });
}

test('whatever exits with 69, 74 or 75 is the fault of the machine', (t) => {
  const paused: readonly number[] = [EXIT.unavailable, EXIT.storage, EXIT.busy];
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const { blame, exitCode } = new GradloomError({ code, message: 'x' });
    if (paused.includes(exitCode)) t.is(blame, 'machine', code);
  }
});

for (const code of ['ENOSPC', 'EIO', 'EMFILE', 'ENFILE', 'EROFS', 'EACCES', 'ENOMEM', 'EAGAIN', 'ESTALE', 'EDQUOT', 'EBUSY']) {
  test(`a data file that cannot be read by ${code} is the fault of the machine, however deep it is told`, (t) => {
    const error = readError('x.idx', refused(code));
    t.is(error.exitCode, EXIT.data);
    t.is(error.blame, 'machine');
    t.is(new GradloomError({ code: 'E_CONFIG_READ', message: 'x', cause: new Error('x', { cause: error }) }).blame, 'machine');
  });
}

test('a data file that is missing or no file is the fault of the data', async (t) => {
  const missing = await t.throwsAsync(open('/no/such/file'));
  t.is(readError('/no/such/file', missing).blame, 'data');
  t.is(
    readError(
      '/',
      t.throws(() => readFileSync('/')),
    ).blame,
    'data',
  );
});

test('memory that is refused is the fault of the machine, a model too large for any is that of the configuration', (t) => {
  const cause = t.throws(() => new SharedArrayBuffer(2 ** 52), { instanceOf: RangeError });
  t.is(new GradloomError({ code: 'E_MEMORY', message: 'x', cause }).blame, 'machine');
  t.is(new GradloomError({ code: 'E_MEMORY', message: 'x' }).blame, 'configuration');
  const worker = Object.assign(new Error('x'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  t.is(new GradloomError({ code: 'E_WORKER_EXIT', message: 'x', cause: worker }).blame, 'machine');
});

test('threads that fail as they start are not the fault of the machine, threads that are late are', (t) => {
  const failed = new GradloomError({ code: 'E_WORKER', message: 'x' });
  t.is(new GradloomError({ code: 'E_POOL_START', message: 'x', cause: failed }).blame, 'gradloom');
  const refusedThread = new GradloomError({ code: 'E_WORKER_EXIT', message: 'x', cause: refused('ERR_WORKER_INIT_FAILED') });
  t.is(new GradloomError({ code: 'E_POOL_START', message: 'x', cause: refusedThread }).blame, 'machine');
});

test('causes in a circle come to an end', (t) => {
  const [a, b] = [new Error('a'), new Error('b')];
  a.cause = b;
  b.cause = a;
  t.is(new GradloomError({ code: 'E_DATA_READ', message: 'x', cause: a }).blame, 'data');
});

test('an error keeps all that it was told: where, what, what is kept and what comes next', (t) => {
  const cause = new Error('why');
  const details = {
    code: 'E_DATA_READ',
    message: 'x',
    where: 'a.idx',
    frame: '> 1 | a',
    kept: 'the run',
    next: 'mend it',
    lines: ['y', 'z'],
  } as const;
  const error = new GradloomError({ ...details, cause });
  const { code, where, frame, kept, next, lines } = error;
  t.deepEqual({ code, message: 'x', where, frame, kept, next, lines }, details);
  t.is(error.message, 'x\n  y\n  z');
  t.is(error.cause, cause);
  t.is(error.name, 'GradloomError');
  t.is(error.exitCode, EXIT.data);
  t.deepEqual(error.problems, [{ ...details, cause }]);
  const second = { ...details, where: 'b.idx' };
  t.deepEqual(new GradloomError(details, [details, second]).problems, [details, second]);
});

test('isGradloomError knows an error of another copy by its name and code, and nothing else', (t) => {
  const error = new GradloomError({ code: 'E_ROW', message: 'x' });
  const copied = Object.assign(new Error('x'), { name: 'GradloomError', code: 'E_ROW' });
  for (const one of [error, copied]) {
    t.true(isGradloomError(one));
    t.true(isGradloomError(one, 'E_MEMORY', 'E_ROW'));
    t.false(isGradloomError(one, 'E_MEMORY'));
  }
  const others = [new Error('x'), refused('ENOSPC'), { name: 'GradloomError', code: 'E_ROW' }, 'E_ROW', null, undefined];
  others.push(Object.assign(new Error('x'), { name: 'GradloomError', code: 'toString' }));
  for (const one of others) t.false(isGradloomError(one));
});
