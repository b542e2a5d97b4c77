import test from 'ava';
import { speedupChart } from '../../../src/report/speedup/chart.ts';
import { renderCsv, renderMarkdown } from '../../../src/report/speedup/files.ts';
import { renderSpeedupHtml } from '../../../src/report/speedup/html.ts';
import { renderMeasuring, renderSearching, renderSpeedup } from '../../../src/report/speedup/speedup.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import type { SpeedupResult, SpeedupRow } from '../../../src/speedup/events.ts';

const SURE = (value: number) => ({ value, low: value, high: value });

const ONE: SpeedupRow = {
  kind: 'workers',
  workers: 1,
  batch_size: 64,
  seconds: [1, 1, 1],
  samples_per_second: SURE(64_000),
  speedup: SURE(1),
  efficiency: SURE(1),
  cpu_seconds: 1,
  phases: { compute: 0.9, wait: 0, reduce: 0.08, other: 0.02 },
  imbalance: 0,
  evaluation_seconds: 0.0123,
  drift: 0,
  digest: 'abcdef0123456789',
  same_work: true,
  oversubscribed: false,
  taken: [],
  taken_share: 0,
  contaminated: [],
};
const TWO: SpeedupRow = {
  ...ONE,
  workers: 2,
  samples_per_second: { value: 115_200, low: 112_000, high: 118_400 },
  speedup: { value: 1.8, low: 1.75, high: 1.85 },
  efficiency: { value: 0.9, low: 0.875, high: 0.925 },
  karp_flatt: { value: 0.111, low: 0.08, high: 0.14 },
  cpu_seconds: 1.11,
  contaminated: ['other programs used 1.0 of 2 cores, "all" day'],
};

const RESULT: SpeedupResult = {
  version: 1,
  status: 'finished',
  name: 'a<b',
  dataset: 'blobs & more',
  parameters: 51,
  machine: { cpu: 'CPU|1', cores: { available: 2, quota: undefined, usable: 2 }, node: 'v20', gradloom: '0.1.0', load_before: 0.25 },
  settings: { workers: [1, 2], mode: 'strong', work: { steps: 1000 }, repeats: 3, baselines: [], confidence: 0.95 },
  seconds: 12,
  tables: [
    { mode: 'strong', batch_size: 64, steps: 1000, repeats: 3, rows: [ONE, TWO], model: null },
    {
      mode: 'map',
      batch_size: 16,
      steps: 100,
      repeats: 3,
      rows: [ONE, { ...TWO, speedup: { value: 0.9, low: 0.8, high: 1.1 } }],
      model: null,
    },
    { mode: 'map', batch_size: 1024, steps: 10, repeats: 3, rows: [ONE, { ...TWO, contaminated: [] }], model: null },
  ],
  verdict: { status: 'inconclusive', best_workers: null, limit: 'none', text: 'Inconclusive. Two workers <were> disturbed.' },
};

test('the terminal shows the table, bars with the ideal, reasons, the map and the verdict', (t) => {
  t.is(
    renderSpeedup(RESULT, { boxed: false, paint: unpainted }),
    `Strong scaling: 1,000 steps of 64 rows, 3 repetitions
           samples/s              speedup  efficiency   e(p)  compute  wait  reduce  CPU s  eval ms    digest
1 worker      64,000  1.00 (1.00 to 1.00)       100 %      -     90 %   0 %     8 %   1.00     12.3  abcdef01
2 workers    115,200  1.80 (1.75 to 1.85)        90 %  0.111     90 %   0 %     8 %   1.11     12.3  abcdef01  disturbed

1 worker   ████████████████████ 1.00
2 workers  ███████████████████████████████████▒▒··| 1.80

2 workers: other programs used 1.0 of 2 cores, "all" day

Speedup by batch size and workers (? disturbed)
batch   1 w    2 w  pays from
   16  1.00  0.90?      none?
1,024  1.00   1.80          2

machine  CPU|1, 2 usable cores, node v20
time     12s
verdict  Inconclusive. Two workers <were> disturbed.`,
  );
});

