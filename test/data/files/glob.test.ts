import test from 'ava';
import { matchesGlob } from '../../../src/data/files/glob.ts';

const cases: [glob: string, text: string, isMatch: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['**', 'abc', true],
  ['?', 'a', true],
  ['?', '', false],
  ['a*c', 'abc', true],
  ['a*c', 'abcd', false],
  ['*a*b', 'xaxbxb', true],
  ['a?c*', 'abc', true],
  ['a.c', 'abc', false],
  ['[a]', '[a]', true],
  ['*aab', 'aaab', true],
  ['a\nb*', 'a\nbc', true],
];
for (const [glob, text, isMatch] of cases) {
  test(`${JSON.stringify(glob)} ${isMatch ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, (t) =>
    t.is(matchesGlob(glob, text), isMatch));
}

test('a pattern of a thousand stars against 10,000 letters that nearly match comes back at once', (t) => {
  const startedAt = performance.now();
  t.false(matchesGlob(`${'*a'.repeat(1000)}*b`, 'a'.repeat(10_000)));
  t.true(performance.now() - startedAt < 5000);
});
