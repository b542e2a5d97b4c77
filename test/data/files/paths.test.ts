import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { fileOf, filesOf } from '../../../src/data/files/paths.ts';
import { type ErrorCode, GradloomError } from '../../../src/errors.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-paths-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const at = (name: string): string => path.join(root, name);
for (const folder of ['parts/2024', 'parts/2025/deep', 'parts/.hidden', 'empty', 'folders/a']) mkdirSync(at(folder), { recursive: true });
const FILES = [
  'a.csv',
  'b10.csv',
  'b9.csv',
  '.dot.csv',
  'odd*name.csv',
  '\u{10000}.txt',
  '\uff5e.txt',
  'parts/2024/x.csv',
  'parts/2025/x.csv',
  'parts/2025/deep/y.csv',
  'parts/.hidden/z.csv',
];
for (const name of FILES) writeFileSync(at(name), name);
symlinkSync(at('parts'), at('parts/2025/back'));
symlinkSync(at('a.csv'), at('link-to-a.csv'));

const found = (...patterns: string[]): string[] => filesOf(patterns.map(at), 'data.source.path').map((file) => path.relative(root, file));

const matches: { title: string; given: string[]; files: string[] }[] = [
  { title: 'a path is itself', given: ['a.csv'], files: ['a.csv'] },
  { title: 'a list keeps its order', given: ['b9.csv', 'a.csv'], files: ['b9.csv', 'a.csv'] },
  { title: 'a glob is sorted by code point, so b10 stands before b9', given: ['b*.csv'], files: ['b10.csv', 'b9.csv'] },
  { title: 'letters beyond the first 65,536 come last', given: ['*.txt'], files: ['\uff5e.txt', '\u{10000}.txt'] },
  { title: 'a question mark is one letter', given: ['?.csv'], files: ['a.csv'] },
  { title: 'a name that begins with a dot is matched by a dot only', given: ['.*.csv'], files: ['.dot.csv'] },
  { title: 'stars stand for folders too', given: ['parts/*/x.csv'], files: ['parts/2024/x.csv', 'parts/2025/x.csv'] },
  {
    title: 'two stars stand for any folders, not for hidden or linked ones',
    given: ['parts/**/*.csv'],
    files: ['parts/2024/x.csv', 'parts/2025/deep/y.csv', 'parts/2025/x.csv'],
  },
  {
    title: 'two stars at the end are all files below',
    given: ['parts/**'],
    files: ['parts/2024/x.csv', 'parts/2025/deep/y.csv', 'parts/2025/x.csv'],
  },
  { title: 'a file whose very name has a star is that file', given: ['odd*name.csv'], files: ['odd*name.csv'] },
  {
    title: 'globs of a list stand where they are written',
    given: ['parts/*/x.csv', 'a.csv'],
    files: ['parts/2024/x.csv', 'parts/2025/x.csv', 'a.csv'],
  },
];
for (const { title, given, files } of matches) test(`paths: ${title}`, (t) => t.deepEqual(found(...given), files));

const faults: { title: string; given: string[]; code: ErrorCode; message: RegExp; next: RegExp }[] = [
  {
    title: 'a missing file',
    given: ['none.csv'],
    code: 'E_DATA_READ',
    message: /none\.csv cannot be read: ENOENT/,
    next: /^check the path: a relative one/,
  },
  {
    title: 'a glob without a match',
    given: ['none*.csv'],
    code: 'E_DATA_READ',
    message: /^no file matches .*none\*\.csv$/,
    next: /^check the path/,
  },
  {
    title: 'a glob of folders',
    given: ['folders/*'],
    code: 'E_DATA_READ',
    message: /^no file matches .*, only directories$/,
    next: /folders\/\*\/\*$/,
  },
  {
    title: 'a directory',
    given: ['parts'],
    code: 'E_DATA_READ',
    message: /parts is a directory; expected a file$/,
    next: /^name the files in it, as .*parts\/\*; /,
  },
  { title: 'below a file', given: ['a.csv/b'], code: 'E_DATA_READ', message: /a\.csv\/b cannot be read: ENOTDIR/, next: /^check the path/ },
  {
    title: 'a device',
    given: ['../../../../../../dev/zero'],
    code: 'E_DATA_READ',
    message: /zero is not a regular file$/,
    next: /^copy what it gives/,
  },
  {
    title: 'a file that stands twice',
    given: ['a.csv', 'a.csv'],
    code: 'E_DATA_MISMATCH',
    message: /a\.csv stands twice/,
    next: /^name each file once/,
  },
  {
    title: 'a file and a link to it',
    given: ['a.csv', 'link-to-a.csv'],
    code: 'E_DATA_MISMATCH',
    message: /link-to-a\.csv stands twice/,
    next: /^name each/,
  },
  {
    title: 'a file that a glob names too',
    given: ['b*.csv', 'b9.csv'],
    code: 'E_DATA_MISMATCH',
    message: /b9\.csv stands twice/,
    next: /^name each/,
  },
];
for (const { title, given, code, message, next } of faults) {
  test(`paths: ${title} is told with the key, the path and what to do`, (t) => {
    const error = t.throws(() => filesOf(given.map(at), 'data.source.path'), { instanceOf: GradloomError });
    t.is(error.code, code);
    t.is(error.exitCode, 65);
    t.is(error.where, 'data.source.path');
    t.regex(error.message, message);
    t.regex(error.next ?? '', next);
  });
}

test('a key for one file takes a glob of one match, and refuses several', (t) => {
  t.is(fileOf(at('a*.csv'), 'data.source.x'), at('a.csv'));
  const error = t.throws(() => fileOf(at('b*.csv'), 'data.source.x'), { instanceOf: GradloomError });
  t.is(error.code, 'E_DATA_MISMATCH');
  t.regex(error.message, /b\*\.csv matches 2 files; expected one$/);
  t.regex(error.next ?? '', /^name one of them, for example .*b10\.csv$/);
});

test('a file that may not be read is told with the key', (t) => {
  const locked = at('locked.bin');
  writeFileSync(locked, 'x');
  chmodSync(locked, 0);
  if (process.getuid?.() === 0) {
    t.deepEqual(filesOf(locked, 'data.source.path'), [locked], 'root may read everything');
    return;
  }
  const error = t.throws(() => filesOf(locked, 'data.source.path'), { instanceOf: GradloomError });
  t.regex(error.message, /locked\.bin cannot be read: EACCES/);
});
