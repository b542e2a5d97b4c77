import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadDataset } from '../src/data/load.ts';
import { GradloomError } from '../src/errors.ts';
import { initialState } from '../src/model/initializers.ts';
import { buildNetwork } from '../src/model/network.ts';
import { readTensor } from '../src/model/parameters.ts';
import { type Estimate, median } from '../src/speedup/statistics.ts';
import type { Section } from './figures.ts';
import { type Peer, PeerError, type PeerSetup } from './peer.ts';
import type { PeerSpec, StartContext } from './peer-list.ts';
import { estimate, estimateRatio, inRounds } from './rounds.ts';
import { experimentOf, hasPictures, SGD, TRAIN_ROWS, type Workload } from './workloads.ts';

/** Updates after which all programs must have the same loss: two epochs, and a few more where one has few. */
const MIN_AGREED_STEPS = 4;
const AGREED_EPOCHS = 2;
/** Of one timed block. */
const BLOCK_SECONDS = 0.3;
const MAX_BLOCK_STEPS = 4096;
/** More thread counts than this are powers of two. */
const DENSE_THREADS = 4;

/** A peer that is not in the table, and why. */
export interface Skipped {
  peer: string;
  /** ` on W4 ...`; empty where it is skipped everywhere. */
  workload: string;
  reason: string;
}

export interface ComparisonContext extends Pick<StartContext, 'overrides' | 'pythons'> {
  /** For the files that peers read. */
  directory: string;
  rounds: number;
  cores: number;
  /** Is told what is being started. */
  note: (line: string) => void;
}

/** A program of the comparison, started. */
interface Contender {
  spec: PeerSpec;
  threads: number;
  peer: Peer;
  /** After the agreed steps. */
  loss: number | null;
  blockSteps: number;
  /** Why it stopped in the middle: its rows are left out, the others go on. */
  failure?: string;
}

/**
 * Every program does the same first steps from the same weights and must come to the same loss; then each trains blocks of about the
 * same time, in turn.
 */
export async function comparePeers(
  workload: Workload,
  specs: readonly PeerSpec[],
  context: ComparisonContext,
): Promise<{ section: Section; versions: Record<string, string>; skipped: Skipped[] }> {
  const setup = await writeTask(workload, context);
  const steps = workload.agreedSteps ?? Math.max(MIN_AGREED_STEPS, AGREED_EPOCHS * Math.ceil(TRAIN_ROWS / setup.batch));
  const contenders: Contender[] = [];
  const skipped: Skipped[] = [];
  try {
    for (const spec of specs) {
      const unfit = reasonAgainst(spec, workload);
      if (unfit !== undefined) {
        skipped.push({ peer: spec.name, workload: ` on ${workload.name}`, reason: unfit });
        continue;
      }
      try {
        for (const threads of spec.threads(threadCounts(context.cores))) {
          context.note(rowName(spec.name, threads));
          contenders.push(await start(spec, threads, steps, { ...context, workload, setup }));
        }
      } catch (error) {
        // Without gradloom there is nothing to compare with.
        if (spec.name === 'gradloom' || !(error instanceof PeerError || error instanceof GradloomError)) throw error;
        skipped.push({ peer: spec.name, workload: '', reason: error.message });
      }
    }
    const blocks = await inRounds(
      contenders.map((contender) => () => rateOf(contender)),
      context.rounds,
    );
    const rows: PeerRow[] = [];
    for (const [i, contender] of contenders.entries()) {
      const row = contender.failure === undefined ? await rowOf(contender, blocks[i] ?? []) : undefined;
      if (row !== undefined) rows.push(row);
      else skipped.push({ peer: contender.spec.name, workload: ` on ${workload.name}`, reason: contender.failure ?? '' });
    }
    const versions = Object.fromEntries(contenders.map(({ spec, peer }) => [spec.name, peer.version]));
    return { section: tabulatePeers(workload.name, steps, rows), versions, skipped };
  } finally {
    await Promise.all(contenders.map(({ peer }) => peer.close()));
  }
}

function reasonAgainst({ denseOnly, only }: PeerSpec, workload: Workload): string | undefined {
  if (denseOnly === true && hasPictures(workload)) return 'has no convolutions';
  return only?.some((beginning) => workload.name.startsWith(beginning)) === false ? 'too slow' : undefined;
}

/** 1 to the cores, or powers of two and all of them. */
export function threadCounts(cores: number): number[] {
  return Array.from({ length: cores }, (_, i) => i + 1).filter(
    (count) => cores <= DENSE_THREADS || count === cores || Number.isInteger(Math.log2(count)),
  );
}

