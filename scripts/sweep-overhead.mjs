// What a sweep adds to its trials: trials of two steps, one after the other, on warm threads.
//
//   npm run build && node scripts/sweep-overhead.mjs [trials=60]
//
// Most of it is the disk: the median fsync is printed beside it, and how many a trial needs. Compare on an idle machine.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const syncs = [];
const timed = (since) => syncs.push(performance.now() - since);
const { fsync, fsyncSync } = fs;
const { open } = fs.promises;
fs.fsyncSync = (fd) => {
  const started = performance.now();
  fsyncSync(fd);
  timed(started);
};
fs.fsync = (fd, done) => {
  const started = performance.now();
  fsync(fd, (error) => {
    timed(started);
    done(error);
  });
};
fs.promises.open = async (...args) => {
  const handle = await open(...args);
  const sync = handle.sync.bind(handle);
  handle.sync = async () => {
    const started = performance.now();
    await sync();
    timed(started);
  };
  return handle;
};
syncBuiltinESMExports();

const { loadSweep } = await import('../dist/src/sweep/file/load.js');
const { sweep } = await import('../dist/src/sweep/session/sweep.js');

const WARM = 10;
const trials = WARM + Number(process.argv[2] ?? 60);
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'gradloom-overhead-'));
try {
  fs.writeFileSync(
    path.join(place, 'base.yaml'),
    'data: {source: {type: synthetic, kind: blobs, samples: 40}}\nmodel: {layers: [{type: dense, units: 3}]}\ntrain: {steps: 2}\n',
  );
  const parameters = 'parameters: {optimizer.lr: {distribution: log_uniform_values, min: 1.0e-4, max: 1}}\n';
  fs.writeFileSync(path.join(place, 'sweep.yaml'), `base: ./base.yaml\nmethod: random\n${parameters}`);
  const overrides = [`run_cap=${trials}`, 'execution.trials=1', 'execution.workers_per_trial=1'];
  const ends = [];
  const syncsAt = [];
  for await (const event of sweep(loadSweep(path.join(place, 'sweep.yaml'), { overrides }), { directory: path.join(place, 'sweep') })) {
    if (event.type !== 'result') continue;
    ends.push(performance.now());
    syncsAt.push(syncs.length);
  }
  const each = ends.slice(WARM).map((end, i) => end - ends[WARM + i - 1]);
  const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const [first, last] = [syncsAt[WARM - 1], syncsAt.at(-1)];
  console.log(`a trial: median ${middle(each).toFixed(1)} ms, best ${Math.min(...each).toFixed(1)} ms`);
  console.log(`fsync: ${((last - first) / each.length).toFixed(1)} a trial, median ${middle(syncs.slice(first)).toFixed(2)} ms`);
} finally {
  fs.rmSync(place, { recursive: true, force: true });
}
