import test from 'ava';
import { unpainted } from '../../src/report/paint.ts';
import { chooseEvenly, renderFacts, renderTable } from '../../src/report/table.ts';

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
      unpainted,
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
