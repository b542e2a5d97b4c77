type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

const DESCR: Readonly<Record<string, string>> = {
  Uint8Array: '|u1',
  Int8Array: '|i1',
  Uint16Array: '<u2',
  Int16Array: '<i2',
  Uint32Array: '<u4',
  Int32Array: '<i4',
  BigUint64Array: '<u8',
  BigInt64Array: '<i8',
  Float32Array: '<f4',
  Float64Array: '<f8',
};

/** The bytes of a .npy file as numpy writes it; a header of one's own in place of what the values would have. */
export function npyBytes(shape: readonly number[], values: Values, header = npyHeader(shape, values), version = 1): Buffer {
  const lengthBytes = version === 1 ? 2 : 4;
  const lead = Buffer.alloc(8 + lengthBytes);
  lead.write('\x93NUMPY', 'latin1');
  lead[6] = version;
  const text = `${header.padEnd(Math.ceil((lead.length + header.length + 1) / 64) * 64 - lead.length - 1)}\n`;
  if (version === 1) lead.writeUInt16LE(text.length, 8);
  else lead.writeUInt32LE(text.length, 8);
  return Buffer.concat([lead, Buffer.from(text, 'latin1'), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

function npyHeader(shape: readonly number[], values: Values): string {
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  return `{'descr': '${DESCR[values.constructor.name] ?? ''}', 'fortran_order': False, 'shape': ${sizes}, }`;
}
