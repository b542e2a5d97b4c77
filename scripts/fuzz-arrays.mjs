// Fuzzes the readers of binary arrays: `node scripts/fuzz-arrays.mjs [count] [seed]`, after `npx tsc -p .`. Exits 1 on a failure.
//   count   mutated files of each format, which must give as many numbers as their header says, or an error with its place
import { BINARY_FORMATS, fuzzArrays } from '../dist/test/data/support/fuzz-arrays.js';

/** More than this beyond the start means that a header was believed. */
const MOST_BYTES = 256 * 2 ** 20;

const count = Number(process.argv[2] ?? 5000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}, ${count} files of each format`);
const before = process.memoryUsage.rss();
for (const format of BINARY_FORMATS) {
  const started = performance.now();
  const { accepted, rejected, failures } = await fuzzArrays(format, seed, count);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${format}: ${accepted} accepted, ${rejected} rejected, ${failures.length} failures, ${seconds} s`);
  for (const failure of failures.slice(0, 20)) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}
const grown = process.resourceUsage().maxRSS * 1024 - before;
console.log(`memory grew by ${(grown / 2 ** 20).toFixed(0)} MiB at most`);
if (grown > MOST_BYTES) process.exitCode = 1;
