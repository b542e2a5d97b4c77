import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadExperiment } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { KERNEL_VERSION } from '../../../src/kernels/module.ts';
import { readCheckpoint } from '../../../src/runs/checkpoint/checkpoint.ts';
import type { RunEvent, Summary } from '../../../src/runs/events.ts';
import { type ResumeOptions, resume } from '../../../src/runs/training/resume.ts';
import { type TrainOptions, train } from '../../../src/runs/training/train.ts';
import { lockOwner } from '../../../src/storage/lock.ts';
import { encodeSafetensors } from '../../../src/storage/safetensors/bytes.ts';
import { readSafetensors } from '../../../src/storage/safetensors.ts';
import { Dice } from '../../engine/support/samples.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { resultFiles, resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

/** Runs to its end, with all that it told. */
async function told(run: ReturnType<typeof resume>): Promise<{ summary: Summary; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return { summary: await run.result, events };
}

let undisturbed: Promise<{ files: Record<string, string>; summary: Summary }> | undefined;

/** What every run of the case must come to. */
function expected(t: ExecutionContext): Promise<{ files: Record<string, string>; summary: Summary }> {
  undisturbed ??= train({ experiment: resumable(temporary(t)) }).result.then((summary) => ({
    files: resultFiles(summary.directory!),
    summary,
  }));
  return undisturbed;
}

async function started(t: ExecutionContext, options: TrainOptions = {}, others: Record<string, unknown> = {}): Promise<string> {
  const summary = await train({ experiment: resumable(temporary(t), others) }, { engine: { threads }, ...options }).result;
  return summary.directory!;
}

const goOn = (directory: string, options: ResumeOptions = {}): Promise<Summary> =>
  resume(directory, { engine: { threads }, ...options }).result;

function assertSame(t: ExecutionContext, directory: string, files: Record<string, string>, message?: string): void {
  const found = resultFiles(directory);
  t.deepEqual(Object.keys(found), Object.keys(files), message);
  for (const [name, content] of Object.entries(files)) t.true(found[name] === content, `${name} ${message ?? ''}`);
}

test.serial('a run that is paused at any step and resumed has the files of an undisturbed one', async (t) => {
  t.timeout(120_000);
  const { files, summary } = await expected(t);
  t.true(summary.steps < 200, 'early stopping has stopped it');
  t.true(files['metrics.jsonl']!.includes('restored.from'));
  for (const [pauseAt, workers] of [
    [1, 3],
    [13, 1],
    [25, 2],
    [60, 1],
  ] as const) {
    const directory = await started(t, { pauseAt });
    const paused = JSON.parse(readFileSync(path.join(directory, 'summary.json'), 'utf8')) as Summary;
    t.like(paused, { status: 'paused', steps: pauseAt });
    const resumed = await goOn(directory, { workers });
    t.like(resumed, { status: 'finished', steps: summary.steps, workers, digest: summary.digest, best: summary.best, last: summary.last });
    assertSame(t, directory, files, `paused at ${pauseAt}`);
  }
});

test.serial('a run can be paused again and again; the evaluation of the step of a pause is done before it', async (t) => {
  const { files } = await expected(t);
  const directory = await started(t, { pauseAt: 20 });
  t.regex(readFileSync(path.join(directory, 'metrics.jsonl'), 'utf8'), /"step":20,"epoch":1,"val\.loss"/);
  t.is((await goOn(directory, { pauseAt: 20 })).status, 'paused');
  t.is((await goOn(directory, { pauseAt: 21 })).status, 'paused');
  const { summary, events } = await told(resume(directory, { pauseAt: 10_000 }));
  t.is(summary.status, 'finished');
  t.is(events.find((event) => event.type === 'start')?.from, 21);
  t.is(events.find((event) => event.type === 'metrics')?.line.step, 21);
  assertSame(t, directory, files);
});

test.serial('P6 a finished run is a no-op that yields its summary, and changes nothing', async (t) => {
  const directory = await started(t);
  const before = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  const { summary, events } = await told(resume(directory, { engine: { threads } }));
  t.deepEqual(
    events.map(({ type }) => type),
    ['end'],
  );
  t.deepEqual(summary, JSON.parse(readFileSync(path.join(directory, 'summary.json'), 'utf8')) as Summary);
  t.deepEqual(readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted(), before);
});

test.serial('how often checkpoints are written changes no bit', async (t) => {
  const { files } = await expected(t);
  for (const every of [{ steps: 1 }, { epochs: 2 }, { seconds: 0.02 }, { seconds: 1000 }]) {
    const directory = await started(t, {}, { train: { checkpoint: { every, keep: 2 } } });
    assertSame(t, directory, files, JSON.stringify(every));
    const kept = readdirSync(path.join(directory, 'checkpoints'));
    t.true(kept.length <= 2 && kept.every((name) => /^step-\d{12}\.safetensors$/.test(name)), kept.join());
  }
});

