import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { EXIT } from '../../../src/errors.ts';
import { gradloom, MAIN, workplace } from '../support/run-cli.ts';
import { hasTerminals } from '../support/terminal.ts';

const LONG = `name: long
data: {source: {type: synthetic, kind: blobs, samples: 200}}
model: {layers: [{type: dense, units: 3}]}
train: {epochs: 100000, batch_size: 20}
parallel: {workers: 1}
`;

/**
 * A terminal that is closed while the command writes to it; prints how the command ended. `controls`: the terminal is the command's own,
 * which gets SIGHUP; else it belongs to another session, and only its writes fail.
 */
const TERMINAL = `
import os, pty, sys, time
place, controls, command = sys.argv[1], sys.argv[2] == 'controls', sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    os.chdir(place)
    if controls:
        os.execvp(command[0], command)
    inner = os.fork()
    if inner == 0:
        os.setsid()
        os.execvp('sh', ['sh', '-c', '"$@"; echo $? > ended', 'sh', *command])
    time.sleep(100)
shown = b''
while b'step' not in shown and b'epoch' not in shown:
    shown += os.read(fd, 4096)
os.close(fd)
if controls:
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
else:
    ended = os.path.join(place, 'ended')
    while not os.path.exists(ended) or not open(ended).read():
        time.sleep(0.02)
    print(open(ended).read())
`;

const onTerminal = (await hasTerminals()) ? test.serial : test.serial.skip;

for (const { title, session } of [
  { title: 'its own terminal, by SIGHUP', session: 'controls' },
  { title: 'a terminal of another session, by its failing writes', session: 'foreign' },
]) {
  onTerminal(`F4 training whose terminal is gone, ${title}, is saved and exits with 129`, async (t) => {
    const place = workplace(t, { 'long.yaml': LONG });
    const { stdout } = await promisify(execFile)(
      'python3',
      ['-c', TERMINAL, place, session, process.execPath, MAIN, 'train', 'long.yaml'],
      {
        timeout: 60_000,
      },
    );
    t.is(Number(stdout), 129);
    const [id = ''] = readdirSync(path.join(place, 'runs'));
    const run = path.join(place, 'runs', id);
    t.like(JSON.parse(readFileSync(path.join(run, 'summary.json'), 'utf8')), { status: 'interrupted' });
    t.is(readdirSync(path.join(run, 'checkpoints')).length > 0, true);
    t.is((await gradloom(['runs', 'show', run], { cwd: place })).code, EXIT.ok);
  });
}
