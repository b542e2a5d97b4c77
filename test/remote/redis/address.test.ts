import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { queueAddress } from '../../../src/remote/redis/address.ts';

const SECRET = 'hunter2';

test('a URL gives the host, the login and the database, and is shown without the password', (t) => {
  const { host, port, database, isTls, user, password, shown } = queueAddress(`rediss://me:${SECRET}%40@queue.example:6380/3`, false);
  t.deepEqual(
    { host, port, database, isTls, user, password },
    { host: 'queue.example', port: 6380, database: 3, isTls: true, user: 'me', password: `${SECRET}@` },
  );
  t.is(shown, 'rediss://me:***@queue.example:6380/3');
  t.is(queueAddress(`redis://:${SECRET}@localhost`, false).shown, 'redis://:***@localhost:6379');
  t.is(queueAddress('redis://[::1]:7000', false).host, '::1');
});

const REFUSED: readonly (readonly [url: string, message: RegExp])[] = [
  ['', /got nothing$/],
  ['127.0.0.1:6379', /expected redis:\/\/host:6379 .*; got no URL$/],
  [`http://me:${SECRET}@127.0.0.1`, /got http:\.\.\.$/],
  [`redis://me:${SECRET}#x@127.0.0.1`, /got redis:\.\.\.$|nothing comes after/],
  [`redis://me:${SECRET}/x@127.0.0.1`, /got redis:\.\.\.$|the path is the number of a database/],
  [`redis://me:${SECRET}%@127.0.0.1`, /not percent-encoded/],
  ['redis://127.0.0.1/one', /the path is the number of a database/],
  ['redis://127.0.0.1/0?family=6', /nothing comes after the host/],
  [
    `redis://me:${SECRET}@10.0.0.7:6379`,
    /^redis:\/\/me:\*\*\*@10\.0\.0\.7:6379 is another machine, and the connection would not be encrypted$/,
  ],
  ['redis://localhost.evil.example:6379', /is another machine/],
  ['redis://127.0.0.1.evil.example:6379', /is another machine/],
  ['rediss://queue.example:6379', /asks for no password$/],
];

for (const [url, message] of REFUSED) {
  test(`A6 ${url.replace(SECRET, '...') || 'an empty URL'} is refused, and no password is told`, (t) => {
    const error = t.throws(() => queueAddress(url, false), { instanceOf: GradloomError });
    t.is(error.code, 'E_USAGE');
    t.is(error.exitCode, EXIT.usage);
    t.is(error.where, '--queue');
    t.regex(error.message, message);
    t.false(JSON.stringify([error.message, error.next, error.lines, String(error.cause)]).includes(SECRET));
  });
}

test('A6 another machine without TLS or password is taken where it is said to be safe', (t) => {
  t.is(queueAddress('redis://10.0.0.7', true).shown, 'redis://10.0.0.7:6379');
  t.is(queueAddress('rediss://10.0.0.7', true).shown, 'rediss://10.0.0.7:6379');
});
