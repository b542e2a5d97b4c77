import { GradloomError } from '../errors.ts';
import { kernelBytes } from '../kernels/embedded.ts';
import { showBytes } from '../machine/show-bytes.ts';
import { parseSafetensors } from '../storage/safetensors/bytes.ts';
import { modelOfFile } from './model/parse.ts';
import { PortableModel } from './portable.ts';
import { Predictor } from './predict/predictor.ts';

/**
 * Loads a trained model from the bytes of its model.safetensors, wherever WebAssembly with SIMD and threads is to be had: no file is read,
 * and predictions have the bits of those of `loadModel` in Node.
 *
 * @param name  of the model, for messages
 * @throws GradloomError E_SAFETENSORS, E_TENSOR_MISMATCH, E_DATA_NONFINITE
 */
export async function loadModel(bytes: Uint8Array | ArrayBuffer, name = 'model.safetensors'): Promise<PortableModel> {
  const given = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const model = modelOfFile(parseSafetensors(given, name), name);
  // On the main thread of a page, only waiting compiles a module of any size.
  const kernels = await WebAssembly.compile(kernelBytes());
  let predictor: Predictor | undefined;
  return new PortableModel(model, () => (predictor ??= new Predictor(model, { kernels, reserve })));
}

/** @throws GradloomError E_MEMORY if the page is not given the memory */
function reserve({ bytes, pages }: { bytes: number; pages: number }, what: string): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    const message = `${what} needs ${showBytes(bytes)} of shared memory, which is refused here`;
    throw new GradloomError({ code: 'E_MEMORY', message, next: 'predict with fewer rows at once, or train a smaller network', cause });
  }
}
