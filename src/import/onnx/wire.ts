import { GradloomError, printable } from '../../errors.ts';

/** A field of a message, not yet understood. */
export interface Field {
  number: number;
  type: number;
  /** Byte of the file at which its key stands. */
  at: number;
  /** Of a varint, as two's complement, or of 4 bytes of a float; 0 for others. */
  value: number;
  /** Of what has a length; empty for others. */
  body: Span;
}

/** Bytes [from, to) of the file. */
export interface Span {
  from: number;
  to: number;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;
const WIRE_NAMES: Readonly<Record<number, string>> = { 0: 'a varint', 1: '8 bytes', 2: 'a length', 5: '4 bytes' };
/** 64 bits, 7 a byte. */
const MAX_VARINT_BYTES = 10;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

export type WireType = 'varint' | 'length' | 'float';
/** The type with which each is written. */
export const WIRE_OF = { varint: VARINT, length: LENGTH, float: FIXED32 } as const;

/**
 * Bytes in protobuf's encoding, read strictly: what ends outside of its message, a varint longer than it need be and the groups of old are
 * refused. Nothing is copied or allocated by a length that a file says.
 *
 * @throws GradloomError E_ONNX with the byte, from every call
 */
export class Wire {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
  }

  get all(): Span {
    return { from: 0, to: this.bytes.length };
  }

  fail(at: number, message: string, next?: string): GradloomError {
    return new GradloomError({ code: 'E_ONNX', where: `${printable(this.#file)}:${at}`, message: printable(message, 500), next });
  }

  /** The fields of a message, in the order of the file. */
  *fields({ from, to }: Span, wire: Readonly<Record<number, WireType>>, message: string): Generator<Field> {
    for (let at = from; at < to; ) {
      const key = this.#varint(at, to);
      const type = key.value & 7;
      const number = Math.floor(key.value / 8);
      if (key.value < 0 || number === 0 || number > MAX_FIELD_NUMBER)
        throw this.fail(at, `no field of a protobuf message; is this an ONNX file?`);
      const wanted = wire[number];
      if (wanted !== undefined && WIRE_OF[wanted] !== type && !(type === LENGTH && wanted === 'varint')) {
        const found = WIRE_NAMES[type] ?? `wire type ${type}`;
        throw this.fail(at, `field ${number} of ${message}: ${found}, expected ${WIRE_NAMES[WIRE_OF[wanted]]}`);
      }
      const field = this.#field(at, key.end, to, number, type);
      yield field;
      at = field.body.to;
    }
  }

  /** A field of repeated numbers in either form: one number, or all in one. */
  *numbers(field: Field): Generator<number> {
    if (field.type !== LENGTH) {
      yield field.value;
      return;
    }
    for (let at = field.body.from; at < field.body.to; ) {
      const { value, end } = this.#varint(at, field.body.to);
      yield value;
      at = end;
    }
  }

  text(field: Field): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes.subarray(field.body.from, field.body.to));
    } catch {
      throw this.fail(field.at, 'a text that is not UTF-8');
    }
  }

  #field(at: number, start: number, end: number, number: number, type: number): Field {
    const one = (bytes: number): Span => {
      if (start + bytes > end) throw this.fail(at, `field ${number} ends ${start + bytes - end} bytes behind its message`);
      return { from: start + bytes, to: start + bytes };
    };
    switch (type) {
      case VARINT: {
        const varint = this.#varint(start, end);
        return { number, type, at, value: varint.value, body: { from: varint.end, to: varint.end } };
      }
      case FIXED64:
        return { number, type, at, value: 0, body: one(8) };
      case FIXED32: {
        const body = one(4);
        return { number, type, at, value: this.#view.getFloat32(start, true), body };
      }
      case LENGTH: {
        const length = this.#varint(start, end);
        const to = length.end + length.value;
        if (length.value < 0 || to > end) {
          throw this.fail(at, `field ${number} says ${length.value} bytes, but its message has ${end - length.end} left`);
        }
        return { number, type, at, value: 0, body: { from: length.end, to } };
      }
      default:
        throw this.fail(at, `field ${number}: wire type ${type}, expected 0, 1, 2 or 5; is this an ONNX file?`);
    }
  }

  /** A 64-bit two's complement number, rounded where f64 does not hold it: no extent is so large. */
  #varint(at: number, end: number): { value: number; end: number } {
    let bits = 0n;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (at + i >= end) throw this.fail(at, 'a varint goes on behind the end of its message');
      const byte = this.bytes[at + i] as number;
      bits |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte >= 0x80) continue;
      if (byte === 0 && i > 0) throw this.fail(at, `a varint of ${i + 1} bytes that needs fewer`);
      const value = BigInt.asIntN(64, bits);
      if (bits >= 1n << 64n) throw this.fail(at, 'a varint of more than 64 bits');
      return { value: Number(value), end: at + i + 1 };
    }
    throw this.fail(at, `a varint of more than ${MAX_VARINT_BYTES} bytes`);
  }
}
