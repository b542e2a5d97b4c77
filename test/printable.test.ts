import test from 'ava';
import { GradloomError, printable, printableJson, printableLines, printableSentence } from '../src/errors.ts';

/** What must never reach a terminal as it is. */
const HOSTILE: readonly [name: string, text: string, shown: string][] = [
  ['escape', '\u001b[2J', '\\u001b[2J'],
  ['bell', '\u0007', '\\u0007'],
  ['delete', '\u007f', '\\u007f'],
  ['C1 control', '\u009b2J', '\\u009b2J'],
  ['line break', '\n', '\\u000a'],
  ['right-to-left override', '\u202e', '\\u202e'],
  ['Arabic letter mark', '\u061c', '\\u061c'],
  ['isolate', '\u2066\u2069', '\\u2066\\u2069'],
  ['line separator', '\u2028\u2029', '\\u2028\\u2029'],
  ['zero width', '\u200b\u200d\u2060\ufeff', '\\u200b\\u200d\\u2060\\ufeff'],
  ['soft hyphen', '\u00ad', '\\u00ad'],
  ['variation selector', '\ufe0f', '\\ufe0f'],
  ['supplementary variation selector', '\u{e0100}', '\\u{e0100}'],
  ['tag', '\u{e0041}', '\\u{e0041}'],
  ['Hangul filler', '\u3164', '\\u3164'],
  ['lone surrogate', '\ud800x\udc00', '\\ud800x\\udc00'],
  ['noncharacter', '\uffff\u{1fffe}', '\\uffff\\u{1fffe}'],
  ['no-break space', '1\u00a0000', '1\\u00a0000'],
  ['em space', '\u2003', '\\u2003'],
  ['ideographic space', '\u3000', '\\u3000'],
  ['blank braille pattern', '\u2800', '\\u2800'],
];

for (const [name, text, shown] of HOSTILE) {
  test(`printed by its code: ${name}`, (t) => {
    t.is(printable(text), shown);
    t.is(printable(printable(text)), shown);
    if (text !== '\n') t.is(printableLines(text), shown);
    const json = printableJson({ [text]: [text] });
    t.deepEqual(JSON.parse(json), { [text]: [text] });
    t.is(json.replaceAll('\n', ''), printable(json.replaceAll('\n', ''), Number.POSITIVE_INFINITY));
  });
}

test('what people write is printed as it is', (t) => {
  const text =
    'a b, \u00e9\u00df, e\u0301, \u4e2d\u6587, \u05e9\u05dc\u05d5\u05dd, \u0645\u0631\u062d\u0628\u0627, \u{1f600}, \u2588\u2591\u2026';
  t.is(printable(text), text);
});

test('a cut leaves whole characters', (t) => {
  t.is(printable('a\u{1f600}b', 2), 'a...');
  t.is(printable('a\u{1f600}b', 3), 'a\u{1f600}...');
});

test('a sentence of several lines becomes one', (t) => {
  t.is(printableSentence('two are wrong:\n  a\r\n  b\n'), 'two are wrong: a b');
});

test('the message of an error holds its list for those who catch it', (t) => {
  const error = new GradloomError({ code: 'E_USAGE', message: 'wrong:', lines: ['a', 'b'] });
  t.is(error.message, 'wrong:\n  a\n  b');
  t.deepEqual(error.problems[0]?.lines, ['a', 'b']);
});

test('of a text of several lines, both kinds of line break stay, and a carriage return alone is shown', (t) => {
  t.is(printableLines('a\nb\r\nc'), 'a\nb\r\nc');
  t.is(printableLines('a\rb\r'), 'a\\u000db\\u000d');
  t.is(printableLines('a\r\r\nb'), 'a\\u000d\r\nb');
});
