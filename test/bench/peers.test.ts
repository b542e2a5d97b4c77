import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { PeerError, type PeerSetup, ProcessPeer } from '../../bench/peer.ts';
import { PEERS, Pythons } from '../../bench/peer-list.ts';
import { comparePeers, type PeerRow, tabulatePeers, threadCounts } from '../../bench/side-by-side.ts';
import { conv, dense, hasPictures, pool, WORKLOADS } from '../../bench/workloads.ts';

const SETUP: PeerSetup = { directory: '/', shape: [1], layers: [dense(1)], batch: 1, optimizer: { type: 'sgd', lr: 1 }, threads: 1 };

/** A peer whose program is `body`, a function of one request that returns an answer. */
function scripted(body: string): Promise<ProcessPeer> {
  const program = `
    const rl = require('node:readline').createInterface({ input: process.stdin });
    const answer = ${body};
    rl.on('line', (line) => console.log(JSON.stringify(answer(JSON.parse(line)))));`;
  return ProcessPeer.start(process.execPath, ['-e', program], SETUP);
}

test('a peer answers what it is asked, and ends when it is closed', async (t) => {
  const peer = await scripted(
    `(request) => request.shape ? { ready: true, version: 'x 1', blas: 'b.so' }
      : request.do === 'train' ? { seconds: 2, rows: 3 * request.steps } : request.do === 'loss' ? { loss: 0.5 } : { bytes: 7 }`,
  );
  t.is(peer.version, 'x 1, b.so');
  t.deepEqual(await peer.train(4), { seconds: 2, rows: 12 });
  t.is(await peer.loss(), 0.5);
  t.is(await peer.peakBytes(), 7);
  await peer.close();
  await t.throwsAsync(peer.loss(), { instanceOf: PeerError, message: 'has ended' });
});

const failures: [title: string, body: string, message: RegExp][] = [
  ['tells of an error', `() => ({ error: 'ImportError: torch' })`, /^ImportError: torch$/],
  ['ends without an answer', `() => { console.error('no such thing'); process.exit(3); }`, /^ended with code 3: no such thing$/],
  ['is killed', `() => process.kill(process.pid, 'SIGKILL')`, /^ended with SIGKILL/],
  ['answers something else', `(request) => (process.stdout.write('Hi, '), {})`, /^answered "Hi, \{\}"; expected a line of JSON$/],
];
for (const [title, body, message] of failures) {
  test(`a peer that ${title} is an error with its reason`, async (t) => {
    await t.throwsAsync(scripted(body), { instanceOf: PeerError, message });
  });
}

test('a program that is not there is an error with its reason', async (t) => {
  await t.throwsAsync(ProcessPeer.start('/nonexistent/python3', [], SETUP), { instanceOf: PeerError, message: /ENOENT/ });
});

test('a Python without the module is no Python for it', (t) => {
  const pythons = new Pythons('/nonexistent/python3');
  t.is(pythons.tried[0], '/nonexistent/python3');
  t.not(pythons.having('numpy'), '/nonexistent/python3');
  t.is(pythons.having('a_module_that_nobody_has'), undefined);
});

const row = (name: string, threads: number, rates: number[], loss: number | null = 1, tolerance: number | undefined = 1e-4): PeerRow => ({
  name,
  threads,
  tolerance,
  loss,
  rates,
  peakBytes: 2e6,
});

test('gradloom with each code, at its best worker count, is compared with every row whose loss agrees', (t) => {
  const { columns, rows } = tabulatePeers('W', 10, [
    row('gradloom', 1, [100, 100, 100]),
    row('gradloom', 2, [190, 200, 210]),
    row('gradloom-wasm', 1, [300, 300, 300], 1.00001),
    row('torch', 1, [50, 50, 50], 0.99995),
    row('torch', 2, [40, 40, 40]),
    row('numpy', 1, [10, 10, 10], 1.01),
    { ...row('brain', 1, [1, 1, 1], null), tolerance: undefined },
    row('tfjs', 1, [1, 1, 1], null),
  ]);
  t.deepEqual(
    columns.map(({ name }) => name),
    ['samples/s', 'gradloom / it', 'gradloom-wasm / it', 'loss', 'peak MB'],
  );
  const shown = rows.map(({ name, values }) => [name, ...values.map((value) => value?.value)]);
  t.deepEqual(shown, [
    ['gradloom, 1 thread', 100, 2, 3, 1, 2],
    ['gradloom, 2 threads *', 200, undefined, 1.5, 1, 2],
    ['gradloom-wasm, 1 thread *', 300, 200 / 300, undefined, 1.00001, 2],
    ['torch, 1 thread *', 50, 4, 6, 0.99995, 2],
    ['torch, 2 threads', 40, 5, 7.5, 1, 2],
    ['numpy, 1 thread * other loss!', 10, undefined, undefined, 1.01, 2],
    ['brain, 1 thread *', 1, 200, 300, undefined, 2],
    ['tfjs, 1 thread * other loss!', 1, undefined, undefined, undefined, 2],
  ]);
});

