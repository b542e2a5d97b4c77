import { GradloomError } from '../errors.ts';
import { showBytes } from '../machine/limits.ts';
import { checkMemory, refused } from '../machine/refusal.ts';

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
  if (!(bytes <= ARRAY_LIMIT_BYTES)) {
    throw new GradloomError({
      code: 'E_DATA_TOO_LARGE',
      where,
      message: `needs ${bytes} bytes in one array; the limit is ${ARRAY_LIMIT_BYTES}`,
    });
  }
  if (bytes > UNCHECKED_BYTES) checkMemory(bytes, `${where} needs`);
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    throw refused('memory', cause, `the system refused the ${showBytes(bytes)} that ${where} needs`);
  }
}
