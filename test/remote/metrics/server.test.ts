import { request } from 'node:http';
import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { type MetricsServer, serveMetrics } from '../../../src/remote/metrics/server.ts';

const NEAR = { host: '127.0.0.1', port: 0 };

interface Answer {
  status: number | undefined;
  type: string | undefined;
  body: string;
}

function ask(
  { url }: Pick<MetricsServer, 'url'>,
  { path, method = 'GET', host }: { path?: string; method?: string; host?: string } = {},
): Promise<Answer> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, path: path ?? pathname, method, ...(host !== undefined && { headers: { host } }) },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body }));
      },
    );
    asked.on('error', reject).end();
  });
}

test('GET /metrics answers with what is so just then, in the type that Prometheus expects', async (t) => {
  let count = 0;
  const server = await serveMetrics(NEAR, () => `n ${++count}\n`);
  t.teardown(() => server.close());
  const type = 'text/plain; version=0.0.4; charset=utf-8';
  t.regex(server.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  t.deepEqual(await ask(server), { status: 200, type, body: 'n 1\n' });
  t.deepEqual(await ask(server, { path: '/metrics?x=1' }), { status: 200, type, body: 'n 2\n' });
  t.deepEqual(await ask(server, { method: 'HEAD' }), { status: 200, type, body: '' });
});

test('other paths, other methods and pages of other sites get nothing', async (t) => {
  const server = await serveMetrics(NEAR, () => 'secret\n');
  t.teardown(() => server.close());
  t.like(await ask(server, { path: '/' }), { status: 404, body: 'metrics are at /metrics\n' });
  t.like(await ask(server, { method: 'POST' }), { status: 405 });
  t.like(await ask(server, { host: 'evil.example' }), { status: 403, body: 'forbidden\n' });
  t.like(await ask(server, { host: 'localhost:1' }), { status: 200 });
});

test('a port that is taken is said with what helps', async (t) => {
  const first = await serveMetrics(NEAR, () => '');
  t.teardown(() => first.close());
  const { port } = new URL(first.url);
  const error = await t.throwsAsync(
    serveMetrics({ host: '127.0.0.1', port: Number(port) }, () => ''),
    { instanceOf: GradloomError },
  );
  t.is(error.code, 'E_LIMIT');
  t.is(error.exitCode, EXIT.unavailable);
  t.is(error.where, '--metrics');
  t.regex(error.message, new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: `));
  t.is(error.next, 'choose another port: --metrics 0 takes one that is free');
});

test('a server that is closed twice, with a connection that is kept open, ends', async (t) => {
  const server = await serveMetrics({ host: 'localhost', port: 0 }, () => 'n 1\n');
  t.regex(server.url, /^http:\/\/localhost:\d+\/metrics$/);
  t.like(await ask(server), { status: 200 });
  await server.close();
  await server.close();
  await t.throwsAsync(ask(server), { message: /ECONNREFUSED|socket hang up|ECONNRESET/ });
});
