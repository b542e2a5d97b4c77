// Mutated tables: `node scripts/fuzz-tables.mjs [csv] [parquet] [seed]`, after `npx tsc -p .`. Exits 1 on a failure.
//   csv, parquet  how many files of each: they must be read to finite numbers, or refused with their place
import { fuzzTables } from '../dist/test/data/table/support/fuzz.js';

const counts = { csv: Number(process.argv[2] ?? 20_000), parquet: Number(process.argv[3] ?? 5000) };
const seed = Number(process.argv[4] ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}`);
for (const [format, count] of Object.entries(counts)) {
  const { accepted, rejected, slowestMs, mostMiB, failures } = await fuzzTables(format, seed, count);
  console.log(
    `${format}: ${accepted} accepted, ${rejected} rejected, slowest ${slowestMs.toFixed(1)} ms, at most ${mostMiB.toFixed(0)} MiB, ${failures.length} failures`,
  );
  for (const failure of failures.slice(0, 20)) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}
