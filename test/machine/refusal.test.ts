import test from 'ava';
import { EXIT, GradloomError } from '../../src/errors.ts';
import { memoryLimit, userLimits } from '../../src/machine/limits.ts';
import { checkMemory, refusalError } from '../../src/machine/refusal.ts';
import { showBytes } from '../../src/machine/show-bytes.ts';

const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

for (const [title, cause, message] of [
  ['no more files', withCode('EMFILE'), /^the system opens no more files for this process: ulimit -n is \d+$/],
  ['no more files of the whole system', withCode('ENFILE'), /: fs\.file-max of the whole system$/],
  ['a thread, by its code', withCode('EAGAIN'), /^the system starts no more threads: /],
  ['a thread, by the message alone', new Error('EAGAIN'), /^the system starts no more threads: /],
  [
    'a thread that could open no file',
    withCode('ERR_WORKER_INIT_FAILED', 'Worker initialization failure: EMFILE'),
    /^the system opens no more files/,
  ],
  ['memory', withCode('ENOMEM'), /^the system gives no more memory: /],
  ['shared memory', new RangeError('WebAssembly.Memory(): could not allocate memory'), /^the system gives no more memory: /],
  ['an array', new RangeError('Array buffer allocation failed'), /^the system gives no more memory: /],
  ['what stands behind another error', new Error('x', { cause: withCode('EMFILE') }), /^the system opens no more files/],
] as const) {
  test(`${title}: E_LIMIT (69) with the limit and what to do`, (t) => {
    const error = refusalError(cause);
    t.is(error?.code, 'E_LIMIT');
    t.is(error?.exitCode, EXIT.unavailable);
    t.regex(error?.message ?? '', message);
    t.truthy(error?.next);
    t.is(error?.cause, cause);
  });
}

test('a fault of another kind is no refusal', (t) => {
  const circle = new Error('x');
  circle.cause = circle;
  t.is(refusalError(circle), undefined);
  for (const cause of [withCode('ENOENT'), new RangeError('Invalid array length'), new TypeError('EAGAINST'), 'EMFILE', undefined]) {
    t.is(refusalError(cause), undefined);
  }
});

test('memory beyond the limit is E_LIMIT (69) with what is needed, in use and allowed, and by what', (t) => {
  const limit = { bytes: 2 ** 40, physical: 2 ** 41, file: '/sys/fs/cgroup/memory.max' };
  t.notThrows(() => checkMemory(2 ** 39, 'the run needs', limit));
  const error = t.throws(() => checkMemory(2 ** 40, 'the run needs', limit), { instanceOf: GradloomError });
  t.is(error.exitCode, EXIT.unavailable);
  t.regex(
    error.message,
    /^the run needs 1\.0 TiB of memory beside the [\d.]+ MiB in use: the cgroup allows 1\.0 TiB \(\/sys\/fs\/cgroup\/memory\.max\)$/,
  );
  const physical = t.throws(() => checkMemory(2 ** 42, 'data.split needs', { ...limit, bytes: 2 ** 41, file: undefined }));
  t.regex(physical.message, /: the machine has 2\.0 TiB$/);
});

test('the limits of this process are numbers, or nothing', (t) => {
  for (const value of Object.values(userLimits())) t.true(value === undefined || Number.isSafeInteger(value));
  t.true(memoryLimit().bytes > 2 ** 26);
  t.deepEqual([1024, 1536 * 1024, 2 ** 30].map(showBytes), ['1.0 KiB', '1.5 MiB', '1.0 GiB']);
});
