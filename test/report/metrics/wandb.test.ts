import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { writeWandbRun } from '../../../src/report/metrics/wandb.ts';
import { wandbLog } from '../../../src/report/metrics/wandb-log.ts';
import { findRun } from '../../../src/runs/store/store.ts';
import { fieldsOf } from '../../runs/support/event-reader.ts';
import { runsPlace, writeRun } from '../../runs/support/stored-runs.ts';

const ID = 'mnist-20260101-000000-aaaaaa';
const METRICS = [
  { step: 0, epoch: 0, 'train.loss': 2 },
  { step: 10, epoch: 1, 'train.epoch_loss': 1.5 },
  { step: 10, epoch: 1, 'val.loss': 1 },
  { step: 20, epoch: 2, 'train.loss': null },
];

/** Records of a log by the book of LevelDB, with checksums a bit at a time. */
function readLog(file: Buffer): Buffer[] {
  const crc = (bytes: Uint8Array): number => {
    let value = 0xffffffff;
    for (const byte of bytes) {
      value ^= byte;
      for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
    }
    return ~value >>> 0;
  };
  const records: Buffer[] = [];
  let begun: Buffer[] = [];
  for (let at = 7; at < file.length; ) {
    const left = 32768 - (at % 32768);
    if (left < 7) {
      at += left;
      continue;
    }
    const [length, type] = [file.readUInt16LE(at + 4), file.readUInt8(at + 6)];
    const data = file.subarray(at + 7, at + 7 + length);
    if (file.readUInt32LE(at) !== crc(Buffer.concat([Uint8Array.of(type), data]))) throw new Error(`checksum at ${at}`);
    begun.push(data);
    if (type === 1 || type === 4) {
      records.push(Buffer.concat(begun));
      begun = [];
    }
    at += 7 + length;
  }
  if (begun.length > 0) throw new Error('a record is cut off');
  return records;
}

for (const length of [0, 1, 32754, 32755, 32761, 32762, 65522, 65523, 100_000]) {
  test(`records of ${length} bytes come back, whatever blocks they cross`, (t) => {
    const records = [Buffer.alloc(length, 7), Buffer.from('next'), Buffer.alloc(length, 9), Buffer.from('end')];
    const log = Buffer.from(wandbLog(records));
    t.is(log.toString('hex', 0, 7), '3a572642e1be00');
    t.deepEqual(readLog(log), records);
  });
}

test('a run is written as an offline run: files and a log with config, a row a step, summary and exit', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, ID, {
    metrics: METRICS,
    config: { tags: ['a'] },
    environment: { platform: 'linux', git_commit: 'abc' },
  });
  const target = await writeWandbRun(await findRun(directory), path.join(place, 'wandb'));
  t.is(target, path.join(place, 'wandb', `offline-run-20260101_000000-${ID}`));
  t.deepEqual(readdirSync(target, { recursive: true, encoding: 'utf8' }).toSorted(), [
    'files',
    'files/config.yaml',
    'files/wandb-metadata.json',
    'files/wandb-summary.json',
    `run-${ID}.wandb`,
  ]);
  const config = parse(readFileSync(path.join(target, 'files/config.yaml'), 'utf8')) as Record<string, { value: unknown }>;
  t.deepEqual(config['tags'], { desc: null, value: ['a'] });
  t.like((config['model']!.value as { layers: object[] }).layers[0], { type: 'dense', units: 3 });
  t.like(JSON.parse(readFileSync(path.join(target, 'files/wandb-summary.json'), 'utf8')), { 'val.loss': 0.6, _step: 20, _runtime: 2.5 });
  t.like(JSON.parse(readFileSync(path.join(target, 'files/wandb-metadata.json'), 'utf8')), { os: 'linux', git: { commit: 'abc' } });
  const records = readLog(readFileSync(path.join(target, `run-${ID}.wandb`))).map((record) => new Map(fieldsOf(record)));
  t.deepEqual(
    records.map((record, i) => [Number(record.get(1)), [...record.keys()][1], i]),
    [21, 17, 2, 2, 2, 3, 18].map((kind, i) => [i, kind, i]),
  );
  const rows = records.flatMap((record) => {
    const history = record.get(2) as Buffer | undefined;
    if (history === undefined) return [];
    const items = fieldsOf(history).flatMap(([field, item]) => (field === 1 ? [new Map(fieldsOf(item as Buffer))] : []));
    return [Object.fromEntries(items.map((item) => [String(item.get(1)), JSON.parse(String(item.get(16)))]))];
  });
  t.deepEqual(rows, [
    { epoch: 0, 'train.loss': 2, _step: 0 },
    { epoch: 1, 'train.epoch_loss': 1.5, 'val.loss': 1, _step: 10 },
    { epoch: 2, _step: 20 },
  ]);
});

test('what is there already stays, and nothing is left of a try', async (t) => {
  const place = runsPlace(t);
  const run = await findRun(writeRun(place, ID, { metrics: METRICS }));
  await writeWandbRun(run, path.join(place, 'wandb'));
  await t.throwsAsync(writeWandbRun(run, path.join(place, 'wandb')), { message: 'is there already' });
  t.is(readdirSync(path.join(place, 'wandb')).length, 1);
  t.true(existsSync(path.join(place, 'wandb')));
});

test('after a rollback a step has the row of its last time', async (t) => {
  const place = runsPlace(t);
  const lines = [
    { step: 5, epoch: 0, 'train.loss': 1 },
    { step: 9, epoch: 0, 'train.loss': 100 },
    { step: 9, epoch: 0, 'rollback.to': 5, 'rollback.lr_factor': 0.5 },
    { step: 5, epoch: 0, 'train.loss': 2 },
  ];
  const target = await writeWandbRun(await findRun(writeRun(place, ID, { metrics: lines })), place);
  const kinds = readLog(readFileSync(path.join(target, `run-${ID}.wandb`))).filter((record) => new Map(fieldsOf(record)).has(2));
  t.is(kinds.length, 2);
});
