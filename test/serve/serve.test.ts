import test from 'ava';
import { makeApp } from '../../src/serve/app.ts';
import { serveModel } from '../../src/serve/serve.ts';
import { loadModel, type Model } from '../../src/use/model.ts';
import { trained } from '../use/support/trained.ts';

const ROWS = Array.from({ length: 40 }, (_, i) => Array.from({ length: 5 }, (__, j) => Math.sin(i * 5 + j)));

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers };
}

/** Class names and probabilities, as the model gives them without a server. */
function expected(model: Model, rows: readonly number[][]): unknown {
  const all = model.predict(rows).flatMap((one) => ('class' in one ? [one] : []));
  return { predictions: all.map((one) => one.class), probabilities: all.map((one) => one.probabilities) };
}

test('requests that arrive together get the bits that each would get alone, and a bad one is refused by itself', async (t) => {
  const model = await loadModel((await trained(t)).directory);
  const app = await makeApp(model, { token: undefined, hosts: undefined });
  const good = ROWS.map(async (row) => app.request('/predict', post({ rows: [row] })));
  const bad = await app.request('/predict', post({ rows: [ROWS[0], [1]] }));
  t.is(bad.status, 400);
  t.deepEqual(await bad.json(), { error: { code: 'E_ROW', where: 'row 1', message: '1 values; expected 5 numbers' } });
  for (const [i, response] of (await Promise.all(good)).entries())
    t.deepEqual(await response.json(), expected(model, [ROWS[i] as number[]]));
});

test('what is no request to predict gets its status and a JSON error', async (t) => {
  const model = await loadModel((await trained(t)).directory);
  const app = await makeApp(model, { token: undefined, hosts: ['127.0.0.1'], queueRows: 3, bodyBytes: 1000 });
  const host = { host: '127.0.0.1:80' };
  const status = async (path: string, init: RequestInit): Promise<[number, string]> => {
    const response = await app.request(path, init);
    const { error } = (await response.json()) as { error: { code: string } };
    return [response.status, error.code];
  };
  t.deepEqual(await status('/predict', post('{', host)), [400, 'E_BODY']);
  t.deepEqual(await status('/predict', post({ row: [] }, host)), [400, 'E_BODY']);
  t.deepEqual(await status('/predict', post({ rows: ROWS.slice(0, 4) }, host)), [413, 'E_BODY']);
  t.deepEqual(await status('/predict', post(`{"rows": [${' '.repeat(2000)}]}`, { ...host, 'content-length': '2012' })), [413, 'E_BODY']);
  t.deepEqual(await status('/predict', { headers: host }), [405, 'E_METHOD']);
  t.deepEqual(await status('/none', { headers: host }), [404, 'E_PATH']);
  t.deepEqual(await status('/health', { headers: { host: 'evil.example' } }), [403, 'E_HOST']);
  const two = post({ rows: ROWS.slice(0, 2) }, host);
  const both = await Promise.all([two, two].map(async (init) => app.request('/predict', init)));
  t.deepEqual(
    both.map((response) => response.status),
    [200, 429],
  );
  t.is(both[1]?.headers.get('retry-after'), '1');
});

test('a token is asked for where there is one, and needed beyond this machine', async (t) => {
  const model = await loadModel((await trained(t)).directory);
  const app = await makeApp(model, { token: 'secret', hosts: undefined });
  t.is((await app.request('/health')).status, 401);
  t.is((await app.request('/health', { headers: { authorization: 'Bearer secre' } })).status, 401);
  t.is((await app.request('/health', { headers: { authorization: 'Bearer secret' } })).status, 200);
  await t.throwsAsync(serveModel(model, { port: 0, host: '0.0.0.0' }), { message: /expected --token with it$/ });
});

test('a server on a real port answers, tells its schema, and ends when it is asked to', async (t) => {
  const model = await loadModel((await trained(t)).directory);
  const serving = await serveModel(model, { port: 0 });
  const response = await fetch(`${serving.url}/predict`, post({ rows: ROWS }));
  t.deepEqual(await response.json(), expected(model, ROWS));
  t.deepEqual(await (await fetch(`${serving.url}/schema`)).json(), {
    input: { kind: 'array', shape: [5], values: 'numbers' },
    classes: ['0', '1', '2', '3'],
  });
  await t.throwsAsync(serveModel(model, { port: serving.port }), { message: /^cannot listen on 127\.0\.0\.1:\d+: / });
  await serving.close();
  await t.throwsAsync(fetch(`${serving.url}/health`));
});
