// Mutated PNG and JPEG files, each decoded or refused with its byte, soon and with little memory: `node scripts/fuzz-images.mjs [count] [seed]`,
// after `npx tsc -p .`. Exits 1 on a failure.
import { fuzzPictures } from '../dist/test/data/images/support/fuzz.js';
import { smallJpegs, smallPngs } from '../dist/test/data/images/support/samples.js';

const count = Number(process.argv[2] ?? 5000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}, ${count} files a format`);
for (const [format, files] of Object.entries({ PNG: smallPngs(), JPEG: smallJpegs() })) {
  const { decoded, refused, slowestMs, mostBytes, failures } = fuzzPictures(files, seed, count);
  const most = (mostBytes / 2 ** 20).toFixed(1);
  console.log(
    `${format}: ${decoded} decoded, ${refused} refused, slowest ${slowestMs.toFixed(1)} ms, at most ${most} MiB, ${failures.length} failures`,
  );
  for (const failure of failures.slice(0, 20)) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}
