import { formatCount } from '../src/report/text/numbers.ts';
import { estimate, estimateRatio, inRounds } from './rounds.ts';
import { startWorkload, WORKLOADS } from './workloads.ts';

// What changing pictures at random costs a training of 784-128-10 with batches of 64 (W2): `node dist/bench/augment.js [rounds] [steps]`.
// One worker; all kinds take turns, forth and back, and medians count. Seconds are those of processors, of all threads together, so that a
// busy machine does not spoil them: rates are those of one core.
const ROUNDS = Number(process.argv[2] ?? 9);
const STEPS = Number(process.argv[3] ?? 150);
const WORKERS = 1;

const KINDS = [
  'shift: 2',
  'rotate: 10',
  'scale: 0.1',
  'flip: horizontal',
  'elastic: {alpha: 34, sigma: 4}',
  'noise: 0.05',
  'cutout: 8',
  'shift: 2, rotate: 10, scale: 0.1, flip: horizontal',
  'shift: 2, rotate: 10, scale: 0.1, flip: horizontal, elastic: {alpha: 34, sigma: 4}, noise: 0.05, cutout: 8',
];

const workload = WORKLOADS.find(({ name }) => name.startsWith('W2'));
if (workload === undefined) throw new RangeError('W2 is one of the workloads');
const start = (overrides: readonly string[]) => startWorkload({ ...workload, steps: STEPS }, WORKERS, overrides);
const running = await Promise.all([start([]), ...KINDS.map((kind) => start([`+data.augment={${kind}}`]))]);
try {
  const [plain = [], ...changed] = await inRounds(
    running.map(
      ({ measure }) =>
        () =>
          rate(measure),
    ),
    ROUNDS,
  );
  const none = estimate(plain).value;
  console.log(`| data.augment | samples/s | slower (95 %) | microseconds a sample |`);
  console.log('|---|---:|---:|---:|');
  console.log(`| none | ${formatCount(none)} | | |`);
  for (const [i, kind] of KINDS.entries()) {
    const rates = changed[i] ?? [];
    const { value, low, high } = estimateRatio(plain, rates);
    const [times, from, to] = [value, low, high].map((ratio) => ratio.toFixed(2));
    const more = 1e6 / estimate(rates).value - 1e6 / none;
    console.log(`| \`${kind}\` | ${formatCount(estimate(rates).value)} | ${times} (${from} to ${to}) | ${more.toFixed(1)} |`);
  }
} finally {
  await Promise.all(running.map(({ close }) => close()));
}

/** Samples for each second of processor time. */
async function rate(measure: () => Promise<{ seconds: number; samplesPerSecond: number }>): Promise<number> {
  const from = process.cpuUsage();
  const { seconds, samplesPerSecond } = await measure();
  const { user, system } = process.cpuUsage(from);
  return (seconds * samplesPerSecond * 1e6) / (user + system);
}
