import { GradloomError } from '../errors.ts';
import { checkMemory, refused } from '../machine/refusal.ts';
import { showBytes } from '../machine/show-bytes.ts';

/** The most that one array of a data set may take: 4 GiB, what a Uint8Array of Node 20 can hold. */
export const ARRAY_LIMIT_BYTES = 2 ** 32;

/** Smaller arrays are not worth a look at the limits. */
const UNCHECKED_BYTES = 2 ** 24;

/**
 * Shared memory for `bytes` bytes, zeroed.
 *
 * @param where  the source that asks for it
 * @throws GradloomError E_DATA_TOO_LARGE above the limit; E_LIMIT if the system refuses it
 */
export function allocateShared(bytes: number, where: string): SharedArrayBuffer {
  checkShared(bytes, 0, where);
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    throw refusedMemory(bytes, where, cause);
  }
}

/**
 * Addresses for shared memory that grows where it lies, by `growShared`; until then it takes none.
 *
 * @param bytes  the most that it will take
 * @returns undefined if the system has no such addresses left, as under `ulimit -v`
 */
export function reserveShared(bytes: number): SharedArrayBuffer | undefined {
  try {
    return new SharedArrayBuffer(0, { maxByteLength: Math.min(bytes, ARRAY_LIMIT_BYTES) });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Makes reserved memory `bytes` bytes long; what is new of it is zeroed. @throws GradloomError as `allocateShared`, before it grows */
export function growShared(memory: SharedArrayBuffer, bytes: number, where: string): void {
  checkShared(bytes, memory.byteLength, where);
  try {
    memory.grow(bytes);
  } catch (cause) {
    throw refusedMemory(bytes, where, cause);
  }
}

function checkShared(bytes: number, held: number, where: string): void {
  if (!(bytes <= ARRAY_LIMIT_BYTES)) {
    throw new GradloomError({
      code: 'E_DATA_TOO_LARGE',
      where,
      message: `needs ${bytes} bytes in one array; the limit is ${ARRAY_LIMIT_BYTES}`,
    });
  }
  if (bytes - held > UNCHECKED_BYTES) checkMemory(bytes - held, `${where} needs`);
}

function refusedMemory(bytes: number, where: string, cause: unknown): GradloomError {
  return refused('memory', cause, `the system refused the ${showBytes(bytes)} that ${where} needs`);
}
