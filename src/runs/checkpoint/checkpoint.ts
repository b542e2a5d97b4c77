import { createHash } from 'node:crypto';
import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError, printable } from '../../errors.ts';
import { readTensor } from '../../model/parameters.ts';
import { nonfiniteIn } from '../../storage/nonfinite.ts';
import { encodeSafetensors, f32Tensors, type Safetensors, type TensorToWrite } from '../../storage/safetensors/bytes.ts';
import { readSafetensors } from '../../storage/safetensors.ts';
import { count, problemOf, type Shape } from '../../storage/shape.ts';
import { emptyState, fillState, stateTensors } from '../files/state-tensors.ts';
import type { Basis } from './basis.ts';
import type { Landmark, RunState } from './run-state.ts';
import { basisShape, savedShape } from './shapes.ts';

/**
 * A checkpoint is one safetensors file: the training state under PyTorch's names (`state-tensors.ts`), the vectors of the best and of the
 * latest good evaluation under `best.` and `good.` where they are other ones, all that the loop and the recorder remember as JSON in the
 * tensor `gradloom.state` (U8, since it may be larger than a header), and in the metadata what tools and people look for. The file
 * verifies itself: `gradloom.sha256` is its hash with those 64 digits set to 0.
 */
const FORMAT = '1';
const STATE = 'gradloom.state';
const NO_HASH = '0'.repeat(64);
const HASH_KEY = '"gradloom.sha256":"';
const LENGTH_BYTES = 8;
/** Parameters, running statistics and averages, of the state and of its landmarks; not what an optimizer remembers. */
const PARAMETER = /^(?:good\.|best\.)?(?:average\.)?layers\./;

/** Whose vectors a landmark has: those of the training state itself, of the landmark before it, or its own in the file. */
type Share = 'state' | 'good' | 'own';

interface SavedLandmark {
  step: number;
  share: Share;
  hasOptimizer: boolean;
}

interface SavedState {
  loop: RunState['loop'];
  recorder: RunState['recorder'];
  best: SavedLandmark | undefined;
  good: SavedLandmark | undefined;
}

/** A checkpoint as read: whole and unchanged, but not yet compared with an experiment. */
export interface Checkpoint {
  path: string;
  step: number;
  basis: Basis;
  /** Bytes of metrics.jsonl and digests.jsonl that belong to it. */
  metricsBytes: number;
  digestsBytes: number;
  sha256: string;
  file: Safetensors;
  saved: SavedState;
}

/** @param generation  of the lock under which it is written */
export function encodeCheckpoint(plan: EnginePlan, run: RunState, basis: Basis, generation: number): Uint8Array<ArrayBuffer> {
  const { state, best, good } = run;
  const tensors = new Map<string, TensorToWrite>();
  addState(tensors, '', plan, state);
  const goodShare = shareOf(good, state);
  const bestShare = shareOf(best, state, good);
  if (good !== undefined && goodShare === 'own') addState(tensors, 'good.', plan, good.state);
  if (best !== undefined && bestShare === 'own') addState(tensors, 'best.', plan, best.state);
  const saved: SavedState = {
    loop: run.loop,
    recorder: run.recorder,
    best: best && { step: best.step, share: bestShare, hasOptimizer: best.state.optimizer.length > 0 },
    good: good && { step: good.step, share: goodShare, hasOptimizer: good.state.optimizer.length > 0 },
  };
  const json = Buffer.from(writeState(saved));
  tensors.set(STATE, { dtype: 'U8', shape: [json.length], data: json });
  const bytes = encodeSafetensors(tensors, {
    format: 'pt',
    'gradloom.checkpoint': FORMAT,
    'gradloom.step': String(run.loop.step),
    'gradloom.basis': JSON.stringify(basis),
    'gradloom.metrics_bytes': String(run.recorder.metricsBytes),
    'gradloom.digests_bytes': String(run.recorder.digestsBytes),
    'gradloom.generation': String(generation),
    'gradloom.sha256': NO_HASH,
  });
  Buffer.from(bytes.buffer).write(createHash('sha256').update(bytes).digest('hex'), hashPlace(bytes) ?? 0, 'latin1');
  return bytes;
}

