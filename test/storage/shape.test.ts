import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { EXIT, GradloomError } from '../../src/errors.ts';
import {
  anyOf,
  anything,
  count,
  fields,
  finite,
  flag,
  listOf,
  mapOf,
  oneOf,
  optional,
  orNull,
  pairOf,
  problemOf,
  readJson,
  type Shape,
  text,
  textUpTo,
} from '../../src/storage/shape.ts';

const shape = fields({
  step: count,
  name: optional(text),
  word: oneOf(['a', 'b']),
  best: mapOf(fields({ value: orNull(finite) })),
  list: listOf(pairOf(text, flag), 2),
});
const right = { step: 1, word: 'a', best: { x: { value: null } }, list: [['t', true]], other: 'kept' };

const cases: [title: string, value: unknown, shape: Shape<unknown>, problem: string | undefined][] = [
  ['what fits', right, shape, undefined],
  ['no object', [], shape, '[], expected an object'],
  ['a missing key', { ...right, step: undefined }, shape, 'step: missing, expected a whole number from 0'],
  ['a number above 2^53', { ...right, step: 2 ** 53 }, shape, 'step: 9007199254740992, expected a whole number from 0'],
  ['a negative number', { ...right, step: -1 }, shape, 'step: -1, expected a whole number from 0'],
  ['an optional key of another type', { ...right, name: null }, shape, 'name: null, expected text'],
  ['another word', { ...right, word: 'c' }, shape, 'word: "c", expected one of a, b'],
  ['a value deep inside', { ...right, best: { x: { value: 'y' } } }, shape, 'best.x.value: "y", expected a number'],
  ['an item of a pair', { ...right, list: [['t', 1]] }, shape, 'list.0.1: 1, expected true or false'],
  ['too long a pair', { ...right, list: [['t', true, 1]] }, shape, 'list.0: a list, expected a list of two'],
  ['too many items', { ...right, list: [1, 2, 3] }, shape, 'list: a list, expected at most 2 items'],
  ['none of several', {}, anyOf(text, finite, flag), 'an object, expected text or a number or true or false'],
  ['a long text', 'x'.repeat(100), textUpTo(10), `"${'x'.repeat(60)}...", expected text of at most 10 letters`],
  ['an inherited key', JSON.parse('{"__proto__": {"step": 1}}'), fields({ step: count }), 'step: missing, expected a whole number from 0'],
  ['deep nesting', JSON.parse('['.repeat(65) + ']'.repeat(65)), anything, 'a list, expected values nested at most 64 deep'],
];
for (const [title, value, wanted, problem] of cases) {
  test(`${title}: ${problem ?? 'no problem'}`, (t) => t.is(problemOf(value, wanted), problem));
}

test('a JSON file that is missing is undefined; one that is not as it should be is E_RUN_FILE (65) with its path', (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-shape-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'file.json');
  const read = (): unknown => readJson(file, 100, fields({ step: count }));
  t.is(read(), undefined);
  writeFileSync(file, '{"step": 3}');
  t.deepEqual(read(), { step: 3 });
  for (const [content, message] of [
    ['{"step": "x"}', /^step: "x", expected a whole number from 0$/],
    ['{"step":', /^not JSON: /],
    [Buffer.of(0xff), /^not UTF-8$/],
    [' '.repeat(101), /^101 bytes, expected at most 100$/],
  ] as const) {
    writeFileSync(file, content);
    const error = t.throws(read, { instanceOf: GradloomError });
    t.like(error, { code: 'E_RUN_FILE', exitCode: EXIT.data, where: file });
    t.regex(error.message, message);
  }
});