const TARGET: SpeedupResult = {
  ...RESULT,
  tables: [
    {
      ...RESULT.tables[0]!,
      time_to: { metric: 'val.accuracy', value: 0.95, reached: 0.9523, step: 375, epochs: 2.5, evaluations: 3 },
      rows: [
        { ...ONE, kind: 'unsliced' },
        { ...ONE, time_to_seconds: { value: 12.5, low: 12, high: 13 } },
        { ...TWO, time_to_seconds: { value: 7, low: 6.5, high: 7.5 } },
      ],
    },
  ],
};

test('the time to a target stands in every format, with the step that all rows share', (t) => {
  const look = { boxed: false, paint: unpainted };
  const note =
    "val.accuracy is 0.9523 after 375 steps (2.5 epochs), the same in every row; time to it: these steps at the row's rate and 3 evaluations";
  for (const text of [renderSpeedup(TARGET, look), renderMarkdown(TARGET), renderSpeedupHtml(TARGET).replaceAll('&#39;', "'")]) {
    t.true(text.includes('s to val.accuracy 0.95'), text);
    t.true(text.includes('12.50 (12.00 to 13.00)'), text);
    t.true(text.includes(note), text);
  }
  const [head = [], unsliced = [], , two = []] = renderCsv(TARGET)
    .split('\r\n')
    .map((line) => line.split(','));
  const names = ['time_to', 'time_to_step', 'time_to_seconds', 'time_to_seconds_high'];
  const cells = (line: readonly string[]) => names.map((name) => line[head.indexOf(name)]);
  t.deepEqual(cells(unsliced), ['val.accuracy=0.95', '', '', '']);
  t.deepEqual(cells(two), ['val.accuracy=0.95', '375', '7', '7.5']);
  t.is(
    renderSearching({ type: 'search', metric: 'val.accuracy', value: 0.9, step: 125, totalSteps: 2500 }),
    'val.accuracy 0.9 at step 125 of 2,500',
  );
});

test('progress tells the row, its rate and the time left', (t) => {
  const progress = {
    type: 'progress',
    mode: 'map',
    kind: 'workers',
    workers: 2,
    batchSize: 1024,
    samplesPerSecond: 5e4,
    done: 3,
    total: 9,
    secondsLeft: 61,
  } as const;
  t.is(renderMeasuring(progress), '3/9  map 2 workers batch 1,024  50,000 samples/s  1m 1s left');
  t.is(renderMeasuring({ ...progress, mode: 'strong', kind: 'sequential', done: 9 }), '9/9  strong sequential  50,000 samples/s');
});

test('CSV has a line a row, quoted where it must be', (t) => {
  const [head, , two, ...rest] = renderCsv(RESULT).split('\r\n');
  t.is(
    head,
    'table,kind,workers,batch_size,steps,repeats,samples_per_second,samples_per_second_low,samples_per_second_high,speedup,speedup_low,speedup_high,over_sequential,over_sequential_low,over_sequential_high,efficiency,efficiency_low,efficiency_high,karp_flatt,karp_flatt_low,karp_flatt_high,time_to,time_to_step,time_to_seconds,time_to_seconds_low,time_to_seconds_high,cpu_seconds,compute,wait,reduce,other,imbalance,evaluation_seconds,drift,digest,same_work,oversubscribed,taken,taken_share,contaminated,threads,compute_ms,exchange_ms,other_ms',
  );
  t.is(
    two,
    'strong,workers,2,64,1000,3,115200,112000,118400,1.8,1.75,1.85,,,,0.9,0.875,0.925,0.111,0.08,0.14,,,,,,1.11,0.9,0,0.08,0.02,0,0.0123,0,abcdef0123456789,true,false,,0,"other programs used 1.0 of 2 cores, ""all"" day",,,,',
  );
  t.is(rest.length, 5);
  t.is(rest.at(-1), '');
});

test('Markdown escapes what would be markup', (t) => {
  const text = renderMarkdown(RESULT);
  t.true(text.startsWith('# a\\<b: what more workers buy\n\n**Inconclusive. Two workers \\<were\\> disturbed.**\n\n## Strong scaling: '));
  t.true(
    text.includes(
      '\n| 2 workers | 115,200 | 1.80 (1.75 to 1.85) | 90 % | 0.111 | 90 % | 0 % | 8 % | 1.11 | 12.3 | abcdef01 | disturbed |\n',
    ),
  );
  t.true(text.endsWith('\nCPU\\|1, 2 usable cores, node v20, gradloom 0.1.0\n'));
});

