import { KERNELS } from '../../kernels/embedded.js';

/** The compiled kernels without a file to read: they come as text in the program itself. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(KERNELS);
  return Uint8Array.from(text, (mark) => mark.charCodeAt(0));
}
