import test from 'ava';
import { type Chunk, chunkCount, planChunks, slicesOf } from '../../../src/engine/plan/chunks.ts';
import { buildNetwork, type Network } from '../../../src/model/network.ts';
import { makeExperiment } from '../support/outcome.ts';

/** Weights of several blocks, of one and of rows wider than a chunk; small tensors beside them. */
const NETWORKS = [
  buildNetwork(makeExperiment({ layers: [{ units: 23 }, { units: 11 }, { units: 200 }] }), [301]),
  buildNetwork(makeExperiment({ layers: [{ units: 1 }] }), [1]),
  buildNetwork(makeExperiment({ layers: [{ units: 2 }] }), [2048]),
  buildNetwork(makeExperiment({ layers: [{ units: 3000 }] }), [13]),
];
const WORKERS = [1, 2, 3, 4, 7, 16, 40];

const rankChunks = (network: Network, rank: number, workers: number): Chunk[] => slicesOf(planChunks(network), workers)[rank] ?? [];

test('the chunks of all ranks are the tensors, once each, in order, and never cross a tensor', (t) => {
  for (const network of NETWORKS) {
    for (const workers of WORKERS) {
      const chunks = Array.from({ length: workers }, (_, rank) => rankChunks(network, rank, workers)).flat();
      for (const tensor of network.parameters) {
        let at = tensor.offset;
        for (const chunk of chunks.filter((c) => c.tensor === tensor)) {
          t.is(chunk.offset, at);
          at += chunk.count;
        }
        t.is(at, tensor.offset + tensor.size, tensor.name);
      }
      t.deepEqual(
        chunks.map(({ offset }) => offset),
        chunks.map(({ offset }) => offset).sort((a, b) => a - b),
      );
    }
  }
});

test('chunks are the same for any worker count: at most 2,048 floats, and blocks of whole rows, four or a multiple of it', (t) => {
  for (const network of NETWORKS) {
    const one = rankChunks(network, 0, 1);
    t.is(one.length, chunkCount(network));
    for (const [i, { index, tensor, offset, count, block }] of one.entries()) {
      t.is(index, i);
      t.true(count >= 1 && count <= 2048);
      const startsBlock = block !== one[i - 1]?.block;
      const width = tensor.layout ? tensor.shape[0]! : 1;
      if (startsBlock) t.is((offset - tensor.offset) % (4 * width), 0);
      else t.is(one[i - 1]!.count, 2048);
    }
    for (const workers of WORKERS)
      t.deepEqual(Array.from({ length: workers }, (_, rank) => rankChunks(network, rank, workers)).flat(), one);
  }
});

test('no rank has more than its share and one block', (t) => {
  for (const network of NETWORKS) {
    const total = network.parameters.reduce((sum, { size }) => sum + size, 0);
    const chunks = planChunks(network);
    const largest = Math.max(...chunks.map(({ block }) => chunks.filter((c) => c.block === block).reduce((sum, c) => sum + c.count, 0)));
    for (const workers of WORKERS) {
      for (let rank = 0; rank < workers; rank++) {
        const floats = rankChunks(network, rank, workers).reduce((sum, { count }) => sum + count, 0);
        t.true(floats <= total / workers + largest, `rank ${rank} of ${workers}: ${floats} of ${total}`);
      }
    }
  }
});
