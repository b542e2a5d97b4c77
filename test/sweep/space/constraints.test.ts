import test from 'ava';
import { ConstraintError, type Kind, parseConstraint } from '../../../src/sweep/space/constraints.ts';
import type { ParameterValue } from '../../../src/sweep/value.ts';

const VALUES: Readonly<Record<string, ParameterValue>> = { a: 2, 'b.0.c': 3, word: 'sgd', yes: true, none: null };
const KINDS: Readonly<Record<string, Kind[]>> = {
  a: ['number'],
  'b.0.c': ['number'],
  word: ['text'],
  yes: ['boolean'],
  none: ['null'],
  size: ['number', 'text'],
  away: ['number'],
};
const scope = {
  kinds: (key: string) => (Object.hasOwn(KINDS, key) ? new Set(KINDS[key]) : undefined),
  keys: () => Object.keys(KINDS),
};
const lookup = (key: string): ParameterValue | undefined => (key === 'size' ? 'full' : VALUES[key]);

const cases: [text: string, holds: boolean][] = [
  ['a <= b.0.c', true],
  ['b.0.c<a', false],
  ['a*b.0.c == 6', true],
  ['1 + 2 * 3 == 7', true],
  ['(1 + 2) * 3 == 9', true],
  ['8 / 4 / 2 == 1', true],
  ['5 - 2 - 1 = 2', true],
  ['-a + 2 == 0', true],
  ['--a == 2', true],
  ['1 < a < 3', true],
  ['1 < a < 2', false],
  ['a < 1 or b.0.c > 2', true],
  ['a < 1 and b.0.c > 2 or true', true],
  ['not a < 1 and not false', true],
  ['not (a > 1 or a < 0)', false],
  ["word == 'sgd'", true],
  ['word != "adam"', true],
  ['yes', true],
  ['yes == false', false],
  ['none == 0', false],
  ['size == "full"', true],
  ['1e-3 < .5', true],
  ['a / 0 > 1e308', true],
  ['away > 5', true],
  ['away > 5 and a > 5', true],
];
for (const [text, holds] of cases) {
  test(`${text} is ${holds}`, (t) => t.is(parseConstraint(text, scope).holds(lookup), holds));
}

const refused: [text: string, from: number, message: RegExp][] = [
  ['', 0, /^not understood; got the end; expected a key or a number$/],
  ['a <', 3, /^not understood; got the end/],
  ['a + 1', 0, /^not a condition; expected a comparison such as a <= b$/],
  ['a <= b.0.d', 5, /^unknown key b\.0\.d; did you mean b\.0\.c\?$/],
  ['a < nesterov', 4, /^unknown key nesterov; expected a key of the experiment, or "text" in quotes$/],
  ['a ^ 2 < 3', 2, /^not understood; got \^$/],
  ['(a < 1', 6, /^a \( that is never closed; got the end$/],
  ['a < 1)', 5, /^not understood; got \); expected and, or, or the end$/],
  ['word < 3', 0, /^< takes numbers; got text$/],
  ['size < 3', 0, /^< takes numbers; got number or text$/],
  ['yes + 1 < 3', 0, /^\+ takes numbers; got boolean$/],
  ['a and yes', 0, /^and, or takes conditions; got number$/],
  ['not a', 4, /^not takes conditions; got number$/],
  ['process.exit(1)', 0, /^unknown key process\.exit/],
  ['"open < 1', 0, /^not understood; got "$/],
  [`${'('.repeat(60)}a`, 51, /^nested deeper than 50 levels$/],
];
for (const [text, from, message] of refused) {
  test(`refused with its place: ${text.slice(0, 20)}`, (t) => {
    const error = t.throws(() => parseConstraint(text, scope), { instanceOf: ConstraintError, message });
    t.is(error.from, from);
  });
}
