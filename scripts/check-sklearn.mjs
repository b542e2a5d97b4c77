// Networks of one shape trained here and in scikit-learn, on five of its tables: `node scripts/check-sklearn.mjs [seeds]`, after
// `npx tsc -p .`. Each seed cuts a table anew and starts other weights. Exits 1 if the mean difference of a table's test scores, seed by seed,
// has a 95 % interval without 0.
import { deviation, mean } from '../dist/src/sweep/space/values.js';
import { compareWithSklearn, hasSklearn, TASKS } from '../dist/test/runs/support/sklearn.js';

const count = Number(process.argv[2] ?? 5);
const started = performance.now();
if (!hasSklearn) {
  console.error('needs scikit-learn in /usr/bin/python3: apt-get install python3-sklearn');
  process.exitCode = 1;
} else if (!(Number.isInteger(count) && count >= 2)) {
  console.error(`seeds: expected a whole number from 2; got ${process.argv[2]}`);
  process.exitCode = 64;
} else {
  const seeds = Array.from({ length: count }, (_, i) => i + 1);
  console.log(`share of test rows that is right, R squared of diabetes; mean and standard deviation over seeds 1 to ${count}`);
  const columns = [14, 16, 16, 12, 24];
  const line = (cells) => console.log(cells.map((cell, i) => cell.padEnd(columns[i] ?? 0)).join(''));
  const spread = (scores) => `${mean(scores).toFixed(4)} ± ${deviation(scores).toFixed(4)}`;
  const signed = (value) => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
  line(['table', 'scikit-learn', 'gradloom', 'difference', '95 % interval', '']);
  for (const task of TASKS) {
    const [{ table, sklearn, gradloom, difference, interval, isAlike }] = await compareWithSklearn([task], seeds);
    const verdict = isAlike ? 'alike' : 'beyond noise';
    line([table, spread(sklearn), spread(gradloom), signed(difference), interval.map(signed).join(' to '), verdict]);
    if (!isAlike) process.exitCode = 1;
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`);
}
