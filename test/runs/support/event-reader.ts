/** Reads TensorBoard's event files by the book of protobuf and TFRecord, sharing nothing with what writes them. */
export interface ReadEvent {
  wallTime: number;
  step: number;
  version?: string;
  isStart: boolean;
  scalars: Record<string, number>;
  histograms: Record<string, number[][]>;
  images: Record<string, { height: number; width: number; png: Buffer }>;
  plugins: Record<string, { name: string; content: Buffer }>;
}

/** CRC-32C a bit at a time. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  }
  return ~value >>> 0;
}

function masked(bytes: Uint8Array): number {
  const value = crc(bytes);
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}

/** Fields of a protobuf message in their order; numbers of 8 and 4 bytes are left as bytes. */
export function fieldsOf(bytes: Buffer): [field: number, value: bigint | Buffer][] {
  const fields: [number, bigint | Buffer][] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a number is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new Error('a field is cut off');
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const value = [varint, () => take(8), () => take(Number(varint())), undefined, undefined, () => take(4)][tag & 7];
    if (value === undefined) throw new Error(`wire type ${tag & 7}`);
    fields.push([tag >> 3, value()]);
  }
  return fields;
}

/** @throws Error for a checksum that is not right, or bytes that are left over */
export function readEvents(file: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length; ) {
    const head = file.subarray(at, at + 8);
    if (file.readUInt32LE(at + 8) !== masked(head)) throw new Error(`checksum of the length at ${at}`);
    const length = Number(head.readBigUInt64LE());
    const payload = file.subarray(at + 12, at + 12 + length);
    if (file.readUInt32LE(at + 12 + length) !== masked(payload)) throw new Error(`checksum at ${at}`);
    events.push(eventOf(payload));
    at += 16 + length;
  }
  return events;
}

function eventOf(payload: Buffer): ReadEvent {
  const event: ReadEvent = { wallTime: 0, step: 0, isStart: false, scalars: {}, histograms: {}, images: {}, plugins: {} };
  for (const [field, value] of fieldsOf(payload)) {
    if (field === 1) event.wallTime = (value as Buffer).readDoubleLE();
    if (field === 2) event.step = Number(value);
    if (field === 3) event.version = String(value);
    if (field === 5) for (const [, one] of fieldsOf(value as Buffer)) addValue(event, new Map(fieldsOf(one as Buffer)));
    if (field === 7) event.isStart = new Map(fieldsOf(value as Buffer)).get(1) === 1n;
  }
  return event;
}

function addValue(event: ReadEvent, value: ReadonlyMap<number, bigint | Buffer>): void {
  const tag = String(value.get(1));
  const [scalar, image, histogram, metadata] = [2, 4, 5, 9].map((field) => value.get(field) as Buffer | undefined);
  if (scalar !== undefined) event.scalars[tag] = scalar.readFloatLE();
  if (image !== undefined) {
    const parts = new Map(fieldsOf(image));
    event.images[tag] = { height: Number(parts.get(1)), width: Number(parts.get(2)), png: parts.get(4) as Buffer };
  }
  if (histogram !== undefined) event.histograms[tag] = fieldsOf(histogram).map(([, numbers]) => doublesOf(numbers as Buffer));
  if (metadata !== undefined) {
    const plugin = new Map(fieldsOf(new Map(fieldsOf(metadata)).get(1) as Buffer));
    event.plugins[tag] = { name: String(plugin.get(1)), content: plugin.get(2) as Buffer };
  }
}

function doublesOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(i * 8));
}
