import test from 'ava';
import { PROGRAM } from './redis.ts';

/**
 * A test that needs a real Redis or Valkey. Where none is installed it is skipped, and says so; in CI that is a failure.
 */
export const redisTest = PROGRAM === undefined && process.env['CI'] === undefined ? missing() : test.serial;

function missing(): typeof test.serial.skip {
  process.stderr.write('neither redis-server nor valkey-server is installed: tests with a queue are skipped\n');
  return test.serial.skip;
}
