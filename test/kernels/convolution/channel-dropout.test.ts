import test from 'ava';
import { RandomStream } from '../../../src/random/stream.ts';
import { Arena, firstDifference, kernels, memory, randomFloats } from '../support/arena.ts';
import { channelDropoutForward } from '../support/convolution.ts';
import { streamWords } from '../support/streams.ts';

const SCALE = Math.fround(4 / 3);

test('channel_dropout_forward drops whole channels, each by its own word, wherever the batch is cut', (t) => {
  for (const [rows, pixels, channels] of [
    [0, 4, 3],
    [1, 1, 1],
    [3, 5, 7],
    [2, 9, 32],
    [5, 4, 45],
    [2, 3, 1030],
  ] as const) {
    for (const first of [0, 1, 2 ** 31 - 1]) {
      const arena = new Arena(memory);
      const stream = new RandomStream(2 ** 40 + 5, 'dropout', 7);
      const words = arena.ints('stream', streamWords(2 ** 40 + 5, 'dropout', 7));
      const a = arena.floats('a', randomFloats(rows * pixels * channels, 3));
      const [y, mask, place] = [arena.floats('y', a.length), arena.floats('mask', a.length), arena.floats('place', a)];
      const threshold = 0x90000000;
      const rest = [rows, pixels, channels, first, threshold | 0, SCALE, words.byteOffset] as const;
      kernels.channel_dropout_forward(a.byteOffset, y.byteOffset, mask.byteOffset, ...rest);
      const want = channelDropoutForward(a, stream, [rows, pixels, channels], first, threshold, SCALE);
      t.is(firstDifference(mask, want.mask), -1, `mask of ${rows} x ${pixels} x ${channels} from ${first}`);
      t.is(firstDifference(y, want.y), -1, `y of ${rows} x ${pixels} x ${channels} from ${first}`);
      kernels.channel_dropout_forward(place.byteOffset, place.byteOffset, mask.byteOffset, ...rest);
      t.is(firstDifference(place, want.y), -1, 'in place');
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('a dropped channel is +0 whatever it held, a kept NaN stays', (t) => {
  const arena = new Arena(memory);
  const words = arena.ints('stream', streamWords(1, 'dropout'));
  const a = arena.floats('a', [NaN, -Infinity, -0, 1]);
  const [y, mask] = [arena.floats('y', 4), arena.floats('mask', 4)];
  const pointers = [a.byteOffset, y.byteOffset, mask.byteOffset, 1, 2, 2, 0] as const;
  kernels.channel_dropout_forward(...pointers, -1, 2, words.byteOffset); // 2^32 - 1
  t.deepEqual(Array.from(y), [0, 0, 0, 0]);
  kernels.channel_dropout_forward(...pointers, 0, 2, words.byteOffset);
  t.deepEqual(Array.from(y), [NaN, -Infinity, -0, 2]);
});
