import { PURPOSES, type Purpose } from '../../../src/random/stream.ts';

/** What a kernel needs of RandomStream(seed, purpose, number): key0, key1, number0, number1. */
export function streamWords(seed: number, purpose: Purpose, number = 0): number[] {
  return [seed | 0, Math.floor(seed / 2 ** 32) | (PURPOSES[purpose] << 21), number | 0, Math.floor(number / 2 ** 32)];
}
