import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { EXIT, GradloomError } from '../../src/errors.ts';
import { LineFollower, readLines } from '../../src/storage/line-reader.ts';
import { count, fields } from '../../src/storage/shape.ts';
import { fileIn } from './support/line-file.ts';

test('S8 a torn last line is told from whole ones', (t) => {
  const name = fileIn(t, '{"a":1}\n{"a":2}\n{"a');
  t.deepEqual(readLines(name), { lines: [{ a: 1 }, { a: 2 }], length: 16, isTorn: true });
  t.deepEqual(readLines(name, 8), { lines: [{ a: 1 }], length: 8, isTorn: false });
  t.deepEqual(readLines(fileIn(t, '')), { lines: [], length: 0, isTorn: false });
});

test('lines longer than a piece that is read at once are whole, and longer than allowed are refused before they fill the memory', (t) => {
  const long = { text: 'x'.repeat(200_000) };
  const name = fileIn(t, `{"a":1}\n${JSON.stringify(long)}\n{"a":2}\n`);
  t.deepEqual(readLines(name).lines, [{ a: 1 }, long, { a: 2 }]);
  t.is(readLines(name).length, 200_028);
  const error = t.throws(() => readLines(name, undefined, { longest: 100_000 }), { instanceOf: GradloomError });
  t.like(error, { code: 'E_RUN_FILE', where: `${name}:2`, message: 'longer than 100000 bytes' });
  const huge = fileIn(t, '{"a":1}\n');
  truncateSync(huge, 2 ** 36);
  t.regex(t.throws(() => readLines(huge), { instanceOf: GradloomError }).message, /^longer than \d+ bytes$/);
});

test('a line of another shape is E_RUN_FILE with what is wrong', (t) => {
  const name = fileIn(t, '{"a":1}\n{"a":"x"}\n');
  const error = t.throws(() => readLines(name, undefined, { shape: fields({ a: count }) }), { instanceOf: GradloomError });
  t.like(error, { code: 'E_RUN_FILE', where: `${name}:2`, message: 'a: "x", expected a whole number from 0' });
});

for (const { title, content, message } of [
  { title: 'garbage', content: '{"a":1}\nga\u0001rbage\n{"a":2}\n', message: /^not a line of JSON: .*$/ },
  { title: 'zeros', content: '{"a":1}\n\0\0\0\0\n{"a":2}\n', message: /^not a line of JSON: .*$/ },
  {
    title: 'bytes that are no text',
    content: Uint8Array.of(0x7b, 0x7d, 0x0a, 0xff, 0x0a, 0x7b, 0x7d, 0x0a),
    message: /^not a line of JSON: /,
  },
  { title: 'a number', content: '{}\n7\n', message: /^expected an object$/ },
]) {
  test(`S8 ${title} in the middle of a file of lines is E_RUN_FILE (65) with its line`, (t) => {
    const name = fileIn(t, content);
    const error = t.throws(() => readLines(name), { instanceOf: GradloomError });
    t.is(error.code, 'E_RUN_FILE');
    t.is(error.exitCode, EXIT.data);
    t.is(error.where, `${name}:2`);
    t.regex(error.message, message);
    t.false(error.message.includes('\u0001'));
  });
}

/** What a follower has told, with `anew` where it began again. */
function follower(name: string, longest?: number) {
  const told: unknown[] = [];
  const follow = new LineFollower(name, longest === undefined ? {} : { longest });
  const advance = (): unknown[] => {
    told.length = 0;
    let isMore = true;
    for (let i = 0; isMore && i < 1000; i++)
      isMore = follow.advance(
        (line) => told.push(line['a']),
        () => told.push('anew'),
      );
    return [...told];
  };
  return advance;
}

test('a file is followed while it is written: only new whole lines are told, however it is torn', (t) => {
  const name = fileIn(t, '{"a":1}\n{"a');
  const advance = follower(name);
  t.deepEqual(advance(), ['anew', 1]);
  t.deepEqual(advance(), []);
  appendFileSync(name, '":2}\n{"a":3}\n');
  t.deepEqual(advance(), [2, 3]);
  appendFileSync(name, '{"a":4}\n');
  t.deepEqual(advance(), [4]);
});

test('a followed file that was cut, replaced or removed is told anew', (t) => {
  const name = fileIn(t, '{"a":1}\n{"a":2}\n{"a":3}\n');
  const advance = follower(name);
  t.deepEqual(advance(), ['anew', 1, 2, 3]);
  truncateSync(name, 8);
  t.deepEqual(advance(), ['anew', 1]);
  writeFileSync(`${name}.new`, '{"a":7}\n{"a":8}\n{"a":9}\n');
  renameSync(`${name}.new`, name);
  t.deepEqual(advance(), ['anew', 7, 8, 9]);
  rmSync(name);
  t.deepEqual(advance(), ['anew']);
  t.deepEqual(advance(), []);
  writeFileSync(name, '{"a":1}\n');
  t.deepEqual(advance(), ['anew', 1]);
});

test('a followed file that was cut and grew past the place meanwhile is read from its beginning', (t) => {
  const name = fileIn(t, '{"a":1}\n{"a":2}\n');
  const advance = follower(name);
  t.deepEqual(advance(), ['anew', 1, 2]);
  writeFileSync(name, '{"a":1}\n{"a":22222222}\n{"a":3}\n');
  t.deepEqual(advance(), ['anew', 1, 22_222_222, 3]);
});

test('a damaged line of a followed file is an error each time, and what was told stays told once', (t) => {
  const name = fileIn(t, '{"a":1}\n{"a":2}\ngarbage\n');
  const advance = follower(name);
  t.throws(advance, { instanceOf: GradloomError, message: /^not a line of JSON/ });
  t.throws(advance, { instanceOf: GradloomError, message: /^not a line of JSON/ });
  t.throws(follower(fileIn(t, `{"a":1}\n${'x'.repeat(300)}`), 100), { instanceOf: GradloomError, message: 'longer than 100 bytes' });
});
