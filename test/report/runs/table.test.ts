import test from 'ava';
import {
  formatCell,
  renderComparison,
  renderRunTable,
  runTableCsv,
  runTableMarkdown,
  runTableObjects,
} from '../../../src/report/runs/table.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import { sparkline } from '../../../src/report/text/sparkline.ts';
import type { Cell, Column } from '../../../src/runs/store/columns.ts';
import type { StoredRun } from '../../../src/runs/store/store.ts';
import type { Comparison } from '../../../src/runs/store/table.ts';

function run(id: string): StoredRun {
  return { directory: `/runs/${id}`, record: { id } as StoredRun['record'], config: () => ({}) };
}

function column(title: string, kind: Column['kind']): Column {
  return { title, kind, of: () => null };
}

const RUNS = [run('mnist-20260101-000000-aaaaaa'), run('b')];

function comparison(columns: readonly Column[], rows: readonly (readonly Cell[])[], curves?: (number | null)[][]): Comparison {
  return {
    columns: [column('id', 'text'), ...columns],
    rows: RUNS.map((of, i) => ({ run: of, cells: [of.record.id, ...(rows[i] ?? [])] })),
    curve: curves && { metric: 'val.loss', of: (of) => ({ steps: [], values: curves[RUNS.indexOf(of)] ?? [] }) },
  };
}

const plain = { boxed: false, paint: unpainted, columns: 100 };
const COLUMNS = [
  column('optimizer.lr', 'config'),
  column('min val.loss', 'loss'),
  column('best val.accuracy', 'share'),
  column('tags', 'text'),
];
const ROWS = [
  [0.1, 0.25, 0.9731, 'x y'],
  [1e-5, null, null, null],
];

test('a table has runs by their short ids, and values as people read them', (t) => {
  t.is(
    renderRunTable(comparison(COLUMNS, ROWS), plain),
    'run           optimizer.lr  min val.loss  best val.accuracy  tags\nmnist-aaaaaa           0.1      0.250000            97.31 %  x y\nb                  0.00001             -                  -  -',
  );
});

test('titles take two lines where they are too wide for one', (t) => {
  t.is(
    renderRunTable(comparison(COLUMNS, ROWS), { ...plain, columns: 60 }),
    `
              optimizer.       min          best
run                   lr  val.loss  val.accuracy  tags
mnist-aaaaaa         0.1  0.250000       97.31 %  x y
b                0.00001         -             -  -`.slice(1),
  );
});

test('columns that do not fit are left out and named, results before config keys, never the run', (t) => {
  const table = comparison(COLUMNS, ROWS);
  const said = (columns: number): string | undefined =>
    renderRunTable(table, { ...plain, columns })
      .split('\n')
      .at(-1);
  t.is(said(54), 'b                0.00001         -             -  -');
  t.is(said(50), '--csv has all)');
  t.is(said(40), '--csv has all)');
  t.regex(renderRunTable(table, { ...plain, columns: 50 }), /^left out for want of room: tags \(--cols chooses,\n--csv/m);
  t.regex(renderRunTable(table, { ...plain, columns: 40 }), /^left out for want of room: best\nval\.accuracy, tags \(--cols chooses,\n/m);
  t.is(renderRunTable(table, { ...plain, columns: 5 }).split('\n')[1], 'mnist-aaa…');
});

for (const columns of [20, 40, 60, 80, 120]) {
  test(`a table in a terminal of ${columns} columns keeps to them`, (t) => {
    const lines = renderComparison(comparison(COLUMNS, ROWS, [[1, 2], []]), { boxed: true, paint: unpainted, columns }).split('\n');
    t.true(lines.every((line) => line.length <= columns));
    t.true(lines.length >= 6);
  });
}

test('curves stand beside each other on one scale if there is room', (t) => {
  const curves = [
    [8, 4, 1],
    [8, null, 15],
  ];
  const lines = renderComparison(comparison(COLUMNS, ROWS, curves), plain).split('\n');
  t.true(lines[0]?.endsWith('tags  val.loss'));
  t.true(lines[1]?.endsWith('x y   ▅▂▁'), lines[1]);
  t.true(lines[2]?.endsWith('-     ▅ █'), lines[2]);
  t.false(renderComparison(comparison(COLUMNS, ROWS, curves), { ...plain, columns: 60 }).includes('▁'));
});

test('a curve without a finite value and a flat one can be drawn', (t) => {
  t.is(sparkline([null, null], { low: Infinity, high: -Infinity, width: 10 }), '  ');
  t.is(sparkline([1, 1], { low: 1, high: 1, width: 10 }), '▁▁');
  t.is(
    sparkline(
      Array.from({ length: 100 }, (_, i) => i),
      { low: 0, high: 99, width: 8 },
    ).length,
    8,
  );
});

test('E6: cells of CSV that a spreadsheet would run get an apostrophe, numbers are left alone', (t) => {
  const cells = ['=1+1', '+a', '-a', '@x', '\tx', 'a,"b"'];
  const table = comparison(
    cells.map((_, i) => column(`c${i}`, 'text')),
    [cells, [-1, 0.5, true, null, 1e-7, '']],
  );
  t.is(
    runTableCsv(table),
    `id,c0,c1,c2,c3,c4,c5\r\nmnist-20260101-000000-aaaaaa,'=1+1,'+a,'-a,'@x,'\\u0009x,"a,""b"""\r\nb,-1,0.5,true,,1e-7,\r\n`,
  );
});

test('Markdown has all columns, and text that stays text', (t) => {
  const table = comparison([column('a|b', 'text')], [['*x*'], [null]]);
  t.is(runTableMarkdown(table), '| run | a\\|b |\n| --- | ---: |\n| mnist-aaaaaa | \\*x\\* |\n| b | - |');
});

test('programs get full ids, raw values and the directory', (t) => {
  t.deepEqual(runTableObjects(comparison(COLUMNS.slice(0, 1), ROWS))[1], { id: 'b', 'optimizer.lr': 1e-5, directory: '/runs/b' });
});

test('text from files cannot reach the terminal unescaped', (t) => {
  t.is(formatCell('text', 'a\u001b[2J'), 'a\\u001b[2J');
  t.is(formatCell('config', 'x'.repeat(99)).length, 63);
});
