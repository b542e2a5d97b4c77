import { readFileBytes, readOwnStart } from './read.ts';
import { parseSafetensors, type Safetensors } from './safetensors/bytes.ts';
import { headerLength, LENGTH_BYTES, parseHead } from './safetensors/header.ts';

/** Larger files are not read. */
export const FILE_LIMIT_BYTES = 2 ** 32;

/**
 * `parseSafetensors` for a file; the tensors are views of one copy of it.
 *
 * @param source  a path, or the file's bytes
 * @param where   names bytes in messages
 * @throws GradloomError E_SAFETENSORS naming the tensor; E_DATA_READ or E_DATA_TOO_LARGE for a path
 */
export function readSafetensors(source: string | Uint8Array, where = typeof source === 'string' ? source : 'safetensors'): Safetensors {
  return parseSafetensors(typeof source === 'string' ? readFileBytes(source, FILE_LIMIT_BYTES) : source, where);
}

/**
 * Checks the header of a file that gradloom has written, and that its data are as long as it says, before anybody reads the rest.
 *
 * @throws GradloomError as `readSafetensors` for bytes; E_RUN_FILE, E_STORAGE
 */
export function checkHead(path: string): void {
  const length = readOwnStart(path, LENGTH_BYTES);
  const headerBytes = headerLength(length.start, length.size, path);
  const { start, size } = readOwnStart(path, LENGTH_BYTES + headerBytes);
  parseHead(start, size, path);
}
