import { PassThrough } from 'node:stream';
import test from 'ava';
import { forTerminal, painter, printablePart, widthOf } from '../../../src/report/text/paint.ts';
import { renderTable } from '../../../src/report/text/table.ts';

test.before(() => {
  process.env['FORCE_COLOR'] = '1';
  delete process.env['NO_COLOR'];
});

test('our own colours reach the terminal, those of a text from a file do not', (t) => {
  const paint = painter(new PassThrough());
  const text = `${paint('red', 'a\u001b[32mb')}\u001b[0m`;
  t.is(forTerminal(text), '\u001b[31ma\\u001b[32mb\u001b[39m\\u001b[0m');
  t.is(forTerminal(printablePart(`${paint('bold', 'a\nb')}\n`)), '\u001b[1ma\\u000ab\u001b[22m\\u000a');
});

test('line breaks stay, a lone carriage return does not', (t) => {
  t.is(forTerminal('a\nb\r\nc\rd\n'), 'a\nb\r\nc\\u000dd\n');
});

test('colours take no columns of a table', (t) => {
  const paint = painter(new PassThrough());
  t.is(widthOf(paint('green', 'four')), 4);
  for (const boxed of [false, true]) {
    const look = { boxed, paint: painter(new PassThrough()) };
    const plain = { head: ['a'], rows: [['long cell'], ['b']] };
    const coloured = { head: ['a'], rows: [[paint('green', 'long cell')], ['b']] };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
    const bare = (text: string): string => forTerminal(text).replaceAll(/\u001b\[\d+m/g, '');
    t.is(bare(renderTable(coloured, look)), bare(renderTable(plain, look)));
  }
});
