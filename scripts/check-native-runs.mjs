// Trains every experiment that is shipped (shortened) and random experiments with all features by machine code and by WebAssembly, with 1,
// 2, 3 and 7 workers, and compares all bits: `node scripts/check-native-runs.mjs [count] [seed]`, after `npx tsc -p .`. Where the processor
// has AVX-512, all of it a second time with AVX2. Exits 1 on a difference, and where machine code did not compute.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compareCode } from '../dist/test/engine/support/code-runs.js';
import { threads } from '../dist/test/engine/support/warm-threads.js';
import { nativeIsas } from '../dist/test/native/support/native.js';
import { compareShipped } from '../dist/test/runs/support/shipped.js';

const WORKERS = [1, 2, 3, 7];
const count = Number(process.argv[2] ?? 100);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const [isa] = nativeIsas();
if (isa === undefined) throw new Error('there is no machine code for this processor');
console.log(`seed ${seed}, ${count} random experiments, ${isa.name}`);
tell('what is shipped', await compareShipped(() => WORKERS));
tell('random experiments', await compareCode(seed, count, () => WORKERS));
await threads.close();
if (isa.name === 'avx512') {
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), String(count), String(seed)], {
    stdio: 'inherit',
    env: { ...process.env, GRADLOOM_CPU: 'avx2' },
  });
  if (status !== 0) process.exitCode = 1;
}

function tell(what, wrong) {
  console.log(`${what}: ${wrong.length} differences`);
  for (const line of wrong.slice(0, 20)) console.log(line);
  if (wrong.length > 0) process.exitCode = 1;
}
