import { EXIT, GradloomError } from '../../../src/errors.ts';
import { queueAddress } from '../../../src/remote/redis/address.ts';
import { RedisServer } from '../../../src/remote/redis/server.ts';
import { gradloom } from '../../cli/support/run-cli.ts';
import { TestRedis } from '../support/redis.ts';
import { redisTest } from '../support/redis-test.ts';

const SECRET = 'hunter2';

redisTest('V8 a queue that is not there, or does not let in, ends with 69 and the URL without its password', async (t) => {
  t.timeout(60_000);
  const server = await TestRedis.start(t, ['--requirepass', SECRET]);
  const address = (login: string) => queueAddress(`redis://${login}127.0.0.1:${server.port}`, false);
  const told: GradloomError[] = [];
  for (const login of ['', 'me:wrong@', ':wrong@'])
    told.push(await t.throwsAsync(RedisServer.connect(address(login)), { instanceOf: GradloomError }, login));
  const open = await RedisServer.connect(address(`default:${SECRET}@`));
  t.is(open.address.shown, `redis://default:***@127.0.0.1:${server.port}`);
  await open.close();
  await server.kill();
  told.push(await t.throwsAsync(RedisServer.connect(address(`:${SECRET}@`)), { instanceOf: GradloomError }));
  for (const { code, exitCode, blame, message, where = '', next = '' } of told) {
    t.is(code, 'E_QUEUE');
    t.is(exitCode, EXIT.unavailable);
    t.is(blame, 'machine');
    t.false(`${message} ${where} ${next}`.includes(SECRET));
    t.regex(where, /^redis:\/\/(?:me:\*\*\*@|:\*\*\*@)?127\.0\.0\.1:\d+$/);
  }
  t.regex(told[0]?.message ?? '', /^the queue does not let in: NOAUTH /);
  t.regex(told[1]?.message ?? '', /^the queue does not let in: WRONGPASS /);
  t.regex(told.at(-1)?.message ?? '', /^the queue cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:/);
});

redisTest('a user of the access list that may not use the keys is told so', async (t) => {
  t.timeout(60_000);
  const server = await TestRedis.start(t, ['--user', 'reader', 'on', `>${SECRET}`, '~other:*', '+@read']);
  const error = await t.throwsAsync(RedisServer.connect(queueAddress(`redis://reader:${SECRET}@127.0.0.1:${server.port}`, false)), {
    instanceOf: GradloomError,
  });
  t.is(error.code, 'E_QUEUE');
  t.regex(error.message, /^the queue does not let in: NOPERM /);
});

redisTest('where INFO is not allowed nothing but our own error is printed', async (t) => {
  t.timeout(60_000);
  const server = await TestRedis.start(t, ['--user', 'gradloom', 'on', `>${SECRET}`, '~gradloom:*', '&*', '+@all', '-info']);
  const env = { GRADLOOM_QUEUE: `redis://gradloom:${SECRET}@127.0.0.1:${server.port}` };
  const { code, stdout, stderr } = await gradloom(['agent', '--max-idle', '1s'], { env });
  t.is(code, EXIT.unavailable);
  t.regex(
    stderr,
    /^redis:\/\/gradloom:\*\*\*@127\.0\.0\.1:\d+ {2}error\[E_QUEUE\] {2}the queue does not let in: NOPERM [^\n]*\n *next: [^\n]*\n$/,
  );
  t.is(stdout, '');
});

redisTest('V8 a queue that may throw jobs away, or keeps them nowhere, is doubted', async (t) => {
  t.timeout(60_000);
  const server = await TestRedis.start(t, ['--appendonly', 'no', '--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
  const { doubts, close } = await connected(server);
  t.is(doubts.length, 2);
  t.regex(doubts[0] ?? '', /maxmemory-policy is allkeys-lru, use noeviction$/);
  t.regex(doubts[1] ?? '', /start it with --appendonly yes$/);
  await close();
  const good = await connected(await TestRedis.start(t));
  t.deepEqual(good.doubts, []);
  await good.close();
});

async function connected({ url }: TestRedis): Promise<{ doubts: readonly string[]; close: () => Promise<void> }> {
  const server = await RedisServer.connect(queueAddress(url, false));
  return { doubts: server.doubts, close: () => server.close() };
}
