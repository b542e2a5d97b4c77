import { createHash } from 'node:crypto';
import test from 'ava';
import { digestOf } from '../../../src/runs/files/digests.ts';

test('the digest is sha256 over the bytes of the tensors, views and NaN bits included', (t) => {
  const words = Uint32Array.of(0x7f800001, 0x80000000, 1, 0x3f800000);
  const tensor = new Float32Array(words.buffer, 4, 2);
  const expected = createHash('sha256')
    .update(new Uint8Array(words.buffer, 4, 8))
    .update(new Uint8Array(words.buffer))
    .digest('hex');
  t.is(digestOf([tensor, new Float32Array(words.buffer)]), expected);
});
