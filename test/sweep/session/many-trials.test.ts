import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import test from 'ava';
import { generate } from '../../../bench/scale/generate.ts';
import type { Executor } from '../../../src/sweep/execute/executor.ts';
import { trialLogPath } from '../../../src/sweep/journal/log.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { resumeSweep } from '../../../src/sweep/session/sweep.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { table } from '../support/sweep-case.ts';

/** Trains nothing: whatever is asked for has come to the same. */
const executor = (): Executor => ({
  cores: 4,
  sideBySide: 16,
  run: async ({ resource, trial }) => {
    const curve = Array.from({ length: resource }, (_, i) => ({ step: i + 1, epoch: i + 1, value: 1 + (trial % 97) / (i + 1) }));
    return { status: 'reached', steps: resource, curve, digest: '', seconds: 1 };
  },
  close: () => Promise.resolve(),
});

const TRIALS = 20_000;

test('a sweep of 20,000 trials that was killed opens and goes on; with its voucher to the same trials as without', async (t) => {
  t.timeout(300_000);
  const directory = temporary(t);
  await generate(directory, { method: 'random', scheduler: 'asha', trials: TRIALS, order: 'logical' }, false);
  const place = path.join(directory, 'sweep');
  const log = trialLogPath(place);
  const before = readFileSync(log);
  t.is(readSweep(place).trials.length, TRIALS);
  const goOn = async () => table(await resumeSweep(place, { executor, overrides: [`run_cap=${TRIALS + 50}`] }).result);
  const vouched = await goOn();
  t.is(vouched.length, TRIALS + 50);
  t.false(vouched.some(({ status }) => status === 'queued' || status === 'running' || status === 'paused'));
  // As if by another version: every suggestion is computed again, which must be the same.
  writeFileSync(log, before);
  rmSync(path.join(place, 'replayed.json'));
  t.deepEqual(await goOn(), vouched);
});

test('a voucher is for the log that it was made of alone: a suggestion that somebody changed there is found', async (t) => {
  t.timeout(120_000);
  const directory = temporary(t);
  await generate(directory, { method: 'random', scheduler: 'none', trials: 4000, order: 'logical' }, false);
  const place = path.join(directory, 'sweep');
  const voucher = path.join(place, 'replayed.json');
  const { sha256, ...rest } = JSON.parse(readFileSync(voucher, 'utf8')) as Record<string, unknown>;
  t.like(rest, { bytes: readFileSync(trialLogPath(place)).length });
  const lines = readFileSync(trialLogPath(place), 'utf8').trimEnd().split('\n');
  const at = lines.findIndex((line) => line.includes('"type":"trial","trial":2000,'));
  const { crc: _crc, ...line } = JSON.parse(lines[at] ?? '{}') as Record<string, unknown>;
  const changed = { ...line, assignment: { ...(line['assignment'] as object), 'model.layers.0.units': 16 } };
  lines[at] = JSON.stringify({ ...changed, crc: crc32(JSON.stringify(changed)).toString(16).padStart(8, '0') });
  writeFileSync(trialLogPath(place), `${lines.join('\n')}\n`);
  const error = await t.throwsAsync(resumeSweep(place, { executor }).result, { code: 'E_RUN_FILE' });
  t.regex(error.message, /^does not replay: trial 2000: model\.layers\.0\.units is 16, expected \d+$/);
  // One that is none is as good as none.
  for (const text of ['', '{}', 'null', JSON.stringify({ ...rest, sha256, version: '0.0.1' })]) {
    writeFileSync(voucher, text);
    await t.throwsAsync(resumeSweep(place, { executor }).result, { code: 'E_RUN_FILE' }, text);
  }
});