function addState(tensors: Map<string, TensorToWrite>, prefix: string, plan: EnginePlan, state: TrainingState): void {
  for (const { name, tensor, vector } of stateTensors(plan, state))
    tensors.set(prefix + name, { dtype: 'F32', shape: tensor.shape, data: readTensor(vector, tensor) });
}

function shareOf(landmark: Landmark | undefined, state: TrainingState, good?: Landmark): Share {
  if (landmark?.state.parameters === state.parameters) return 'state';
  return landmark !== undefined && landmark.state.parameters === good?.state.parameters ? 'good' : 'own';
}

/** Where the digits of the hash start; undefined if the header does not have them as it is written. */
function hashPlace(bytes: Uint8Array<ArrayBuffer>): number | undefined {
  const header = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const at = Buffer.from(bytes.buffer, bytes.byteOffset + LENGTH_BYTES, header).indexOf(HASH_KEY);
  return at < 0 ? undefined : LENGTH_BYTES + at + HASH_KEY.length;
}

/**
 * Reads a checkpoint and verifies its hash.
 *
 * @param where  its path
 * @throws GradloomError E_CHECKPOINT, E_SAFETENSORS, E_DATA_READ with what is wrong
 */
export function readCheckpoint(where: string, bytes: Uint8Array<ArrayBuffer>): Checkpoint {
  const fail = (message: string): GradloomError => badCheckpoint(where, message);
  const file = readSafetensors(bytes, where);
  const { metadata, tensors } = file;
  const sha256 = metadata['gradloom.sha256'];
  if (metadata['gradloom.checkpoint'] === undefined || sha256 === undefined) throw fail('not a checkpoint of gradloom');
  if (metadata['gradloom.checkpoint'] !== FORMAT)
    throw fail(`a checkpoint of format ${printable(metadata['gradloom.checkpoint'], 20)}; expected ${FORMAT}`);
  const at = hashPlace(bytes);
  const found = at === undefined ? 'not where it should be' : hashWithout(bytes, at);
  if (sha256 !== found) throw fail(`damaged: its sha256 is ${found}, but it says ${printable(sha256, 64)}`);
  const json = tensors.get(STATE)?.data;
  if (json === undefined) throw fail(`without ${STATE}`);
  const read = <T>(what: string, parse: () => unknown, shape: Shape<T>): T => {
    let value: unknown;
    try {
      value = parse();
    } catch (error) {
      throw fail(printable(`${what}: not JSON: ${(error as Error).message}`, 300));
    }
    const problem = problemOf(value, shape);
    if (problem !== undefined) throw fail(printable(`${what}: ${problem}`, 300));
    return value as T;
  };
  // JSON has no undefined: a key that may be undefined is missing.
  const saved = read(STATE, () => readState(new TextDecoder().decode(json)), savedShape) as SavedState;
  const numberIn = (key: string): number => {
    const word = metadata[key];
    return read(key, () => (word !== undefined && /^\d+$/.test(word) ? Number(word) : word), count);
  };
  const checkpoint: Checkpoint = {
    path: where,
    step: numberIn('gradloom.step'),
    basis: read('gradloom.basis', () => JSON.parse(metadata['gradloom.basis'] ?? 'null') as unknown, basisShape),
    metricsBytes: numberIn('gradloom.metrics_bytes'),
    digestsBytes: numberIn('gradloom.digests_bytes'),
    sha256,
    file,
    saved,
  };
  const problem = contradictionIn(checkpoint);
  if (problem !== undefined) throw fail(problem);
  return checkpoint;
}

/** What a file cannot say that was written whole, whatever its hash. */
function contradictionIn({ step, metricsBytes, digestsBytes, saved: { loop, recorder, best, good } }: Checkpoint): string | undefined {
  if (loop.step !== step || recorder.step !== step) return `of step ${step}, but its state is of step ${loop.step} and ${recorder.step}`;
  if (recorder.metricsBytes !== metricsBytes || recorder.digestsBytes !== digestsBytes) return 'its state tells other lengths of files';
  const later = [best, good, loop.bestKept].find((landmark) => landmark !== undefined && landmark.step > step);
  return later === undefined ? undefined : `of step ${step}, but remembers step ${later.step}`;
}

