import test from 'ava';
import { expose } from '../../../src/remote/metrics/exposition.ts';

test('a metric has its meaning, its type and a line for each series, as the text format 0.0.4 has it', (t) => {
  const text = expose([
    { name: 'a_total', type: 'counter', help: 'of a', series: [{ value: 3 }] },
    {
      name: 'b',
      type: 'gauge',
      help: 'of b\nand \\',
      series: [
        { labels: { x: 'plain', y: 'a "word" \\ \n end' }, value: 0.5 },
        { labels: { x: 'é' }, value: 1e21 },
      ],
    },
    { name: 'nobody', type: 'gauge', help: 'left out', series: [] },
  ]);
  t.is(
    text,
    [
      '# HELP a_total of a',
      '# TYPE a_total counter',
      'a_total 3',
      String.raw`# HELP b of b\nand \\`,
      '# TYPE b gauge',
      String.raw`b{x="plain",y="a \"word\" \\ \n end"} 0.5`,
      'b{x="é"} 1e+21',
      '',
    ].join('\n'),
  );
});

test('numbers that are none are written as Prometheus reads them', (t) => {
  const series = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => ({ value }));
  t.is(expose([{ name: 'n', type: 'gauge', help: 'h', series }]), '# HELP n h\n# TYPE n gauge\nn NaN\nn +Inf\nn -Inf\n');
});
