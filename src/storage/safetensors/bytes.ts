import { GradloomError, printable } from '../../errors.ts';
import { checkSize, failAt, HEADER_LIMIT_BYTES, LENGTH_BYTES, METADATA, parseHead, type TensorType } from './header.ts';

export interface Tensor {
  dtype: TensorType;
  /** [] for a single number. */
  shape: readonly number[];
  /** The elements' bytes, little-endian, row-major; at any alignment. */
  data: Uint8Array;
}

/** A tensor to write; its data may be a typed array of any kind. */
export type TensorToWrite = Omit<Tensor, 'data'> & { data: ArrayBufferView };

export interface Safetensors {
  metadata: Readonly<Record<string, string>>;
  /** In the order of their data. */
  tensors: ReadonlyMap<string, Tensor>;
}

const ALIGNMENT_BYTES = 8;
const SPACE = 0x20;

/**
 * Reads the bytes of a safetensors file strictly: what the format forbids, and what two readers could take differently (duplicate keys,
 * holes, overlaps, bytes after the end), is refused. Nothing in them is run, and no path is taken from them. The tensors are views of them.
 *
 * @param where  names the bytes in messages
 * @throws GradloomError E_SAFETENSORS naming the tensor
 * @see https://github.com/huggingface/safetensors, "Format"
 */
export function parseSafetensors(bytes: Uint8Array, where = 'safetensors'): Safetensors {
  const { metadata, spans, bodyAt } = parseHead(bytes, bytes.length, where);
  const body = bytes.subarray(bodyAt);
  const tensors = new Map(spans.map(({ name, dtype, shape, begin, end }) => [name, { dtype, shape, data: body.subarray(begin, end) }]));
  return { metadata, tensors };
}

/**
 * The bytes of a safetensors file. Deterministic: metadata sorted by key, then the tensors in the order given, their data in the same
 * order; the header is padded with spaces to a multiple of 8 bytes. Elements are copied as bytes, so every NaN keeps its bits.
 *
 * @throws GradloomError E_SAFETENSORS if a shape does not match its data, or the header passes the limit that the reader holds
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const fail = failAt('safetensors');
  const entries: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) {
    entries.push(`"${METADATA}":{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`).join(',')}}`);
  }
  let bodyBytes = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === METADATA) throw fail(`a tensor cannot be named ${METADATA}`);
    checkSize(name, dtype, shape, data.byteLength, fail);
    const offsets = [bodyBytes, bodyBytes + data.byteLength];
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: offsets })}`);
    bodyBytes += data.byteLength;
  }
  // Joined as text: an object would move keys like "0" to the front.
  const header = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerBytes = Math.ceil(header.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  if (headerBytes > HEADER_LIMIT_BYTES) throw fail(`the header takes ${headerBytes} bytes, the limit is ${HEADER_LIMIT_BYTES}`);

  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + bodyBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(SPACE, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  bytes.set(header, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * The tensors of a file as f32 arrays, each a copy of its bytes, if they are exactly the expected ones.
 *
 * @param where  the file, for the message
 * @throws GradloomError E_TENSOR_MISMATCH listing all differences: missing, unexpected, other type, other shape
 */
export function f32Tensors(
  file: Safetensors,
  expected: readonly { name: string; shape: readonly number[] }[],
  where: string,
): Map<string, Float32Array> {
  const differences: string[] = [];
  for (const { name, shape } of expected) {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) differences.push(`${name}: missing, expected F32 [${shape.join(', ')}]`);
    else if (tensor.dtype !== 'F32' || tensor.shape.join() !== shape.join()) {
      differences.push(`${name}: ${tensor.dtype} [${tensor.shape.join(', ')}], expected F32 [${shape.join(', ')}]`);
    }
  }
  const names = new Set(expected.map(({ name }) => name));
  for (const [name, { dtype, shape }] of file.tensors) {
    if (!names.has(name)) differences.push(`${printable(name)}: ${dtype} [${shape.join(', ')}] is not expected`);
  }
  if (differences.length > 0) {
    throw new GradloomError({
      code: 'E_TENSOR_MISMATCH',
      where: printable(where),
      message: `${differences.length} of its tensors are not the model's:`,
      lines: differences,
      next: 'use the layers that the file was made with, or name another file',
    });
  }
  return new Map([...names].map((name) => [name, copyF32((file.tensors.get(name) as Tensor).data)]));
}

/** Bytes of f32 elements, at any alignment, as an array of their own. */
function copyF32(data: Uint8Array): Float32Array {
  const values = new Float32Array(data.length / Float32Array.BYTES_PER_ELEMENT);
  new Uint8Array(values.buffer).set(data);
  return values;
}