test('thread counts are all up to four, then powers of two and all cores', (t) => {
  t.deepEqual([1, 3, 4, 6, 16].map(threadCounts), [[1], [1, 2, 3], [1, 2, 3, 4], [1, 2, 4, 6], [1, 2, 4, 8, 16]]);
});

function folder(t: ExecutionContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-peers-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts, trains the agreed steps, tells a loss, warms up, and ends in its first block. */
const DYING = `(request) => {
  globalThis.count = (globalThis.count ?? 0) + 1;
  if (globalThis.count > 4) { console.error('out of luck'); process.exit(9); }
  return request.shape ? { ready: true, version: 'x' } : { seconds: 1, rows: 1, loss: 1 };
}`;

test('the workloads after the fourth are of pictures', (t) => {
  t.deepEqual(
    WORKLOADS.filter(hasPictures).map(({ name }) => name.slice(0, 2)),
    ['W5', 'W6'],
  );
});

const pythons = new Pythons();
/** Where CI is set the test runs, and fails without numpy. */
const withNumpy = pythons.having('numpy') === undefined && !process.env['CI'] ? test.serial.skip : test.serial;
for (const optimizer of [{ type: 'sgd', lr: 0.05 } as const, { type: 'adam', lr: 0.001 } as const]) {
  withNumpy(
    `numpy comes to the same loss as gradloom after the same steps with ${optimizer.type}; one that is missing or dies is named`,
    async (t) => {
      const workload = { name: 'small', layers: [dense(12), dense(10)], batch: 300, steps: 1, optimizer };
      const specs = PEERS.filter(({ name }) => ['gradloom', 'numpy'].includes(name));
      const dying = { ...specs[1]!, name: 'dying', start: async () => scripted(DYING) };
      const missing = { ...specs[1]!, name: 'missing', start: () => Promise.reject(new PeerError('not installed')) };
      const elsewhere = { ...specs[1]!, name: 'elsewhere', only: ['W1'] };
      const context = { directory: folder(t), rounds: 3, overrides: [], pythons, cores: 1, note: () => undefined };
      const { section, versions, skipped } = await comparePeers(workload, [...specs, missing, dying, elsewhere], context);
      t.deepEqual(
        section.rows.map(({ name }) => name),
        ['gradloom, 1 thread *', 'numpy, 1 thread *'],
      );
      const [ours, theirs] = section.rows.map(({ values }) => values.at(-2)!.value);
      t.true(Math.abs(ours! - theirs!) <= 1e-4 * ours!, `${ours} ${theirs}`);
      t.true(section.rows[1]!.values.every((value) => value!.value > 0));
      t.regex(versions['numpy']!, /^numpy \d/);
      t.deepEqual(skipped, [
        { peer: 'missing', workload: '', reason: 'not installed' },
        { peer: 'elsewhere', workload: ' on small', reason: 'too slow' },
        { peer: 'dying', workload: ' on small', reason: 'ended with code 9: out of luck' },
      ]);
    },
  );
}

const withTorch = pythons.having('torch') === undefined && !process.env['CI'] ? test.serial.skip : test.serial;
withTorch('PyTorch comes to the same loss as gradloom with a network of pictures; programs without convolutions are named', async (t) => {
  const layers = [conv(3, 5), pool(4), conv(4, 3), dense(12), dense(10)];
  const workload = { name: 'small', layers, batch: 300, steps: 1, agreedSteps: 4, optimizer: { type: 'adam', lr: 0.001 } as const };
  const specs = PEERS.filter(({ name }) => ['gradloom', 'torch', 'numpy'].includes(name));
  const context = { directory: folder(t), rounds: 3, overrides: [], pythons, cores: 1, note: () => undefined };
  const { section, skipped } = await comparePeers(workload, specs, context);
  t.deepEqual(
    section.rows.map(({ name }) => name),
    ['gradloom, 1 thread *', 'torch, 1 thread *'],
  );
  t.regex(section.title, /after the same 4 steps$/);
  t.deepEqual(skipped, [{ peer: 'numpy', workload: ' on small', reason: 'has no convolutions' }]);
});
