import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { SpeedupResult } from '../../../src/speedup/events.ts';
import { gradloom, workplace } from '../../cli/support/run-cli.ts';
import { withLauncher } from './support/with-launchers.ts';

withLauncher('mpirun.openmpi', 'speedup --ranks measures ranks that come to equal bits, and predicts machines', async (t) => {
  t.timeout(60_000);
  const cwd = workplace(t);
  const args = [
    '--ranks',
    '2',
    '--steps',
    '20',
    '--repeats',
    '3',
    '--predict',
    '2,256',
    '--csv',
    'ranks.csv',
    '--md',
    'ranks.md',
    '--json',
  ];
  const { code, stdout, stderr } = await gradloom(['speedup', 'small.yaml', 'parallel.workers=1', ...args], { cwd });
  t.is(code, 0, stderr);
  const { tables, ranks, verdict } = JSON.parse(stdout) as SpeedupResult;
  const [table] = tables;
  t.deepEqual(
    table?.rows.map(({ kind, workers, same_work: same, rank }) => [kind, workers, same, rank?.threads]),
    [
      ['ranks', 1, true, 1],
      ['ranks', 2, true, 1],
    ],
  );
  t.is(table?.rows[0]?.digest, table?.rows[1]?.digest);
  const [one, two] = table?.rows.map(({ rank }) => rank) ?? [];
  t.true((one?.compute_ms ?? 0) > 0 && one?.exchange_ms === 0 && (two?.exchange_ms ?? 0) > 0);
  t.regex(ranks?.library ?? '', /Open MPI/);
  t.is(ranks?.hosts.length, 1);
  t.deepEqual(
    ranks?.machines?.rows.map(({ machines }) => machines),
    [2, 256],
  );
  t.true((ranks?.machines?.link?.latency_us ?? 0) > 0);
  t.regex(ranks?.machines?.text ?? '', /^A model, not a measurement\. 1.* Gb\/s: /);
  t.regex(verdict.text, /what ranks cost, not what machines buy/);
  t.regex(stderr, /Prediction, not measured: machines like this one in a network/);
  t.regex(readFileSync(path.join(cwd, 'ranks.csv'), 'utf8'), /^ranks,ranks,2,.*,1,[\d.e-]+,[\d.e-]+,[\d.e-]+\r?$/m);
  t.regex(readFileSync(path.join(cwd, 'ranks.md'), 'utf8'), /\| 2 ranks of 1 thread \|/);
});

test('speedup --ranks 1 --predict needs no MPI', async (t) => {
  const cwd = workplace(t);
  const args = ['--ranks', '1', '--steps', '20', '--repeats', '3', '--predict', '4', '--json'];
  const { code, stdout, stderr } = await gradloom(['speedup', 'small.yaml', ...args], { cwd, env: { PATH: '' } });
  t.is(code, 0, stderr);
  const { ranks } = JSON.parse(stdout) as SpeedupResult;
  t.is(ranks?.library, null);
  t.is(ranks?.machines?.link, null);
  t.regex(ranks?.machines?.assumptions.join() ?? '', /no two ranks were measured/);
});

const REFUSED: readonly [args: readonly string[], code: number, text: RegExp][] = [
  [['--ranks', '0'], 64, /--ranks: expected numbers from 1 to 4096, such as 1,2,4 or 1\.\.4; got 0/],
  [['--ranks', '2,x'], 64, /--ranks: expected numbers .*; got 2,x/],
  [['--ranks', '2', '--workers', '2'], 64, /--workers is for a comparison of cores, .*the threads in each rank are parallel\.workers=N/],
  [['--ranks', '2', '--time-to', 'val.loss=1'], 64, /--time-to is for a comparison of cores, --ranks one of ranks/],
  [['--hosts', 'a:2'], 64, /--hosts is of --ranks: give both/],
  [['--ranks', '4', '--hosts', 'a:1,b:1'], 64, /--ranks: 4 ranks, but --hosts has places for 2[\s\S]*--hosts a:4/],
  [['--ranks', '2', '--hosts', 'a:x'], 64, /--hosts: expected NAME or NAME:RANKS/],
  [['--ranks', '2', '--predict', 'many'], 78, /predict/],
  [['--ranks', '3'], 78, /E_CONFIG_RANGE.*3 ranks cannot share 16 leaves: .*expected 1, 2, 4, 8, 16 ranks/],
];

test('what --ranks cannot do is refused before anything starts', async (t) => {
  t.timeout(60_000);
  const cwd = workplace(t);
  for (const [args, expected, text] of REFUSED) {
    const { code, stderr } = await gradloom(['speedup', 'small.yaml', ...args], { cwd });
    t.is(code, expected, `${args.join(' ')}: ${stderr}`);
    t.regex(stderr, text);
  }
});
