import test from 'ava';
import { readingStatus } from '../../../src/cli/terminal/reading.ts';

test('what takes longer than a second to read has a line until it is read, and what takes less has none', (t) => {
  const shown: (readonly string[])[] = [];
  let now = 5000;
  const tell = readingStatus(
    (lines) => shown.push(lines),
    () => now,
  );
  const at = (ms: number, path: string, done: number): void => {
    now = ms;
    tell({ path, done, total: 8 });
  };
  at(5000, 'quick.csv', 1);
  at(5999, 'quick.csv', 8);
  at(6000, 'slow.csv', 1);
  at(6999, 'slow.csv', 2);
  t.deepEqual(shown, []);
  at(7000, 'slow.csv', 4);
  at(7100, 'slow.csv', 6);
  at(7200, 'slow.csv', 8);
  at(7300, 'slow.csv', 1);
  t.deepEqual(shown, [['reading slow.csv: 50 %'], ['reading slow.csv: 75 %'], []]);
});
