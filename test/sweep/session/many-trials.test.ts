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

/** A sweep that was killed, all but its end. @returns its directory */
async function killed(directory: string, trials: number): Promise<string> {
  await generate(directory, { method: 'random', scheduler: 'asha', trials, order: 'logical' }, false);
  return path.join(directory, 'sweep');
}

/** Goes on to 50 trials more. */
async function goOn(place: string, trials: number): Promise<ReturnType<typeof table>> {
  return table(await resumeSweep(place, { executor, overrides: [`run_cap=${trials + 50}`] }).result);
}

test('a sweep of 20,000 trials that was killed opens and goes on to its end', async (t) => {
  t.timeout(300_000);
  const place = await killed(temporary(t), 20_000);
  t.is(readSweep(place).trials.length, 20_000);
  const trials = await goOn(place, 20_000);
  t.is(trials.length, 20_050);
  t.false(trials.some(({ status }) => status === 'queued' || status === 'running' || status === 'paused'));
});

test('a sweep goes on with its voucher to the same trials as without, where every suggestion is computed again', async (t) => {
  t.timeout(300_000);
  const place = await killed(temporary(t), 3000);
  const before = readFileSync(trialLogPath(place));
  const vouched = await goOn(place, 3000);
  writeFileSync(trialLogPath(place), before);
  rmSync(path.join(place, 'replayed.json'));
  t.deepEqual(await goOn(place, 3000), vouched);
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