function badCheckpoint(where: string, message: string): GradloomError {
  return new GradloomError({ code: 'E_CHECKPOINT', where: printable(where), message, next: 'use an older checkpoint' });
}

/**
 * What is wrong with the values of a checkpoint whose hash is right: parameters or running statistics that are not finite. Undefined where
 * nothing is. Training from an older one comes to the same end, so such a checkpoint is of no use to anybody.
 */
export function valuesProblem({ file }: Checkpoint): string | undefined {
  for (const [name, { dtype, shape, data }] of file.tensors) {
    if (dtype !== 'F32' || !PARAMETER.test(name)) continue;
    const fault = nonfiniteIn(name, shape, new Float32Array(new Uint8Array(data).buffer));
    if (fault !== undefined) return `${fault}; expected finite values`;
  }
  return undefined;
}

function hashWithout(bytes: Uint8Array, at: number): string {
  const hash = createHash('sha256').update(bytes.subarray(0, at)).update(NO_HASH);
  return hash.update(bytes.subarray(at + NO_HASH.length)).digest('hex');
}

/**
 * The state that a checkpoint holds.
 *
 * @param plan  of the same experiment, whatever its workers
 * @throws GradloomError E_TENSOR_MISMATCH; E_CHECKPOINT for a step that the experiment does not come to
 */
export function runStateIn({ file, saved, path }: Checkpoint, plan: EnginePlan): RunState {
  const { loop, recorder } = saved;
  const { totalSteps } = plan.batches;
  if (loop.step > totalSteps) throw badCheckpoint(path, `of step ${loop.step}, but the run has ${totalSteps}`);
  const state = emptyState(plan);
  const own = (landmark: SavedLandmark | undefined): TrainingState | undefined =>
    landmark?.share === 'own' ? emptyState(plan, landmark.hasOptimizer) : undefined;
  const [goodOwn, bestOwn] = [own(saved.good), own(saved.best)];
  const places = [
    ...stateTensors(plan, state),
    ...(goodOwn === undefined ? [] : prefixed('good.', stateTensors(plan, goodOwn))),
    ...(bestOwn === undefined ? [] : prefixed('best.', stateTensors(plan, bestOwn))),
  ];
  const floats = new Map([...file.tensors].filter(([name]) => name !== STATE));
  const values = f32Tensors(
    { ...file, tensors: floats },
    places.map(({ name, tensor }) => ({ name, shape: tensor.shape })),
    path,
  );
  fillState(places, (name) => values.get(name) as Float32Array);
  const good = landmarkOf(saved.good, goodOwn ?? state);
  const best = landmarkOf(saved.best, bestOwn ?? (saved.best?.share === 'good' ? (good?.state ?? state) : state));
  return { loop, recorder, state, best, good };
}

function prefixed<T extends { name: string }>(prefix: string, tensors: readonly T[]): T[] {
  return tensors.map((tensor) => ({ ...tensor, name: prefix + tensor.name }));
}

function landmarkOf(saved: SavedLandmark | undefined, state: TrainingState): Landmark | undefined {
  return saved && { step: saved.step, state: saved.hasOptimizer ? state : { ...state, optimizer: [] } };
}

/** JSON with the numbers that it has not: `#NaN`, `#Infinity`, `#-Infinity`, `#-0`. No name in a state begins with #. */
function writeState(state: SavedState): string {
  return JSON.stringify(state, (_, value: unknown) => {
    if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
    return Object.is(value, -0) ? '#-0' : `#${value}`;
  });
}

function readState(text: string): unknown {
  return JSON.parse(text, (_, value: unknown): unknown => {
    if (typeof value !== 'string' || !value.startsWith('#')) return value;
    return SPECIAL_NUMBERS.includes(value) ? Number(value.slice(1)) : value;
  });
}

const SPECIAL_NUMBERS: readonly string[] = ['#NaN', '#Infinity', '#-Infinity', '#-0'];