test.serial('S8 a torn last line is written again, with a note', async (t) => {
  const { files } = await expected(t);
  const directory = await started(t, { pauseAt: 33 });
  for (const name of ['metrics.jsonl', 'digests.jsonl']) writeFileSync(path.join(directory, name), '{"step":33,"epo', { flag: 'a' });
  const { events } = await told(resume(directory, { engine: { threads } }));
  t.deepEqual(
    events.flatMap((event) => (event.type === 'warning' && event.code === 'W_TORN_LINE' ? [event.message] : [])),
    ['metrics.jsonl: the last line was torn and is written again', 'digests.jsonl: the last line was torn and is written again'],
  );
  assertSame(t, directory, files);
});

// ---- what is refused -----------------------------------------------------------------------------------------------

/** Changes a text file of a run. */
function edit(directory: string, name: string, from: string, to: string): void {
  const file = path.join(directory, name);
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
  writeFileSync(file, text.replaceAll(from, to));
}

async function refusal(t: ExecutionContext, directory: string): Promise<GradloomError> {
  const before = resultFiles(directory);
  const error = await t.throwsAsync(goOn(directory), { instanceOf: GradloomError });
  t.deepEqual(resultFiles(directory), before, 'nothing was changed');
  t.is(lockOwner(directory), undefined);
  return error;
}

test.serial(
  'P6 resume with result keys changed is E_RUN_CHANGED (78) listing them; names, workers and checkpoints may change',
  async (t) => {
    const { files } = await expected(t);
    const directory = await started(t, { pauseAt: 33 });
    edit(directory, 'config.yaml', 'lr: 0.02', 'lr: 0.03');
    edit(directory, 'config.yaml', 'units: 24', 'units: 25');
    const error = await refusal(t, directory);
    t.is(error.code, 'E_RUN_CHANGED');
    t.is(error.exitCode, EXIT.config);
    t.is(error.where, directory);
    t.is(error.message, '2 keys of config.yaml changed:\n  model.layers.0.units: 25, was 24\n  optimizer.lr: 0.03, was 0.02');
    t.regex(error.next!, /gradloom extend/);
    edit(directory, 'config.yaml', 'lr: 0.03', 'lr: 0.02');
    edit(directory, 'config.yaml', 'units: 25', 'units: 24');
    edit(directory, 'config.yaml', 'workers: 1', 'workers: 2');
    edit(directory, 'config.yaml', 'keep: 3', 'keep: 1');
    edit(directory, 'config.yaml', 'name: run', 'name: other');
    t.like(await goOn(directory), { status: 'finished', workers: 2 });
    assertSame(t, directory, files);
  },
);

test.serial('D9 resume with other data is E_DATA_FINGERPRINT (65), also before the first checkpoint', async (t) => {
  for (const hasCheckpoint of [true, false]) {
    const directory = await started(t, { pauseAt: 33 });
    if (!hasCheckpoint) rmSync(path.join(directory, 'checkpoints'), { recursive: true });
    const { experiment } = loadExperiment(path.join(directory, 'config.yaml'));
    const dataset = await loadDataset({ ...experiment, seed: experiment.seed + 1 });
    const error = await t.throwsAsync(goOn(directory, { dataset }), { instanceOf: GradloomError });
    t.is(error.code, 'E_DATA_FINGERPRINT');
    t.is(error.exitCode, EXIT.data);
    t.regex(error.message, new RegExp(`^the data changed since the run began: sha256 [0-9a-f]{64}, now ${dataset.fingerprint}$`));
  }
});

/** Writes a checkpoint of a run again, with other metadata and a hash that fits. */
function forge(file: string, change: (metadata: Record<string, string>) => void): void {
  const { tensors, metadata } = readSafetensors(file);
  const changed = { ...metadata };
  change(changed);
  const bytes = Buffer.from(encodeSafetensors(tensors, { ...changed, 'gradloom.sha256': '0'.repeat(64) }));
  bytes.write(createHash('sha256').update(bytes).digest('hex'), bytes.indexOf('"gradloom.sha256":"') + 19, 'latin1');
  writeFileSync(file, bytes);
}

