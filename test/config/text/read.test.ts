import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadExperiment } from '../../../src/config/load.ts';
import { errorOf, VALID, withFiles } from '../support/experiments.ts';

const contents: { title: string; content: Buffer; message: string }[] = [
  { title: 'UTF-16', content: Buffer.from(`\ufeff${VALID}`, 'utf16le'), message: 'it is UTF-16; save it as UTF-8' },
  {
    title: 'UTF-16 without a mark',
    content: Buffer.from(VALID, 'utf16le'),
    message: 'byte 1 is NUL: it is binary or UTF-16, not UTF-8 text',
  },
  { title: 'invalid UTF-8', content: Buffer.concat([Buffer.from(VALID), Buffer.from([0xc3, 0x28])]), message: 'it is not valid UTF-8' },
];

for (const { title, content, message } of contents) {
  test(`C14 ${title} is refused by name`, (t) => {
    withFiles({ 'a.yaml': content }, (directory) => {
      const error = errorOf(() => loadExperiment(join(directory, 'a.yaml')));
      t.is(error.code, 'E_CONFIG_READ');
      t.is(error.message, `cannot read the experiment: ${message}`);
      t.is(error.where, join(directory, 'a.yaml'));
      t.is(error.exitCode, 78);
    });
  });
}

test('C14 a missing file, a directory and a path through a file are refused by name', (t) => {
  withFiles({ 'a.yaml': VALID }, (directory) => {
    t.is(errorOf(() => loadExperiment(join(directory, 'b.yaml'))).message, 'cannot read the experiment: no such file');
    t.is(errorOf(() => loadExperiment(directory)).message, 'cannot read the experiment: it is a directory');
    t.is(
      errorOf(() => loadExperiment(join(directory, 'a.yaml', 'b'))).message,
      'cannot read the experiment: part of the path is not a directory',
    );
    t.is(errorOf(() => loadExperiment('a\0b')).message, 'cannot read the experiment: the path holds a NUL character');
  });
});

// Root may read everything; Windows has no such modes.
const unprivileged = process.getuid?.() !== 0 && process.platform !== 'win32' ? test : test.skip;
unprivileged('C14 a file of mode 000 is refused by name', (t) => {
  withFiles({ 'a.yaml': VALID }, (directory) => {
    chmodSync(join(directory, 'a.yaml'), 0);
    t.is(errorOf(() => loadExperiment(join(directory, 'a.yaml'))).message, 'cannot read the experiment: permission denied');
  });
});

const posix = process.platform === 'win32' ? test.skip : test;
posix('C14 a FIFO is refused at once, never waited for', (t) => {
  withFiles({}, (directory) => {
    execFileSync('mkfifo', [join(directory, 'a.yaml')]);
    t.is(errorOf(() => loadExperiment(join(directory, 'a.yaml'))).message, 'cannot read the experiment: it is a FIFO, not a file');
  });
});

posix('C14 a device is refused', (t) => {
  t.is(errorOf(() => loadExperiment('/dev/zero')).message, 'cannot read the experiment: it is a device or socket, not a file');
});

test('C6 a file of more than 1 MiB is refused unread', (t) => {
  withFiles({ 'a.yaml': Buffer.alloc(2 ** 20 + 1, '[') }, (directory) => {
    const error = errorOf(() => loadExperiment(join(directory, 'a.yaml')));
    t.is(error.code, 'E_YAML_TOO_LARGE');
    t.is(error.message, 'cannot read the experiment: larger than 1 MiB, the limit of a config file');
  });
});

test('C14 a byte order mark and CRLF are accepted from a file', (t) => {
  withFiles({ 'a.yaml': `\ufeff${VALID}`.replaceAll('\n', '\r\n') }, (directory) => {
    t.is(loadExperiment(join(directory, 'a.yaml')).experiment.name, 'experiment');
  });
});