/** Data, labels and initial weights as files that every peer reads. */
async function writeTask(workload: Workload, { directory, overrides }: ComparisonContext): Promise<PeerSetup> {
  const experiment = experimentOf(workload, overrides, false);
  const dataset = await loadDataset(experiment);
  const { features, featureCount, sampleShape, target, splits, normalization } = dataset;
  if (target.kind !== 'class' || normalization.kind !== 'divide') throw new RangeError('workloads are of classes, with divided features');
  const x = new Float32Array(splits.train.length * featureCount);
  const y = new Int32Array(splits.train.length);
  for (const [i, row] of splits.train.entries()) {
    for (let j = 0; j < featureCount; j++) x[i * featureCount + j] = (features[row * featureCount + j] ?? 0) / normalization.divisor;
    y[i] = target.labels[row] ?? 0;
  }
  const network = buildNetwork(experiment, sampleShape);
  const { parameters } = initialState(network, experiment.model, experiment.seed);
  const tensors = network.parameters.map((tensor) => readTensor(parameters, tensor));
  writeFileSync(path.join(directory, 'features.f32'), x);
  writeFileSync(path.join(directory, 'labels.i32'), y);
  writeFileSync(path.join(directory, 'init.f32'), Buffer.concat(tensors.map((values) => new Uint8Array(values.buffer))));
  const batch = workload.batch === 'full' ? splits.train.length : workload.batch;
  // Pictures of one channel come without it.
  const shape = hasPictures(workload) ? [...(sampleShape.length === 2 ? [1] : []), ...sampleShape] : [featureCount];
  return { directory, shape, layers: workload.layers, batch, optimizer: workload.optimizer ?? SGD, threads: 1 };
}

async function start(spec: PeerSpec, threads: number, steps: number, context: StartContext): Promise<Contender> {
  const peer = await spec.start(context, threads);
  try {
    await peer.train(steps);
    const loss = await peer.loss();
    return { spec, threads, peer, loss, blockSteps: await stepsOfBlock(peer) };
  } catch (error) {
    await peer.close();
    throw error;
  }
}

/** Rows a second of one block; NaN of a program that has stopped. */
async function rateOf(contender: Contender): Promise<number> {
  if (contender.failure !== undefined) return Number.NaN;
  try {
    const { seconds, rows } = await contender.peer.train(contender.blockSteps);
    return rows / seconds;
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    contender.failure = error.message;
    return Number.NaN;
  }
}

/** Warms up, too. */
async function stepsOfBlock(peer: Peer): Promise<number> {
  for (let steps = 1; ; ) {
    const { seconds } = await peer.train(steps);
    const fitting = Math.max(1, Math.min(MAX_BLOCK_STEPS, Math.round((steps * BLOCK_SECONDS) / seconds)));
    if (seconds > BLOCK_SECONDS / 4 || fitting <= steps) return fitting;
    steps = Math.min(fitting, 8 * steps);
  }
}

/** A program as it was measured. */
export interface PeerRow {
  name: string;
  threads: number;
  tolerance: number | undefined;
  loss: number | null;
  /** Rows a second, one value a round. */
  rates: readonly number[];
  peakBytes: number;
}

async function rowOf({ spec, threads, loss, peer }: Contender, rates: readonly number[]): Promise<PeerRow> {
  return { name: spec.name, threads, tolerance: spec.tolerance, loss, rates, peakBytes: await peer.peakBytes() };
}

/** Ratios of gradloom with each of its codes, at its best worker count, over every row. */
export function tabulatePeers(title: string, steps: number, rows: readonly PeerRow[]): Section {
  const [first] = rows;
  const ours = [...new Set(rows.map(({ name }) => name))].filter((name) => name.startsWith('gradloom'));
  const bests = new Map([...new Set(rows.map(({ name }) => name))].map((name) => [name, bestOf(rows.filter((row) => row.name === name))]));
  const constant = (value: number): Estimate => ({ value, low: value, high: value });
  return {
    id: title,
    title: `${title}: * the best thread count; loss after the same ${steps} steps`,
    columns: [
      { name: 'samples/s', unit: 'rows/s', better: 'more' },
      ...ours.map((one) => ({ name: `${one} / it`, unit: 'times' as const, better: 'more' as const })),
      { name: 'loss', unit: 'loss', better: 'neither' },
      { name: 'peak MB', unit: 'MB', better: 'less' },
    ],
    rows: rows.map((row) => {
      const agreed = first === undefined || agrees(row, first.loss);
      const over = (one: string): Estimate | undefined => {
        const best = bests.get(one);
        return best === undefined || best === row || !agreed ? undefined : estimateRatio(best.rates, row.rates);
      };
      const marks = `${bests.get(row.name) === row ? ' *' : ''}${agreed ? '' : ' other loss!'}`;
      return {
        name: `${rowName(row.name, row.threads)}${marks}`,
        values: [estimate(row.rates), ...ours.map(over), row.loss === null ? undefined : constant(row.loss), constant(row.peakBytes / 1e6)],
      };
    }),
  };
}

function rowName(name: string, threads: number): string {
  return `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

/** Whether a row's loss is the first row's but for rounding; rows without a tolerance cannot be compared, and say so elsewhere. */
function agrees({ loss, tolerance }: PeerRow, reference: number | null): boolean {
  if (tolerance === undefined) return true;
  return loss !== null && reference !== null && Math.abs(loss - reference) <= tolerance * Math.abs(reference);
}

function bestOf(rows: readonly PeerRow[]): PeerRow | undefined {
  return rows.toSorted((a, b) => median(b.rates) - median(a.rates))[0];
}