test.serial('P6 resume with other kernels is E_KERNEL_VERSION (78), also before the first checkpoint', async (t) => {
  const directory = await started(t, { pauseAt: 33 });
  const folder = path.join(directory, 'checkpoints');
  for (const name of readdirSync(folder))
    forge(path.join(folder, name), (metadata) => {
      metadata['gradloom.basis'] = metadata['gradloom.basis']!.replace(`"kernels":${KERNEL_VERSION}`, '"kernels":999');
    });
  const error = await refusal(t, directory);
  t.is(error.code, 'E_KERNEL_VERSION');
  t.is(error.exitCode, EXIT.config);
  t.true(
    error.message.startsWith(`trained with kernels of version 999, this gradloom has version ${KERNEL_VERSION}, whose results differ`),
  );
  rmSync(folder, { recursive: true });
  edit(directory, 'env.json', `"kernels": ${KERNEL_VERSION}`, '"kernels": 998');
  t.is((await refusal(t, directory)).code, 'E_KERNEL_VERSION');
});

test.serial('a run without a checkpoint begins again, from the same config and initial weights only', async (t) => {
  const { files, summary } = await expected(t);
  const directory = await started(t, { pauseAt: 33 });
  rmSync(path.join(directory, 'checkpoints'), { recursive: true });
  edit(directory, 'config.yaml', 'lr: 0.02', 'lr: 0.03');
  const error = await refusal(t, directory);
  t.is(error.code, 'E_RUN_CHANGED');
  t.is(error.message, 'config.yaml changed since the run began');
  edit(directory, 'config.yaml', 'lr: 0.03', 'lr: 0.02');
  t.like(await goOn(directory), { status: 'finished', digest: summary.digest });
  assertSame(t, directory, files);

  const weights = path.join(temporary(t), 'init.safetensors');
  cpSync(path.join(directory, 'model.safetensors'), weights);
  const fromFile = await started(t, { pauseAt: 8 }, { model: modelWith({ type: 'file', path: weights }) });
  cpSync(path.join(fromFile, 'model.safetensors'), weights);
  t.is((await goOn(fromFile, { pauseAt: 9 })).status, 'paused');
  rmSync(path.join(fromFile, 'checkpoints'), { recursive: true });
  const other = await refusal(t, fromFile);
  t.is(other.code, 'E_RUN_CHANGED');
  t.is(other.message, `${weights} changed since the run began`);
});

function modelWith(init: object): object {
  return { ...structuredClone(resumable('runs').model), init };
}

test.serial('what is no run is E_RUN_READ (65)', async (t) => {
  const directory = temporary(t);
  const error = await t.throwsAsync(goOn(directory), { instanceOf: GradloomError });
  t.is(error.code, 'E_RUN_READ');
  t.is(error.exitCode, EXIT.data);
  t.is(error.message, 'not a run: it has no config.yaml and env.json');
  t.is((await t.throwsAsync(goOn(path.join(directory, 'none')), { instanceOf: GradloomError })).message, 'no such directory');
  const run = await started(t, { pauseAt: 3 });
  rmSync(path.join(run, 'checkpoints'), { recursive: true });
  writeFileSync(path.join(run, 'env.json'), '{');
  t.like(await refusal(t, run), { code: 'E_RUN_FILE', where: path.join(run, 'env.json') });
});

test.serial('a run that another process has is E_BUSY (75); two resumes at once: one does it', async (t) => {
  const { files } = await expected(t);
  const directory = await started(t, { pauseAt: 33 });
  const both = await Promise.allSettled([goOn(directory), goOn(directory)]);
  t.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const [reason] = both.flatMap((result) => (result.status === 'rejected' ? [result.reason as GradloomError] : []));
  t.like(reason, { code: 'E_BUSY', exitCode: EXIT.busy });
  assertSame(t, directory, files);
});

test.serial('S8 garbage among the lines that count is E_RUN_FILE (65) with file and line; the run is left alone', async (t) => {
  const directory = await started(t, { pauseAt: 33 });
  const file = path.join(directory, 'metrics.jsonl');
  const text = readFileSync(file, 'utf8').split('\n');
  text[4] = text[4]!.replace('{', '#');
  writeFileSync(file, text.join('\n'));
  const error = await refusal(t, directory);
  t.is(error.code, 'E_RUN_FILE');
  t.is(error.where, `${file}:5`);
});

// ---- damaged checkpoints -------------------------------------------------------------------------------------------

const stepsIn = (directory: string): string[] => readdirSync(path.join(directory, 'checkpoints')).toSorted();
const fileOf = (step: number): string => `step-${String(step).padStart(12, '0')}.safetensors`;

/** Puts NaN at [1, 2] of the first weight, and the hash of that into its place. */
function withNaN(bytes: Buffer): Buffer {
  const header = Number(bytes.readBigUInt64LE(0));
  const place = bytes.indexOf('"gradloom.sha256":"') + '"gradloom.sha256":"'.length;
  const { 'layers.0.weight': tensor } = JSON.parse(bytes.toString('utf8', 8, 8 + header)) as Record<
    string,
    { shape: [number, number]; data_offsets: [number, number] }
  >;
  bytes.writeFloatLE(Number.NaN, 8 + header + tensor!.data_offsets[0] + 4 * (tensor!.shape[1] + 2));
  bytes.write('0'.repeat(64), place);
  bytes.write(createHash('sha256').update(bytes).digest('hex'), place);
  return bytes;
}

