import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { arrayBatches } from '../../../src/data/arrays/batches.ts';
import { openIdx } from '../../../src/data/arrays/idx.ts';
import { openNpy } from '../../../src/data/arrays/npy.ts';
import { openNpz } from '../../../src/data/arrays/npz.ts';
import { readArray } from '../../../src/data/arrays/read.ts';
import type { StoredArray } from '../../../src/data/arrays/stored.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gradloom-numpy-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** Writes each array, and beside it what it holds as f32, row by row. */
const WRITE = `
import struct, sys, numpy
root = sys.argv[1]
rng = numpy.random.default_rng(7)
for kind in ['?', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8']:
    for shape in [(5,), (7, 3), (4, 3, 5), (2, 3, 4, 5)]:
        dtype = numpy.dtype(kind)
        a = rng.standard_normal(shape) * 100 if dtype.kind == 'f' else rng.integers(0, 256 ** dtype.itemsize, shape, 'u8', False) if dtype.itemsize < 8 else rng.integers(0, 2 ** 63, shape, 'u8')
        a = a.astype('u8').astype(dtype) if dtype.kind in 'iu' else (a % 2 == 0 if kind == '?' else a).astype(dtype)
        for endian in '<>':
            for order in 'CF':
                name = f"{root}/{'b1' if kind == '?' else kind}-{len(shape)}-{'little' if endian == '<' else 'big'}-{order}"
                b = numpy.array(a, dtype.newbyteorder(endian), order=order)
                numpy.save(name + '.npy', b)
                numpy.savez(name + '.npz', x=b)
                numpy.savez_compressed(name + '-z.npz', other=a, x=b)
                numpy.ascontiguousarray(a.astype('<f4')).tofile(name + '.f32')
        code = {'u1': 8, 'i1': 9, 'i2': 11, 'i4': 12, 'f4': 13, 'f8': 14}.get(kind)
        if code:
            with open(f"{root}/{kind}-{len(shape)}-big-C.idx", 'wb') as f:
                f.write(struct.pack(f">HBB{a.ndim}I", 0, code, a.ndim, *a.shape) + a.astype(dtype.newbyteorder('>')).tobytes())
`;

function numpyWrites(): boolean {
  try {
    execFileSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (process.env['CI'] !== undefined) throw new Error('numpy is missing: apt-get install python3-numpy', { cause: error });
    return false;
  }
}

const hasNumpy = numpyWrites();
if (hasNumpy) execFileSync('python3', ['-c', WRITE, root]);
const numpyTest = hasNumpy ? test : test.skip;

/** As bytes: NaN would be equal to itself, and -0 not to 0. */
const bytesOf = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

async function inBatches(array: StoredArray, rows: number): Promise<Float32Array> {
  const shape = array.shape.length === 1 ? [1] : array.shape.slice(1);
  const all: number[] = [];
  for await (const batch of arrayBatches(array, { kind: 'array', shape: [...shape], stored: 'f32' }, rows)) {
    if (batch.rows * shape.reduce((a, b) => a * b, 1) !== batch.features.length) throw new Error('rows and features differ');
    all.push(...batch.features);
  }
  return Float32Array.from(all);
}

const TYPES = ['b1', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8'];
const IDX_TYPES = ['u1', 'i1', 'i2', 'i4', 'f4', 'f8'];

for (const type of TYPES) {
  numpyTest(
    `numpy's arrays of ${type} are read to equal values: 1 to 4 dimensions, both orders of axes and of bytes, npy and npz (needs numpy)`,
    async (t) => {
      for (const rank of [1, 2, 3, 4]) {
        for (const layout of ['little-C', 'little-F', 'big-C', 'big-F']) {
          const name = path.join(root, `${type}-${rank}-${layout}`);
          const expected = readFileSync(`${name}.f32`);
          const opened = [await openNpy(`${name}.npy`), await openNpz(`${name}.npz`, 'x'), await openNpz(`${name}-z.npz`, 'x')];
          if (layout === 'big-C' && IDX_TYPES.includes(type)) opened.push(await openIdx(`${name}.idx`, 'images'));
          for (const array of opened) {
            const out = new Float32Array(array.elements);
            await readArray(array, out);
            t.deepEqual(bytesOf(out), expected, array.path);
            t.deepEqual(bytesOf(await inBatches(array, 2)), expected, array.path);
          }
        }
      }
    },
  );
}
