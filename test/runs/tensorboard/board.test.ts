import {
  appendFileSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import test from 'ava';
import { decode } from 'fast-png';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { RunEvent, Summary } from '../../../src/runs/events.ts';
import { histogramOf } from '../../../src/runs/tensorboard/histogram.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { type TrainOptions, train } from '../../../src/runs/training/train.ts';
import type { LineCalls } from '../../../src/storage/lines.ts';
import { crc32c } from '../../../src/storage/records/crc.ts';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { sweepFile } from '../../sweep/support/sweep-case.ts';
import { fieldsOf, type ReadEvent, readEvents } from '../support/event-reader.ts';
import { runDoomed } from '../support/kill-case.ts';
import { resultFiles, resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

const caseIn = (parent: string, train: object = {}): Experiment =>
  resumable(parent, { train: { steps: 40, ...train }, track: { tensorboard: true } });

const eventFiles = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .toSorted();

const eventsIn = (directory: string): ReadEvent[] =>
  eventFiles(directory).flatMap((name) => readEvents(readFileSync(path.join(directory, name))));

type Line = Record<string, number | null>;

const metricsOf = (directory: string): Line[] =>
  readFileSync(path.join(directory, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** What metrics.jsonl says, as f32. */
const expectedScalars = (directory: string): [number, Record<string, number>][] =>
  metricsOf(directory).map(({ step, epoch: _epoch, ...values }) => [
    step ?? 0,
    Object.fromEntries(Object.entries(values).map(([tag, value]) => [tag, Math.fround(value ?? Number.NaN)])),
  ]);

const scalarsOf = (events: readonly ReadEvent[]): [number, Record<string, number>][] =>
  events.filter(({ scalars }) => Object.keys(scalars).length > 0).map(({ step, scalars }) => [step, scalars]);

async function trained(directory: string, options: TrainOptions = {}, experiment = caseIn(path.dirname(directory))) {
  const run = train({ experiment }, { directory, engine: { threads }, ...options });
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return { summary: await run.result, warnings: events.filter((event) => event.type === 'warning') };
}

const goOn = (directory: string): Promise<Summary> => resume(directory, { engine: { threads } }).result;

test('checksums have their check values', (t) => {
  t.is(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32(Buffer.from('123456789')), 0xcbf43926);
  t.is(crc32(Buffer.from('6789'), crc32(Buffer.from('12345'))), 0xcbf43926);
});

test('a histogram counts each finite value once, the largest in its last bucket', (t) => {
  const { counts, limits, ...rest } = histogramOf(Float32Array.of(-1, 0, 1, 1, Number.NaN))!;
  t.deepEqual(rest, { min: -1, max: 1, count: 4, sum: 1, sumOfSquares: 3 });
  t.is(
    counts.reduce((a, b) => a + b, 0),
    4,
  );
  t.is(counts.at(-1), 2);
  t.is(limits.at(-1), 1);
  t.deepEqual(histogramOf(Float32Array.of(2, 2)), { min: 2, max: 2, count: 2, sum: 4, sumOfSquares: 8, limits: [2], counts: [2] });
  t.is(histogramOf(Float32Array.of(Number.NaN)), undefined);
});

test.serial(
  'events have every line of metrics.jsonl, and at evaluations histograms and the confusion matrix; other files do not change',
  async (t) => {
    const directory = path.join(temporary(t), 'run');
    const before = Date.now() / 1000;
    await trained(directory);
    t.is(eventFiles(directory).length, 1);
    t.regex(eventFiles(directory)[0]!, /^events\.out\.tfevents\.\d{10}\.[\w-]+\.\d+\.\d+$/);
    const events = eventsIn(directory);
    t.is(events[0]?.version, 'brain.Event:2');
    t.true(events.every(({ wallTime }) => wallTime >= before && wallTime <= Date.now() / 1000));
    t.deepEqual(scalarsOf(events), expectedScalars(directory));
    const histograms = events.filter((event) => Object.keys(event.histograms).length > 0);
    t.deepEqual(
      histograms.map(({ step }) => step),
      [5, 10, 15, 20, 25, 30, 35, 40],
    );
    const [min, max, num, , , limits, counts] = histograms.at(-1).histograms['layers.0.weight']!;
    t.deepEqual(num, [12 * 24]);
    t.is(
      counts!.reduce((a, b) => a + b, 0),
      12 * 24,
    );
    t.true(min![0]! < 0 && limits!.at(-1) === max![0] && limits!.every((limit, i) => i === 0 || limit > limits![i - 1]!));
    const image = events.find(({ images }) => images['val.confusion'] !== undefined)!.images['val.confusion']!;
    const { width, height } = decode(image.png);
    t.deepEqual([width, height, image.width, image.height], [48, 48, 48, 48]);
    t.false(events.some(({ isStart }) => isStart));
    const plain = path.join(temporary(t), 'run');
    await trained(plain, {}, resumable(path.dirname(plain), { train: { steps: 40 } }));
    t.deepEqual(resultFiles(directory)['metrics.jsonl'], resultFiles(plain)['metrics.jsonl']);
    t.deepEqual(eventFiles(plain), []);
  },
);

test.serial('a run that was paused and resumed has each event once, in files that follow each other, behind a session start', async (t) => {
  for (const pauseAt of [1, 5, 12, 39]) {
    const directory = path.join(temporary(t), 'run');
    await trained(directory, { pauseAt });
    await goOn(directory);
    const events = eventsIn(directory);
    t.deepEqual(scalarsOf(events), expectedScalars(directory), `${pauseAt}`);
    const [, second] = eventFiles(directory);
    const [version, start] = readEvents(readFileSync(path.join(directory, second!)));
    t.is(version?.version, 'brain.Event:2');
    t.like(start, { isStart: true, step: pauseAt });
    const places = events.flatMap(({ step, histograms }) => Object.keys(histograms).map((tag) => `${step} ${tag}`));
    t.is(new Set(places).size, places.length);
    t.is(places.filter((place) => place.endsWith(' layers.0.weight')).length, 8);
  }
});

test.serial('a run that was killed again and again, and resumed, has each event once', async (t) => {
  t.timeout(120_000);
  const directory = path.join(temporary(t), 'run');
  const experiment = caseIn(path.dirname(directory), { checkpoint: { every: { steps: 6 } } });
  // The first write of a checkpoint, of two later ones, and the summary's.
  await runDoomed({ experiment, directory, workers: 1, killPoint: { call: 'rename', when: 'before', count: 4 } });
  for (const count of [3, 5]) await runDoomed({ directory, workers: 1, killPoint: { call: 'rename', when: 'after', count } });
  await goOn(directory);
  t.deepEqual(scalarsOf(eventsIn(directory)), expectedScalars(directory));
  t.true(eventFiles(directory).length >= 3);
});

test.serial('events that are gone, torn or of another history are made again from metrics.jsonl', async (t) => {
  const harms: ((file: string) => void)[] = [
    (file) => rmSync(file),
    (file) => truncateSync(file, 1234),
    (file) => writeFileSync(file, 'nothing of ours'),
    (file) => {
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(500) ^ 1, 500);
      writeFileSync(file, bytes);
    },
  ];
  for (const harm of harms) {
    const directory = path.join(temporary(t), 'run');
    await trained(directory, { pauseAt: 20 });
    harm(path.join(directory, eventFiles(directory)[0]!));
    await goOn(directory);
    t.deepEqual(scalarsOf(eventsIn(directory)), expectedScalars(directory));
  }
});

/** The real calls, of which writes to event files fail as long as `isFull` says so. */
function fullFor(isFull: () => boolean): LineCalls {
  const ours = new Set<number>();
  return {
    open: (name, flags, mode) => {
      const fd = openSync(name, flags, mode);
      if (name.includes('tfevents')) ours.add(fd);
      return fd;
    },
    write: (fd, bytes, offset) => {
      if (ours.has(fd) && isFull()) throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
      return writeSync(fd, bytes, offset);
    },
    truncate: ftruncateSync,
    sync: async (fd) => fsyncSync(fd),
    close: closeSync,
  };
}

test.serial('a disk that refuses events is told of once and ends nothing; what it refused comes when it takes it', async (t) => {
  let writes = 0;
  const directory = path.join(temporary(t), 'run');
  const { summary, warnings } = await trained(directory, { storage: { lines: fullFor(() => ++writes > 10 && writes < 13) } });
  t.is(summary.status, 'finished');
  t.is(warnings.length, 1);
  t.like(warnings[0], { code: 'W_STORAGE' });
  t.regex(
    warnings[0]!.message,
    /tfevents.*: cannot be written: ENOSPC.*; training goes on, and events for TensorBoard are kept in memory for the next try$/,
  );
  t.deepEqual(scalarsOf(eventsIn(directory)), expectedScalars(directory));
});

test.serial('a disk that never takes events lets the run come to its end, with the same result', async (t) => {
  const directory = path.join(temporary(t), 'run');
  const { summary, warnings } = await trained(directory, { storage: { lines: fullFor(() => true) } });
  t.is(summary.status, 'finished');
  t.is(warnings.length, 1);
});

test.serial('what stands in the place of an event file and is none stays untouched, and is told', async (t) => {
  const directory = path.join(temporary(t), 'run');
  await trained(directory, { pauseAt: 20 });
  const other = path.join(path.dirname(directory), 'other');
  writeFileSync(other, 'mine');
  symlinkSync(other, path.join(directory, 'events.out.tfevents.1000000000.link'));
  const run = resume(directory, { engine: { threads } });
  const warnings: string[] = [];
  for await (const event of run) if (event.type === 'warning') warnings.push(`${event.code} ${event.message}`);
  t.is((await run.result).status, 'finished');
  t.is(readFileSync(other, 'utf8'), 'mine');
  t.is(warnings.length, 1);
  t.regex(warnings[0]!, /^W_STORAGE .*tfevents\.1000000000\.link: a symbolic link.*; training goes on without events for TensorBoard$/);
});

test.serial('trials of a sweep tell the keys that were swept', async (t) => {
  const place = temporary(t);
  const file = sweepFile(place, 'execution: {cores: 1}\n');
  appendFileSync(path.join(place, 'base.yaml'), 'track: {tensorboard: true}\n');
  const { directory } = await sweep(loadSweep(file, { overrides: ['run_cap=2'] }), { directory: path.join(place, 's') }).result;
  const runs = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('tfevents'));
  t.is(runs.length, 2);
  for (const name of runs) {
    const plugins = Object.assign(
      {},
      ...readEvents(readFileSync(path.join(directory, name))).map((event) => event.plugins),
    ) as ReadEvent['plugins'];
    const start = plugins['_hparams_/session_start_info']!;
    t.is(start.name, 'hparams');
    const info = new Map(fieldsOf(start.content)).get(3) as Buffer;
    const names = fieldsOf(info).flatMap(([field, value]) => (field === 1 ? [String(new Map(fieldsOf(value as Buffer)).get(1))] : []));
    t.deepEqual(names.toSorted(), ['optimizer.lr', 'train.batch_size']);
    t.regex(String(new Map(fieldsOf(info)).get(4)), /^trial [01]$/);
    t.deepEqual(fieldsOf(new Map(fieldsOf(plugins['_hparams_/session_end_info']!.content)).get(4) as Buffer), [[1, 1n]]);
  }
});