for (const { title, damage, reason } of [
  {
    title: 'cut short',
    damage: (bytes: Buffer) => bytes.subarray(0, bytes.length - 40),
    reason: /overflow|end after|trailing|but only|has/,
  },
  { title: 'filled with zeros', damage: (bytes: Buffer) => Buffer.alloc(bytes.length), reason: /header/ },
  { title: 'emptied', damage: () => Buffer.alloc(0), reason: /^0 bytes/ },
  {
    title: 'with a bit of a weight flipped',
    damage: (bytes: Buffer) => {
      bytes[bytes.length - 5000]! ^= 4;
      return bytes;
    },
    reason: /^damaged: its sha256 is [0-9a-f]{64}, but it says [0-9a-f]{64}$/,
  },
  {
    title: 'with the right hash and a weight that is not a number',
    damage: withNaN,
    reason: /^layers\.0\.weight\[1, 2\] is NaN; expected finite values$/,
  },
]) {
  test.serial(`P7 a newest checkpoint ${title} is set aside with W_CKPT_REJECTED, and the one before it used`, async (t) => {
    const { files } = await expected(t);
    const directory = await started(t, { pauseAt: 33 });
    t.deepEqual(stepsIn(directory), [fileOf(24), fileOf(30), fileOf(33)]);
    const newest = path.join(directory, 'checkpoints', fileOf(33));
    writeFileSync(newest, damage(readFileSync(newest)));
    const { summary, events } = await told(resume(directory, { engine: { threads } }));
    t.is(summary.status, 'finished');
    t.is(events.find((event) => event.type === 'start')?.from, 30);
    const [rejected] = events.filter((event) => event.type === 'warning' && event.code === 'W_CKPT_REJECTED');
    const { message } = rejected as { message: string };
    t.true(message.endsWith(`; set aside as ${fileOf(33)}.bad, the one before it is used`), message);
    t.regex(message.slice(fileOf(33).length + 2, message.lastIndexOf('; set aside')), reason);
    t.true(stepsIn(directory).includes(`${fileOf(33)}.bad`));
    assertSame(t, directory, files);
  });
}

test.serial('P7 with all checkpoints damaged the run begins again', async (t) => {
  const { files } = await expected(t);
  const directory = await started(t, { pauseAt: 33 });
  for (const name of stepsIn(directory)) writeFileSync(path.join(directory, 'checkpoints', name), name);
  const { summary, events } = await told(resume(directory, { engine: { threads } }));
  t.is(summary.status, 'finished');
  t.is(events.filter((event) => event.type === 'warning' && event.code === 'W_CKPT_REJECTED').length, 3);
  assertSame(t, directory, files);
});

test.serial('P7 a checkpoint with a bit flipped anywhere does not verify: 500 places', async (t) => {
  const directory = await started(t, { pauseAt: 33 });
  const file = path.join(directory, 'checkpoints', fileOf(33));
  const bytes = readFileSync(file);
  const dice = new Dice(17);
  t.notThrows(() => readCheckpoint(file, Uint8Array.from(bytes)));
  for (let i = 0; i < 500; i++) {
    const flipped = Uint8Array.from(bytes);
    const at = i < 100 ? i : dice.int(0, bytes.length - 1);
    flipped[at]! ^= 1 << dice.int(0, 7);
    const error = t.throws(() => readCheckpoint(file, flipped), { instanceOf: GradloomError }, `byte ${at}`);
    t.true(['E_CHECKPOINT', 'E_SAFETENSORS'].includes(error.code), `byte ${at}: ${error.code}`);
    t.is(error.exitCode, EXIT.data);
  }
});

test.serial('a checkpoint is a safetensors file with tensors of PyTorch names, and model files are refused as checkpoints', async (t) => {
  const directory = await started(t, { pauseAt: 33 });
  const { tensors, metadata } = readSafetensors(path.join(directory, 'checkpoints', fileOf(33)));
  for (const name of ['layers.0.weight', 'optimizer.exp_avg.layers.0.weight', 'average.layers.0.weight', 'layers.0.norm.running_var'])
    t.is(tensors.get(name)?.dtype, 'F32', name);
  t.deepEqual(tensors.get('layers.0.weight')!.shape, [24, 12]);
  t.is(metadata['gradloom.step'], '33');
  const model = readFileSync(path.join(directory, 'model.safetensors'));
  const error = t.throws(() => readCheckpoint('model', Uint8Array.from(model)), { instanceOf: GradloomError });
  t.is(error.code, 'E_CHECKPOINT');
  t.is(error.message, 'not a checkpoint of gradloom');
});