test('HTML is one page without scripts, references or unescaped text', (t) => {
  const page = renderSpeedupHtml(RESULT);
  t.true(page.startsWith('<!doctype html>\n<html lang="en">'));
  t.true(page.includes('<h1>a&#60;b: what more workers buy</h1>'));
  t.true(page.includes('blobs &#38; more'));
  t.false(/<script|<link|src=|href=|url\(|a<b|<were>/.test(page));
  t.is(page.match(/<svg /g)?.length, 4);
  const opened = [...page.matchAll(/<(table|tr|td|th|svg|g|text|div|ul|li|p)[ >]/g)].length;
  t.is(opened, [...page.matchAll(/<\/(table|tr|td|th|svg|g|text|div|ul|li|p)>/g)].length);
});

test('a chart puts values, error bars and the ideal where the axes say', (t) => {
  const svg = speedupChart(RESULT.tables.slice(0, 1), true);
  t.true(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 976 320"'));
  // Speedup 0..2 over 240 units from y = 276 up; workers 1..2 over x = 56..464.
  t.true(svg.includes('<polyline class="ideal" points="56.0,156.0 464.0,36.0"/>'));
  t.true(svg.includes('<polyline class="line s0" points="56.0,156.0 464.0,60.0"/>'));
  t.true(svg.includes('<line class="bar s0" x1="464.0" x2="464.0" y1="66.0" y2="54.0"/>'));
  t.true(svg.includes('<circle class="f0" cx="56.0" cy="156.0" r="4"/>'));
  t.true(svg.includes('<circle class="h0" cx="464.0" cy="60.0" r="4"/>'));
  t.false(svg.includes('NaN'));
});

test('a wide interval does not squash the bars: it is cut and marked, on the terminal and in the chart', (t) => {
  const wide = { ...TWO, contaminated: [], speedup: { value: 1.8, low: 0.9, high: 60 }, efficiency: { value: 0.9, low: 0.45, high: 30 } };
  const tables = [{ ...RESULT.tables[0]!, rows: [ONE, wide] }];
  const text = renderSpeedup({ ...RESULT, tables }, { boxed: false, paint: unpainted });
  t.true(text.includes(`\n1 worker   ${'█'.repeat(16)} 1.00\n2 workers  ${'█'.repeat(14)}${'▒'.repeat(26)}» 1.80\n`), text);
  const svg = speedupChart(tables, true);
  // Up to 3.2: the ideal at 2 is 150 of 240 units up, and the interval goes on from the top.
  t.true(svg.includes('<polyline class="ideal" points="56.0,201.0 464.0,126.0"/>'), svg);
  t.is(svg.match(/<path class="f0 cut" d="M459 36\.0h10l-5 -8z"\/>/g)?.length, 2);
});

test('what was taken from a row is said below its table', (t) => {
  const taken = { ...TWO, contaminated: [], taken: ['the hypervisor took 1.4 % of the time'], taken_share: 0.03 };
  const tables = [{ ...RESULT.tables[0]!, rows: [ONE, taken] }];
  const text = renderSpeedup({ ...RESULT, tables }, { boxed: false, paint: unpainted });
  t.true(text.includes("\n2 workers: the hypervisor took 1.4 % of the time; its speedup's interval allows for that\n"), text);
  t.false(text.includes('disturbed\n'));
});

test('one worker alone still gives a chart', (t) => {
  t.false(speedupChart([{ ...RESULT.tables[0]!, rows: [ONE] }], true).includes('NaN'));
});

for (const columns of [60, 80, 100, 120]) {
  test(`tables keep to a terminal of ${columns} columns, and say what they leave out`, (t) => {
    const text = renderSpeedup(RESULT, { boxed: true, paint: unpainted, columns });
    const lines = text.split('\n').filter((line) => /^[┌│├└]|^left out/.test(line));
    t.true(lines.every((line) => line.length <= columns));
    t.true(lines.some((line) => line.includes('speedup')));
    if (columns <= 80) t.regex(text, /^left out for want of room: [\s\S]*digest/m);
  });
}
