import test from 'ava';
import { unpainted } from '../../../src/report/text/paint.ts';
import { chooseEvenly, renderFacts, renderTable, wrapped } from '../../../src/report/text/table.ts';

const table = {
  head: ['part', 'size'],
  rows: [
    ['a', '10'],
    ['longer', '2'],
  ],
  align: ['left', 'right'] as const,
};

test('a table for pipes has columns apart by spaces and no trailing ones', (t) => {
  t.is(renderTable(table, { boxed: false, paint: unpainted }), 'part    size\na         10\nlonger     2');
});

test('a table for terminals has a line around it and below its head', (t) => {
  const expected = [
    '┌────────┬──────┐',
    '│ part   │ size │',
    '├────────┼──────┤',
    '│ a      │   10 │',
    '│ longer │    2 │',
    '└────────┴──────┘',
  ];
  t.is(renderTable(table, { boxed: true, paint: unpainted }), expected.join('\n'));
});

test('facts stand below each other', (t) => {
  t.is(
    renderFacts(
      [
        ['a', '1'],
        ['name', '2 x'],
      ],
      { paint: unpainted },
    ),
    'a     1\nname  2 x',
  );
});

test('an even choice keeps the first and the last', (t) => {
  const items = Array.from({ length: 101 }, (_, i) => i);
  t.deepEqual(chooseEvenly(items, 5), [0, 25, 50, 75, 100]);
  t.deepEqual(chooseEvenly([1, 2, 3], 5), [1, 2, 3]);
  t.is(new Set(chooseEvenly(items, 20)).size, 20);
});

test('a table that is too wide has its widest cells cut, numbers last', (t) => {
  const wide = { head: ['key', 'a'], rows: [['loss', 'x'.repeat(50)]], align: ['left', 'left'] as const };
  const lines = renderTable(wide, { boxed: true, paint: unpainted, columns: 30 }).split('\n');
  t.true(lines.every((line) => line.length === 30));
  t.is(lines[3], `│ loss │ ${'x'.repeat(18)}… │`);
});

test('what a cell or a fact holds stays in its line', (t) => {
  const look = { boxed: false, paint: unpainted };
  t.is(renderTable({ head: ['a'], rows: [['b\nc\u001b[2J']] }, look), '                a\nb\\u000ac\\u001b[2J');
  t.is(renderFacts([['a', 'b\r\nc']], look), 'a  b\\u000d\\u000ac');
});

test('a long fact goes on below its value', (t) => {
  t.is(renderFacts([['name', 'one two three four']], { paint: unpainted, columns: 16 }), 'name  one two\n      three four');
  t.is(wrapped('unbreakable', 4), 'unbreakable');
});
