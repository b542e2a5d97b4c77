// Makes every file call of train, resume, extend, sweep, sweep resume, sweep report, runs rm, runs gc and runs tag fail (ENOSPC, EIO, EACCES,
// EMFILE; once or from then on) or kills the process there, one case after the other, and checks that the exit code is right, that what is
// said to be kept is kept, and that once the fault is gone everything comes out as without it. Then sweeps on 17 sizes of a full disk (root).
//
//   npm run build && node scripts/fuzz-storage.mjs [--limit N] [--seed N] [--jobs N] [--only NAME,NAME] [--no-full]
//
// Linux with gcc. Without --limit all cases, which takes hours. Prints its seed and how many cases there are.
import { parseArgs } from 'node:util';
import { FaultBench, slice } from '../dist/test/faults/support/fault-bench.js';

const { values } = parseArgs({
  options: {
    limit: { type: 'string' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    'no-full': { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Date.now() / 1000));
/** Kilobytes: from too little for the sweep's own files to enough for all, which is about 180. */
const SIZES = Array.from({ length: 17 }, (_, i) => 8 + 14 * i);

const bench = await FaultBench.make();
let wrong = 0;
let done = 0;
const codes = [];
const tell = (problem) => {
  if (problem === undefined) return;
  wrong++;
  console.log(problem);
};
try {
  const all = await bench.cases(values.only.split(',').filter(Boolean));
  const chosen = slice(all, Number(values.limit ?? all.length), seed);
  console.log(`seed ${seed}, ${chosen.length} of ${all.length} cases`);
  const left = [...chosen];
  await Promise.all(
    Array.from({ length: Number(values.jobs) }, async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        tell(await bench.check(next));
        if (++done % 20 === 0) console.log(`${done} done, ${wrong} wrong`);
      }
    }),
  );
  for (const size of values['no-full'] ? [] : SIZES) {
    const full = await bench.checkFull(size);
    if (full === undefined) {
      console.log('full disks: skipped, this process may not mount');
      break;
    }
    codes.push(full.code);
    tell(full.problem);
    done++;
  }
  if (codes.length > 0) {
    console.log(`full disks of ${SIZES[0]} to ${SIZES.at(-1)} KB ended with ${codes.join(' ')}`);
    if (!codes.includes(74) || !codes.includes(0)) tell('full disks: not all of these sizes should end the same');
  }
} finally {
  bench.dispose();
}
console.log(wrong === 0 ? `all ${done} as they should be` : `${wrong} of ${done} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
