import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { openPage } from '../../../src/ui/server/listen.ts';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { OWN_HOST, opened, projectPlace } from '../support/opened.ts';

const PATHS = ['/', '/page.js', '/style.css', '/api/session', '/api/runs', '/api/events', '/api/none', '/none'];

test('U1 names that are not this machine with this port get 403 and nothing else, with or without a token', async (t) => {
  const { ask, token } = opened(projectPlace(t).root);
  const names = [
    'evil.example',
    '127.0.0.1.evil.example',
    'evil.example:4280',
    'localhost',
    'localhost:4281',
    '127.0.0.1:42800',
    '0.0.0.0:4280',
    '',
    'x@127.0.0.1:4280',
  ];
  for (const host of names) {
    for (const path of PATHS) {
      const response = await ask(`${path}?token=${token}`, { headers: { host } });
      t.is(response.status, 403, `${host} ${path}`);
      t.deepEqual(await response.json(), { error: { code: 'E_HOST', message: 'this name is not served here' } });
      t.is(response.headers.get('set-cookie'), null);
    }
  }
  for (const host of [OWN_HOST, 'localhost:4280', '[::1]:4280', 'LOCALHOST:4280'])
    t.is((await ask(`/?token=${token}`, { headers: { host } })).status, 200, host);
});

