import { GradloomError } from '../errors.ts';

/** The most that one array of a data set may take: 4 GiB, what a Uint8Array of Node 20 can hold. */
export const ARRAY_LIMIT_BYTES = 2 ** 32;

/**
 * Shared memory for `bytes` bytes, zeroed.
 *
 * @param where  the source that asks for it
 * @throws GradloomError E_DATA_TOO_LARGE above the limit; E_MEMORY if the machine has not that much
 */
export function allocateShared(bytes: number, where: string): SharedArrayBuffer {
  if (!(bytes <= ARRAY_LIMIT_BYTES)) {
    throw new GradloomError({
      code: 'E_DATA_TOO_LARGE',
      where,
      message: `needs ${bytes} bytes in one array; the limit is ${ARRAY_LIMIT_BYTES}`,
    });
  }
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    throw new GradloomError({ code: 'E_MEMORY', where, message: `needs ${bytes} bytes of memory, which could not be reserved`, cause });
  }
}
