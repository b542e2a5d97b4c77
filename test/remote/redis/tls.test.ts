import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { queueAddress } from '../../../src/remote/redis/address.ts';
import { RedisServer } from '../../../src/remote/redis/server.ts';
import { gradloom, start, workplace } from '../../cli/support/run-cli.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { sweepFile } from '../../sweep/support/sweep-case.ts';
import { freePort, PROGRAM, TestRedis } from '../support/redis.ts';
import { redisTest } from '../support/redis-test.ts';

const SECRET = 'hunter2';
/** As docs/distributed.md has it. */
const USER = ['--user', 'gradloom', 'on', `>${SECRET}`, '~gradloom:*', '&*', '+@all', '-@dangerous', '+info', '+keys'];

/** A server that knows TLS has nothing against the port of it, and something against the other one. */
const hasTls = PROGRAM !== undefined && !/>>> 'tls-port/.test(outputOf(spawnSync(PROGRAM, ['--tls-port', '0', '--port', 'none'])));
const tlsTest = hasTls || process.env['CI'] !== undefined ? redisTest : test.serial.skip;

function outputOf({ stdout, stderr }: { stdout: Buffer; stderr: Buffer }): string {
  return `${stdout.toString()}${stderr.toString()}`;
}

interface Secured {
  url: string;
  host: string;
  /** Certificate of the authority. */
  authority: string;
}

/** A Redis that answers over TLS alone, with a certificate for 127.0.0.1 by an authority of the test's own. */
async function secured(t: ExecutionContext): Promise<Secured> {
  const folder = temporary(t);
  const file = (name: string): string => path.join(folder, name);
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=gradloom test authority');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=queue');
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1\n');
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.pem',
    '-days',
    '2',
    '-extfile',
    'names',
  );
  const port = await freePort();
  const tls = ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', '--tls-ca-cert-file', file('ca.pem')];
  await TestRedis.start(t, [
    ...tls,
    '--tls-cert-file',
    file('server.pem'),
    '--tls-key-file',
    file('server.key'),
    '--requirepass',
    SECRET,
    ...USER,
  ]);
  return { url: `rediss://gradloom:${SECRET}@127.0.0.1:${port}`, host: `127.0.0.1:${port}`, authority: file('ca.pem') };
}

tlsTest('a sweep and an agent work over TLS, as a user of the access list, and print nothing beside their own lines', async (t) => {
  t.timeout(120_000);
  const { url, host, authority } = await secured(t);
  const cwd = workplace(t, {});
  const env = { GRADLOOM_QUEUE: url, NODE_EXTRA_CA_CERTS: authority };
  const place = ['--store', `file:${path.join(cwd, 'store')}`];
  const agent = start(['agent', ...place, '--cores', '1', '--max-idle', '5s'], { cwd, env });
  t.teardown(() => agent.child.kill('SIGKILL'));
  const far = await gradloom(['sweep', sweepFile(cwd), 'run_cap=2', '--queue', 'env', ...place, '--json'], { cwd, env });
  t.is(far.code, 0, far.stderr);
  t.like(JSON.parse(far.stdout), { status: 'finished', failed: 0 });
  const ended = await agent.finished;
  t.is(ended.code, 0, ended.stderr);
  t.true(ended.stderr.includes(`rediss://gradloom:***@${host}`), ended.stderr);
  t.notRegex(`${far.stderr}${ended.stderr}`, /ioredis|BullMQ|Warning|DEP\d|IMPORTANT/);
  t.false(`${far.stdout}${far.stderr}${ended.stdout}${ended.stderr}`.includes(SECRET));
});

tlsTest('a certificate of an authority that nobody knows here, and a wrong user, are refused with what helps', async (t) => {
  t.timeout(60_000);
  const { url, host, authority } = await secured(t);
  const error = await t.throwsAsync(RedisServer.connect(queueAddress(url, false)), { instanceOf: GradloomError });
  t.is(error.code, 'E_QUEUE');
  t.is(error.exitCode, EXIT.unavailable);
  t.is(error.where, `rediss://gradloom:***@${host}`);
  t.regex(error.message, /^the queue cannot be reached: .*certificate/);
  t.is(error.next, 'name the host as its certificate does; of a private authority: NODE_EXTRA_CA_CERTS=ca.pem');
  const env = { NODE_EXTRA_CA_CERTS: authority };
  const ask = (queue: string) => gradloom(['sweep', 'ls', '--queue', queue], { env });
  const other = await ask(`rediss://other:${SECRET}@${host}`);
  t.is(other.code, EXIT.unavailable);
  t.regex(other.stderr, /the queue does not let in: WRONGPASS /);
  const named = await ask(url.replace('127.0.0.1', 'localhost'));
  t.is(named.code, EXIT.unavailable);
  t.regex(named.stderr, /altnames|certificate/);
  t.regex(named.stderr, /next: name the host as its certificate does/);
  const plain = await ask(url.replace('rediss:', 'redis:'));
  t.is(plain.code, EXIT.unavailable);
  t.regex(plain.stderr, /the queue cannot be reached/);
});
