import { elements } from '../../graph/shape.ts';
import { DATA_TYPES, FIELDS, type OnnxTensor } from './proto.ts';
import { type Field, type Span, WIRE_OF, type Wire } from './wire.ts';

const MAX_RANK = 16;
const F32 = 4;
const I64 = 8;
/** int64 tensors say axes and shapes: none is long. */
const MAX_INTEGERS = 1024;
const TYPE_NAMES =
  'undefined FLOAT UINT8 INT8 UINT16 INT16 INT32 INT64 STRING BOOL FLOAT16 DOUBLE UINT32 UINT64 COMPLEX64 COMPLEX128 BFLOAT16'.split(' ');

/** A tensor with as many values as its shape says. @throws GradloomError E_ONNX with the byte and the tensor's name */
export function decodeTensor(wire: Wire, { body, at }: Field): OnnxTensor {
  const parts = partsOf(wire, body);
  const { name, dims, type } = parts;
  const fail = (message: string, next?: string): Error => wire.fail(at, `tensor ${name || '?'}: ${message}`, next);
  if (parts.isExternal) throw fail('its data are in another file, which is not opened', 'save the model with its data in one file');
  if (parts.isSegment) throw fail('a part of a tensor, which is not read');
  for (const dim of dims) if (!(dim >= 0 && dim <= 2 ** 32)) throw fail(`an extent of ${dim}`);
  const count = elements(dims);
  if (type === DATA_TYPES.float) return { name, dims, values: floats(wire, parts, count, fail) };
  if (type === DATA_TYPES.int64) return { name, dims, values: integers(wire, parts, count, fail) };
  throw fail(`its elements are ${TYPE_NAMES[type] ?? `of type ${type}`}, expected FLOAT`, 'save the model with f32 weights');
}

interface Parts {
  name: string;
  dims: number[];
  type: number;
  raw: Span | undefined;
  floats: Field[];
  ints: Field[];
  isExternal: boolean;
  isSegment: boolean;
}

function partsOf(wire: Wire, span: Span): Parts {
  const f = FIELDS.tensor;
  const parts: Parts = { name: '', dims: [], type: 0, raw: undefined, floats: [], ints: [], isExternal: false, isSegment: false };
  const types = {
    [f.dims]: 'varint',
    [f.type]: 'varint',
    [f.ints]: 'varint',
    [f.location]: 'varint',
    [f.name]: 'length',
    [f.raw]: 'length',
    [f.external]: 'length',
  } as const;
  for (const field of wire.fields(span, types, 'a tensor')) {
    if (field.number === f.dims) {
      for (const dim of wire.numbers(field))
        if (parts.dims.push(dim) > MAX_RANK) throw wire.fail(field.at, `more than ${MAX_RANK} dimensions`);
    } else if (field.number === f.type) parts.type = field.value;
    else if (field.number === f.name) parts.name = wire.text(field);
    else if (field.number === f.raw) parts.raw = field.body;
    else if (field.number === f.floats) parts.floats.push(field);
    else if (field.number === f.ints) parts.ints.push(field);
    else if (field.number === f.segment) parts.isSegment = true;
    else if (field.number === f.external) parts.isExternal = true;
    else if (field.number === f.location && field.value !== 0) parts.isExternal = true;
  }
  return parts;
}

type Fail = (message: string) => Error;

function floats(wire: Wire, { raw, floats: fields, dims }: Parts, count: number, fail: Fail): Float32Array {
  // One float a field, or many in one: the value of a field of 4 bytes was read already, the rest is where the bytes are.
  if (fields.some(({ type }) => type !== WIRE_OF.length && type !== WIRE_OF.float)) throw fail('floats that are none');
  const pieces =
    raw === undefined ? fields.map(({ type, body }) => (type === WIRE_OF.length ? body : { from: body.to - F32, to: body.to })) : [raw];
  const bytes = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
  if (bytes !== count * F32) throw fail(`${bytes} bytes for the ${count} floats of shape [${dims.join(', ')}]`);
  const values = new Float32Array(count);
  const target = new Uint8Array(values.buffer);
  let at = 0;
  for (const { from, to } of pieces) {
    target.set(wire.bytes.subarray(from, to), at);
    at += to - from;
  }
  return values;
}

function integers(wire: Wire, { raw, ints, dims }: Parts, count: number, fail: Fail): number[] {
  const shape = `[${dims.join(', ')}]`;
  if (count > MAX_INTEGERS) throw fail(`${count} integers; at most ${MAX_INTEGERS} are read`);
  if (raw === undefined) {
    const values: number[] = [];
    for (const field of ints) for (const value of wire.numbers(field)) if (values.push(value) > count) break;
    if (values.length !== count)
      throw fail(`${values.length > count ? 'more' : values.length} integers for shape ${shape}, expected ${count}`);
    return values;
  }
  if (raw.to - raw.from !== count * I64) throw fail(`${raw.to - raw.from} bytes for the ${count} integers of shape ${shape}`);
  const view = new DataView(wire.bytes.buffer, wire.bytes.byteOffset + raw.from, raw.to - raw.from);
  return Array.from({ length: count }, (_, i) => Number(view.getBigInt64(i * I64, true)));
}
