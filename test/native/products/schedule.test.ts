import test from 'ava';
import { leafSchedule, scheduleBytes, waitingTiles } from '../../../src/native/products/schedule.ts';

/** The pairwise tree as text: neighbours are added level by level, an odd last one waits. */
function tree(leaves: readonly string[]): string {
  if (leaves.length === 1) return leaves[0]!;
  const next = Array.from({ length: Math.ceil(leaves.length / 2) }, (_, i) => {
    const [left, right] = [leaves[2 * i]!, leaves[2 * i + 1]];
    return right === undefined ? left : `(${left} ${right})`;
  });
  return tree(next);
}

/** What a routine does along a schedule, with the most that waits at a time. */
function follow(schedule: Int32Array): { sum: string; waiting: number } {
  const stack: string[] = [];
  let waiting = 0;
  let sum = '';
  for (let at = 0; schedule[at] !== 0; at += 2) {
    sum = `${at / 2}:${schedule[at]}`;
    for (let merge = 0; merge < schedule[at + 1]!; merge++) sum = `(${stack.pop()} ${sum})`;
    if (schedule[at + 2] === 0) break;
    stack.push(sum);
    waiting = Math.max(waiting, stack.length);
  }
  return { sum, waiting };
}

test('a schedule adds leaves as the pairwise tree does, within the tiles that may wait', (t) => {
  for (let leaves = 1; leaves <= 130; leaves++) {
    const bounds = Array.from({ length: leaves + 1 }, (_, i) => i * (i + 1));
    const schedule = leafSchedule(bounds);
    const { sum, waiting } = follow(schedule);
    t.is(sum, tree(Array.from({ length: leaves }, (_, i) => `${i}:${2 * (i + 1)}`)), `${leaves} leaves`);
    t.true(waiting <= waitingTiles(leaves), `${leaves} leaves: ${waiting} wait`);
    t.is(schedule.byteLength, scheduleBytes(leaves));
    t.deepEqual(schedule.slice(-2), Int32Array.of(0, 0));
  }
});
