// Simulates comparisons of worker counts on machines from which a hypervisor takes 0 to 10 % of the time, and runs the real statistics and
// verdicts on them: `node scripts/check-verdicts.mjs [runs=200] [repeats=8] [seed]`, after `npx tsc -p .`. Nothing is timed.
// Exits 1 if more than 5 % of the verdicts on any machine are false, beyond what chance does to so many runs.
import { simulate, THEFTS, TRUTHS } from '../dist/test/speedup/support/machine.js';

const runs = Number(process.argv[2] ?? 200);
const repeats = Number(process.argv[3] ?? 8);
const seed = Number(process.argv[4] ?? Math.floor(Math.random() * 1000));
const NOISE = 0.01;
const STOLEN_PERCENT = [0, 1.4, 5, 10];
const FALSE_SHARE = 0.05;
// One machine in several hundred exceeds it by chance.
const most = runs * FALSE_SHARE + 3 * Math.sqrt(runs * FALSE_SHARE * (1 - FALSE_SHARE));

console.log(`seed ${seed}: ${runs} comparisons of ${repeats} repetitions each, noise ${100 * NOISE} %; all numbers in %`);
const head = ['machine', 'theft', 'stolen', 'conclusive', 'false best', 'false limit', 'no limit told', 'intervals that hold'];
const line = (cells) =>
  console.log(
    cells
      .map((cell) => String(cell).padEnd(14))
      .join('')
      .trimEnd(),
  );
line(head);
let good = true;
for (const [name, truths] of Object.entries(TRUTHS)) {
  for (const percent of STOLEN_PERCENT) {
    for (const theft of percent === 0 ? THEFTS.slice(0, 1) : THEFTS) {
      const tally = simulate({ truths, theft, stolen: percent / 100, noise: NOISE, repeats }, runs, seed);
      const share = (count, of = runs) => ((100 * count) / of).toFixed(1);
      const { conclusive, wrongBest, wrongLimit, unclear, held, intervals } = tally;
      const isGood = wrongBest <= most && wrongLimit <= most;
      const cells = [share(conclusive), share(wrongBest), share(wrongLimit), share(unclear), share(held, intervals)];
      line([name, theft, percent, ...cells, isGood ? '' : 'too many false verdicts']);
      good &&= isGood;
    }
  }
}
console.log(good ? 'ok' : 'too many false verdicts');
process.exitCode = good ? 0 : 1;