test('U2 other origins and sites are refused, and no answer ever allows them', async (t) => {
  const { get, post, token, ask } = opened(projectPlace(t).root);
  for (const origin of [
    'https://evil.example',
    'null',
    'http://127.0.0.1:4281',
    'https://127.0.0.1:4280',
    'http://localhost:4280.evil.example',
  ]) {
    for (const response of [
      await get('/api/runs', { origin }),
      await get('/api/events', { origin }),
      await post('/api/stop', {}, { origin }),
    ]) {
      t.is(response.status, 403, origin);
      t.deepEqual(
        [...response.headers.keys()].filter((name) => name.startsWith('access-control')),
        [],
      );
    }
  }
  for (const site of ['cross-site', 'same-site']) {
    t.is((await get('/api/runs', { 'sec-fetch-site': site })).status, 403);
    t.is((await get('/page.js', { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' })).status, 403);
    t.is((await get('/', { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' })).status, 403);
    // A link in a mail may open the page.
    const link = { host: OWN_HOST, 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    t.is((await ask(`/?token=${token}`, { headers: link })).status, 200);
  }
  t.is((await get('/api/runs', { origin: `http://${OWN_HOST}`, 'sec-fetch-site': 'same-origin' })).status, 200);
  t.is((await ask('/api/runs', { method: 'OPTIONS', headers: { host: OWN_HOST, origin: 'https://evil.example' } })).status, 403);
});

test('U3 without the token nothing is answered; with it a cookie is set that scripts and other sites cannot use', async (t) => {
  const { ask, token } = opened(projectPlace(t).root);
  const host = { host: OWN_HOST };
  for (const path of PATHS) {
    for (const wrong of ['', '?token=', '?token=x', `?token=${token.slice(1)}`, `?token=${token}x`])
      t.is((await ask(path + wrong, { headers: host })).status, 401, path + wrong);
    t.is((await ask(path, { headers: { ...host, authorization: 'Bearer x' } })).status, 401);
    t.is((await ask(path, { headers: { ...host, cookie: 'gradloom-ui-4280=x' } })).status, 401);
  }
  const first = await ask(`/?token=${token}`, { headers: host });
  const cookie = first.headers.get('set-cookie') ?? '';
  t.regex(cookie, /^gradloom-ui-4280=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  t.false(cookie.includes(token));
  t.false((await first.text()).includes(token));
  t.is((await ask('/api/session', { headers: { ...host, cookie: cookie.split(';')[0] ?? '' } })).status, 200);
});

test('U6 every answer has the policy: no script but its own, no frame, no sniffing, nothing for other origins', async (t) => {
  const { get, ask } = opened(projectPlace(t).root);
  for (const response of [
    await get('/'),
    await get('/api/runs'),
    await get('/none'),
    await ask('/', { headers: { host: 'evil.example' } }),
    await get('/api/events'),
  ]) {
    const policy = response.headers.get('content-security-policy') ?? '';
    t.regex(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
    t.regex(policy, /frame-ancestors 'none'/);
    t.false(policy.includes('unsafe'));
    t.is(response.headers.get('x-content-type-options'), 'nosniff');
    t.is(response.headers.get('x-frame-options'), 'DENY');
    t.is(response.headers.get('cross-origin-resource-policy'), 'same-origin');
    await response.body?.cancel();
  }
  t.notRegex(await (await get('/')).text(), /<script(?![^>]* src=)|<style| on\w+=| style=/);
});

test('changes need the secret of the page and JSON, and bodies have a limit', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(runs, 'a');
  const { post, get } = opened(root);
  await get('/api/runs');
  const body = { key: 'runs/a', changes: ['+x'] };
  const status = async (asked: Promise<Response>): Promise<[number, string]> => {
    const response = await asked;
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  for (const csrf of ['', 'x']) t.deepEqual(await status(post('/api/tags', body, { 'x-gradloom-csrf': csrf })), [403, 'E_CSRF']);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])
    t.deepEqual(await status(post('/api/tags', body, { 'content-type': type })), [415, 'E_BODY'], type);
  t.deepEqual(await status(post('/api/tags', `"${'x'.repeat(2 ** 20)}"`)), [413, 'E_BODY']);
  t.deepEqual(await status(post('/api/tags', '{')), [400, 'E_BODY']);
  t.deepEqual(await status(post('/api/tags', { key: 7 })), [400, 'E_BODY']);
  t.deepEqual(await status(post('/api/tags', { key: 'runs/b', changes: ['+x'] })), [404, 'E_RUN_NOT_FOUND']);
  t.deepEqual(await status(get('/api/tags')), [405, 'E_METHOD']);
  t.deepEqual(await (await post('/api/tags', body)).json(), { tags: ['x'] });
  t.deepEqual(await status(post('/api/notes', { key: 'runs/a', notes: 'x' })), [400, 'E_BODY']);
  t.deepEqual(await status(post('/api/notes', { key: 'runs/b', notes: 'x', before: '' })), [404, 'E_RUN_NOT_FOUND']);
  t.deepEqual(await status(post('/api/notes', { key: 'runs/a', notes: 'x', before: 'y' })), [409, 'E_BUSY']);
  t.deepEqual(await (await post('/api/notes', { key: 'runs/a', notes: '<b>\n', before: '' })).json(), { notes: '<b>\n' });
  const { notes, facts } = (await (await get('/api/run?key=runs/a')).json()) as { notes: string; facts: string };
  t.is(notes, '<b>\n');
  t.notRegex(facts, /<b>/);
  t.deepEqual(await (await post('/api/tags', { ...body, changes: ['-x', '+<b>y</b>'] })).json(), { tags: ['<b>y</b>'] });
});

test('U9 a read-only page has nothing that changes anything', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(runs, 'a', { summary: { status: 'interrupted' } });
  const { post, get, json } = opened(root, true);
  for (const path of ['/api/tags', '/api/notes', '/api/start', '/api/stop', '/api/resume', '/api/check']) {
    t.is((await post(path, {})).status, 404, path);
    t.is((await get(path)).status, 404, path);
  }
  t.is((await json<{ isReadOnly: boolean }>('/api/session')).isReadOnly, true);
  t.like(await json('/api/run?key=runs/a'), { canStop: false, canResume: false });
});

test('U4 paths that try to leave are not found, however they are written', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(runs, 'a');
  const { get } = opened(root);
  for (const path of [
    '/runs/..%2f..%2fetc/passwd',
    '/%252e%252e/etc/passwd',
    '/..%5c..%5cetc',
    '/page.js%00',
    '/.%2e/package.json',
    '/page.js/../x',
    '//etc/passwd',
  ])
    t.is((await get(path)).status, 404, path);
  for (const key of ['../../etc/passwd', '..%2f..%2fetc', '%2e%2e', 'runs/%00', 'runs%2fa%2f..%2f..', 'runs/a/config.yaml'])
    for (const path of ['/api/run?key=', '/api/run/part?name=config&key=', '/api/sweep?key=', '/api/speedup?key='])
      t.is((await get(path + key)).status, 404, path + key);
  t.is((await get('/api/run/part?key=runs/a&name=../config')).status, 404);
});

test('U7 so many pages are told of changes and no more, until one is closed', async (t) => {
  const { get } = opened(projectPlace(t).root);
  const streams = await Promise.all(Array.from({ length: 24 }, () => get('/api/events')));
  t.true(streams.every(({ status }) => status === 200));
  const refused = await get('/api/events');
  t.is(refused.status, 503);
  t.like(await refused.json(), { error: { code: 'E_BUSY' } });
  const [first, ...others] = streams;
  const { value } = (await first?.body?.getReader().read()) ?? {};
  t.regex(new TextDecoder().decode(value), /^event: change\ndata: \{"runs":\d+,/);
  for (const { body } of others) await body?.cancel();
  let again = await get('/api/events');
  for (let i = 0; again.status === 503 && i < 100; i++) {
    await sleep(50);
    again = await get('/api/events');
  }
  t.is(again.status, 200);
  await again.body?.cancel();
});

test('a question for the head of the stream of changes is refused: it would hold one of its places for ever', async (t) => {
  const { ask, token } = opened(projectPlace(t).root);
  const headers = { host: OWN_HOST, authorization: `Bearer ${token}` };
  for (let i = 0; i < 30; i++) t.is((await ask('/api/events', { method: 'HEAD', headers })).status, 405);
  const stream = await ask('/api/events', { headers });
  t.is(stream.status, 200);
  await stream.body?.cancel();
});

test('topics, rows and ranges of a question have their limits', async (t) => {
  const { root, runs } = projectPlace(t);
  writeRun(runs, 'a', { metrics: [{ step: 1, epoch: 1, 'train.loss': 1 }] });
  const { get, json } = opened(root);
  await json('/api/runs?count=999999999&from=99999999999999999999');
  for (const query of ['from=-1', 'count=1e9', 'from=NaN', `q=${'x'.repeat(100_000)}`, 'from=1&from=2'])
    t.is((await get(`/api/runs?${query}`)).status, 200, query.slice(0, 20));
  const many = Array.from({ length: 2000 }, () => 'run=runs/a').join('&');
  t.is((await json<{ runs: unknown[] }>(`/api/curves?${many}`)).runs.length, 24);
  t.is((await get('/api/curves')).status, 200);
});

test('a page on a real port is for this machine only, gives up slow senders, and closes with pages open', async (t) => {
  const { root } = projectPlace(t);
  const page = await openPage({ root, port: 0, isReadOnly: false, launcher: 'gradloom', program: ['node', 'x'] });
  const { origin, searchParams } = new URL(page.url);
  t.is(origin, `http://127.0.0.1:${page.port}`);
  t.regex(searchParams.get('token') ?? '', /^[\w-]{43}$/);
  const headers = { authorization: `Bearer ${searchParams.get('token')}` };
  t.is((await fetch(`${origin}/api/session`)).status, 401);
  t.is((await fetch(`${origin}/api/session`, { headers })).status, 200);
  await t.throwsAsync(openPage({ root, port: page.port, isReadOnly: false, launcher: 'gradloom', program: ['node', 'x'] }), {
    code: 'E_BUSY',
    message: /^cannot listen on 127\.0\.0\.1:\d+: /,
  });
  // Host is asked for by the protocol itself.
  const bare = await raw(page.port, 'GET / HTTP/1.1\r\n\r\n');
  t.regex(bare, /^HTTP\/1\.1 400 /);
  t.regex(await raw(page.port, 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 403 /);
  t.regex(await raw(page.port, 'GET / HTTP/1.1\r\nHost: 127.0.0.1'), /^HTTP\/1\.1 408 /);
  // Who has no business here gets one answer, not one for each of the questions that were sent at once.
  for (const [path, host, status] of [
    ['/api/runs', `127.0.0.1:${page.port}`, 401],
    ['/', `127.0.0.1:${page.port}`, 401],
    ['/', 'evil.example', 403],
  ] as const) {
    const answers = await raw(page.port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(50));
    t.deepEqual(answers.match(/^HTTP\/1\.1 \d+/gm), [`HTTP/1.1 ${status}`], `${path} ${host}`);
  }
  const events = await fetch(`${origin}/api/events`, { headers });
  t.is(events.headers.get('content-type'), 'text/event-stream');
  await page.close();
  await t.throwsAsync(fetch(`${origin}/api/session`, { headers }));
  await t.throwsAsync(openPage({ root: `${root}/none`, port: 0, isReadOnly: false, launcher: 'gradloom', program: ['node', 'x'] }), {
    code: 'E_USAGE',
    message: 'no such directory',
  });
});

/** What a server says to bytes as they are. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}
