import test from 'ava';
import fc from 'fast-check';
import { firstColumns, unpainted, widthOf } from '../../../src/report/text/paint.ts';
import { chooseEvenly, renderFacts, renderTable } from '../../../src/report/text/table.ts';
import { wrapped } from '../../../src/report/text/wrapped.ts';

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

test('numbers stay whole: columns that do not fit go from the last on, those that tell least first, and are named', (t) => {
  const wide = {
    head: ['run', 'loss', 'rate', 'digits of it', 'samples/s'],
    rows: [['mnist-29', '0.123456', '12.50 %', '1,234,567', '81 (70 to 92)']],
    minor: ['rate'],
  };
  const at = (columns: number): string[] => renderTable(wide, { boxed: false, paint: unpainted, columns }).split('\n');
  t.deepEqual(at(53).slice(-1), ['mnist-29  0.123456  12.50 %  1,234,567  81 (70 to 92)']);
  t.deepEqual(at(52).slice(-2), ['mnist-29  0.123456  1,234,567  81 (70 to 92)', 'left out for want of room: rate (--json has all)']);
  t.deepEqual(at(30).slice(-4), ['mnist-29  0.123456  1,234,567', 'left out for want of room:', 'rate, samples/s (--json has', 'all)']);
  t.deepEqual(at(28).slice(-4), ['mnist-29  0.123456', 'left out for want of room:', 'rate, digits of it,', 'samples/s (--json has all)']);
});

test('a text is cut behind a word, and what the rows are called last of all', (t) => {
  const wide = {
    head: ['column', 'values'],
    rows: [['flipper_length_mm', '3: Adelie 152, Gentoo 124, Chinstrap 68']],
    align: ['left', 'left'] as const,
  };
  t.is(renderTable(wide, { boxed: false, paint: unpainted, columns: 36 }).split('\n')[1], 'flipper_length_mm  3: Adelie 152,…');
  t.is(renderTable(wide, { boxed: false, paint: unpainted, columns: 22 }).split('\n')[1], 'flipper_l…  3: Adelie…');
});

const number = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc.integer().map((value) => `${value} %`),
);
for (const [of, cell] of [
  ['numbers', number],
  ['texts and numbers', fc.oneof(number, fc.string({ maxLength: 60 }))],
] as const) {
  test(`no line of a table of ${of} is wider than the terminal, and no number in it is cut`, (t) => {
    const tables = fc.integer({ min: 1, max: 12 }).chain((columns) =>
      fc.record({
        head: fc.array(fc.stringMatching(/^[a-z. ]{0,20}$/), { minLength: columns, maxLength: columns }),
        rows: fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 4 }),
      }),
    );
    fc.assert(
      fc.property(tables, fc.integer({ min: 40, max: 130 }), fc.boolean(), (table, columns, boxed) => {
        const text = renderTable(table, { boxed, paint: unpainted, columns });
        t.true(text.split('\n').every((line) => line.length <= columns));
        if (cell === number) t.false(text.includes('…'));
      }),
      { numRuns: 50 },
    );
  });
}

test('what a cell or a fact holds stays in its line', (t) => {
  const look = { boxed: false, paint: unpainted };
  t.is(renderTable({ head: ['a'], rows: [['b\nc\u001b[2J']] }, look), '                a\nb\\u000ac\\u001b[2J');
  t.is(renderFacts([['a', 'b\r\nc']], look), 'a  b\\u000d\\u000ac');
});

test('a long fact goes on below its value', (t) => {
  t.is(renderFacts([['name', 'one two three four']], { paint: unpainted, columns: 16 }), 'name  one two\n      three four');
  t.is(wrapped('unbreakable', 4), 'unbreakable');
  t.is(wrapped('epoch 1/3  train loss', 10, 2), 'epoch 1/3\n  train loss');
});

test('letters that take two columns count as two, wherever they stand', (t) => {
  const wide = {
    head: ['名前', 'size'],
    rows: [
      ['東京の実験 その二', '10'],
      ['é', '2'],
      ['👩‍👩‍👧 family', '3'],
    ],
    align: ['left', 'right'] as const,
  };
  for (const columns of [Number.POSITIVE_INFINITY, 40, 22]) {
    for (const boxed of [true, false]) {
      const lines = renderTable(wide, { boxed, paint: unpainted, columns }).split('\n');
      if (boxed) t.is(new Set(lines.filter((line) => /^[┌├│└]/.test(line)).map(widthOf)).size, 1, lines.join('\n'));
      t.true(lines.every((line) => widthOf(line) <= columns));
    }
  }
  t.is(
    renderFacts(
      [
        ['名', '1'],
        ['name', '2'],
      ],
      { paint: unpainted },
    ),
    '名    1\nname  2',
  );
  t.is(firstColumns('東京の実験', 5), '東京');
  t.is(firstColumns('e\u0301e\u0301x', 2), 'e\u0301e\u0301');
});
