import { GradloomError, printable } from '../errors.ts';
import { fromStored, type Layout, unitsLast } from '../graph/layout.ts';
import type { ModelTensor } from '../graph/tensor.ts';
import { readFileBytes } from '../storage/read.ts';
import { f32Tensors, type Safetensors, type Tensor } from '../storage/safetensors/bytes.ts';
import { FILE_LIMIT_BYTES, readSafetensors } from '../storage/safetensors.ts';
import { decodeOnnx } from './onnx/decode.ts';
import { matchLayers } from './onnx/match/layers.ts';

/** What a file of weights calls the model's tensors, and how their kernels lie. */
export interface WeightsLayout {
  /** The file's name by ours, or by the start of ours up to a dot. */
  names?: Readonly<Record<string, string>> | undefined;
  /** Kernels are [inputs, outputs], those of convolutions [height, width, inputs, outputs]; pictures are flattened channels last. */
  transposed?: boolean | undefined;
}

/** A tensor of the model. */
export type WantedTensor = Pick<ModelTensor, 'name' | 'shape'> & Partial<Pick<ModelTensor, 'layout'>>;

/** PyTorch's batch norms count batches, which nothing reads. */
const COUNTER = '.num_batches_tracked';

/**
 * The tensors of a file of weights: safetensors, or the layers of an ONNX file under gradloom's names.
 *
 * @throws GradloomError E_SAFETENSORS, E_ONNX, E_DATA_READ, E_DATA_TOO_LARGE
 */
export function readWeights(path: string): Safetensors {
  if (!isOnnx(path)) return readSafetensors(path);
  const { tensors } = matchLayers(decodeOnnx(readFileBytes(path, FILE_LIMIT_BYTES), path), path);
  const entries = [...tensors].map(([name, { shape, values }]): [string, Tensor] => [
    name,
    { dtype: 'F32', shape, data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) },
  ]);
  return { metadata: {}, tensors: new Map(entries) };
}

export function isOnnx(path: string): boolean {
  return /\.onnx$/i.test(path);
}

/**
 * The values of the model's tensors out of a file, in PyTorch's layout.
 *
 * @param wanted  the model's; the file must hold these and no others
 * @param path    for messages
 * @throws GradloomError E_TENSOR_MISMATCH listing all differences by the file's names, or naming an entry of `names` that is for nothing
 */
export function takeWeights(
  file: Safetensors,
  wanted: readonly WantedTensor[],
  path: string,
  { names = {}, transposed = false }: WeightsLayout = {},
): Map<string, Float32Array> {
  checkNames(names, wanted, path);
  const expected = wanted.map((tensor) => ({ name: theirs(tensor.name, names), shape: transposed ? turnedShape(tensor) : tensor.shape }));
  const isCounter = (name: string): boolean => name.endsWith(COUNTER);
  const tensors = new Map([...file.tensors].filter(([name]) => !isCounter(name)));
  const values = f32Tensors({ ...file, tensors }, expected, path);
  return new Map(
    wanted.map((tensor) => {
      const given = values.get(theirs(tensor.name, names)) as Float32Array;
      const layout = transposed ? turnedLayout(tensor) : undefined;
      return [tensor.name, layout === undefined ? given : fromStored(given, layout)];
    }),
  );
}

/** How a turned tensor lies: as gradloom stores it, units and channels last. */
function turnedLayout({ shape, layout }: WantedTensor): Layout | undefined {
  return layout ?? (shape.length === 2 ? unitsLast(shape) : undefined);
}

function turnedShape(tensor: WantedTensor): readonly number[] {
  const { shape } = tensor;
  const { view, order } = turnedLayout(tensor) ?? { view: shape, order: [...shape.keys()] };
  // A dense layer has one axis for all values of a picture.
  return view.length === shape.length ? order.map((axis) => view[axis] as number) : shape.toReversed();
}

/** The file's name of a tensor: the longest entry that is it or its beginning decides. */
function theirs(name: string, names: Readonly<Record<string, string>>): string {
  const key = Object.keys(names)
    .filter((entry) => isStart(entry, name))
    .reduce<string | undefined>((longest, entry) => (longest !== undefined && longest.length > entry.length ? longest : entry), undefined);
  return key === undefined ? name : `${names[key]}${name.slice(key.length)}`;
}

const isStart = (entry: string, name: string): boolean => name === entry || name.startsWith(`${entry}.`);

function checkNames(names: Readonly<Record<string, string>>, wanted: readonly { name: string }[], path: string): void {
  const odd = Object.keys(names).find((entry) => !wanted.some(({ name }) => isStart(entry, name)));
  if (odd !== undefined) {
    throw new GradloomError({
      code: 'E_TENSOR_MISMATCH',
      where: printable(path),
      message: `names has ${printable(odd)}, which is no tensor of the model and not the start of one`,
      next: `the model's are ${wanted
        .slice(0, 4)
        .map(({ name }) => name)
        .join(', ')}${wanted.length > 4 ? ' ...' : ''}`,
    });
  }
  const all = wanted.map(({ name }) => theirs(name, names));
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new GradloomError({
    code: 'E_TENSOR_MISMATCH',
    where: printable(path),
    message: `names gives ${printable(twice)} to two tensors of the model`,
    next: 'give each a name of its own',
  });
}
