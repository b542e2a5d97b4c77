import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import type { LogEntry, SweepEntry } from '../../../src/sweep/journal/entries.ts';
import { readTrialLog, TrialLog, trialLogPath } from '../../../src/sweep/journal/log.ts';
import { workplace } from '../../cli/support/run-cli.ts';

const FIRST: SweepEntry = { type: 'sweep', version: 1, id: 'a', name: 'a', lanes: 4, files: { 'sweep.yaml': 'name: "ä\\u2028"\n' } };
const ENTRIES: readonly LogEntry[] = [
  {
    type: 'trial',
    trial: 0,
    assignment: { 'optimizer.lr': 1e-7, 'model.layers.0.activation': 'relu', seed: -0 },
    origin: 'tpe',
    key: 'k',
    after: 0,
  },
  { type: 'begin', trial: 0, rung: 0, replicate: 0, workers: 2 },
  { type: 'stop', trial: 0, rung: 0, reason: 'stopped at 1 epoch', after: 1 },
];

async function written(directory: string): Promise<void> {
  const log = TrialLog.create(directory);
  await log.append(FIRST);
  for (const entry of ENTRIES) await log.append(entry);
  await log.close();
}

function failure(t: ExecutionContext, directory: string): GradloomError {
  const error = t.throws(() => readTrialLog(directory), { instanceOf: GradloomError });
  t.is(error.code, 'E_RUN_FILE');
  t.is(error.exitCode, EXIT.data);
  return error;
}

test('a log is read back as it was written, with numbers and times', async (t) => {
  const directory = workplace(t, {});
  await written(directory);
  const { entries, isTorn } = readTrialLog(directory);
  t.false(isTorn);
  t.deepEqual(
    entries.map(({ seq: _seq, t: _t, ...entry }) => entry),
    JSON.parse(JSON.stringify([FIRST, ...ENTRIES])) as object[],
  );
  t.deepEqual(
    entries.map(({ seq }) => seq),
    [0, 1, 2, 3],
  );
});

test('S8 a log that ends anywhere in a line is read up to the line before, and goes on there', async (t) => {
  const directory = workplace(t, {});
  await written(directory);
  const whole = readFileSync(trialLogPath(directory));
  const lastLine = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  for (let length = whole.length - 1; length > lastLine; length -= 7) {
    truncateSync(trialLogPath(directory), length);
    const read = readTrialLog(directory);
    t.true(read.isTorn);
    t.is(read.entries.length, 3);
  }
  const log = await TrialLog.reopen(directory, readTrialLog(directory));
  await log.append({ type: 'pause', reason: 'x' });
  await log.close();
  const { entries, isTorn } = readTrialLog(directory);
  t.false(isTorn);
  t.like(entries.at(-1), { seq: 3, type: 'pause' });
});

test('S8 any changed byte in a line but the last is E_RUN_FILE (65) with the line number', async (t) => {
  const directory = workplace(t, {});
  await written(directory);
  const file = trialLogPath(directory);
  const whole = readFileSync(file);
  const lineOf = (at: number): number => whole.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
  for (let at = 0; at < whole.lastIndexOf(0x0a, whole.length - 2); at += 11) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ 0x01;
    writeFileSync(file, bytes);
    const error = failure(t, directory);
    // A newline that is none any more joins two lines.
    t.regex(error.where ?? '', new RegExp(`log\\.jsonl:${lineOf(at)}$`), `byte ${at}: ${error.message}`);
  }
});

test('a line that is missing, doubled or moved is E_RUN_FILE by its sequence number', async (t) => {
  const directory = workplace(t, {});
  await written(directory);
  const lines = readFileSync(trialLogPath(directory), 'utf8').trimEnd().split('\n');
  const [a = '', b = '', c = '', d = ''] = lines;
  for (const [order, message] of [
    [[a, c, d], 'the sequence number is 2, expected 1'],
    [[a, b, b, c, d], 'the sequence number is 1, expected 2'],
    [[a, c, b, d], 'the sequence number is 2, expected 1'],
    [[b, c, d], 'the sequence number is 1, expected 0'],
  ] as const) {
    writeFileSync(trialLogPath(directory), `${order.join('\n')}\n`);
    t.is(failure(t, directory).message, message);
  }
});

test('entries appended at the same time all survive, in order', async (t) => {
  const directory = workplace(t, {});
  const log = TrialLog.create(directory);
  await log.append(FIRST);
  await Promise.all(
    Array.from({ length: 50 }, (_, trial) => log.append({ type: 'trial', trial, assignment: {}, origin: 'tpe', key: 'k', after: 0 })),
  );
  await log.close();
  t.deepEqual(
    readTrialLog(directory).entries.flatMap((entry) => ('trial' in entry ? [entry.trial] : [])),
    Array.from({ length: 50 }, (_, trial) => trial),
  );
});

test('S1 whichever write or fsync of a log fails once is tried again: each entry is there once, in order, and the log goes on', async (t) => {
  const written = async (fails: (call: number) => boolean): Promise<{ directory: string; calls: number }> => {
    const directory = workplace(t, {});
    let calls = 0;
    const at = <T>(run: () => T): T => {
      if (fails(calls++)) throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
      return run();
    };
    const log = TrialLog.create(directory, undefined, {
      open: (name, flags, mode) => (mode === undefined ? at(() => openSync(name, flags)) : openSync(name, flags, mode)),
      write: (fd, bytes, offset) => at(() => writeSync(fd, bytes, offset)),
      truncate: (fd, length) => at(() => ftruncateSync(fd, length)),
      sync: async (fd) => at(() => fsyncSync(fd)),
      close: closeSync,
    });
    await log.append(FIRST);
    for (const entry of ENTRIES) log.note(entry);
    await Promise.all(['a', 'b', 'c'].map((reason) => log.append({ type: 'pause', reason })));
    await log.close();
    return { directory, calls };
  };
  const { directory: calm, calls } = await written(() => false);
  const types = (directory: string): string[] => readTrialLog(directory).entries.map(({ type }) => type);
  for (let i = 0; i < calls; i++) t.deepEqual(types((await written((call) => call === i)).directory), types(calm), `call ${i}`);
});

test('S1 an append that failed for good has said its entries: the next one that succeeds writes them, numbered without a gap', async (t) => {
  const directory = workplace(t, {});
  let isFull = false;
  const log = TrialLog.create(directory, undefined, {
    open: openSync,
    write: (fd, bytes, offset) => {
      if (isFull) throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
      return writeSync(fd, bytes, offset);
    },
    truncate: ftruncateSync,
    sync: async (fd) => fsyncSync(fd),
    close: closeSync,
  });
  await log.append(FIRST);
  isFull = true;
  await t.throwsAsync(log.append(...ENTRIES), { code: 'E_STORAGE' });
  t.is(readTrialLog(directory).entries.length, 1);
  isFull = false;
  await log.append({ type: 'pause', reason: 'x' });
  await log.close();
  t.deepEqual(
    readTrialLog(directory).entries.map(({ type }) => type),
    ['sweep', 'trial', 'begin', 'stop', 'pause'],
  );
});
