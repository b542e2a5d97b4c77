import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const SCRIPT = fileURLToPath(new URL('../../scripts/release.mjs', import.meta.url));
const CHANGELOG = '# Changelog\n\n## Unreleased\n\n## 1.2.3 (2026-11-28)\n\n- First.\n';

/** A repository that is ready for the release of 1.2.3. */
function repository(t: ExecutionContext, { changelog = CHANGELOG, version = '1.2.3' } = {}): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gradloom-release-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  write('package.json', JSON.stringify({ name: 'x', version, files: ['dist'] }));
  write('package-lock.json', JSON.stringify({ name: 'x', version: '1.2.3', packages: { '': { name: 'x', version: '1.2.3' } } }));
  write('CHANGELOG.md', changelog);
  write('dist/src/cli/main.js', '');
  mkdirSync(path.join(folder, 'scripts'));
  copyFileSync(SCRIPT, path.join(folder, 'scripts/release.mjs'));
  git(folder, 'init', '-q');
  git(folder, 'add', '-A');
  git(folder, '-c', 'user.name=x', '-c', 'user.email=x@example.org', 'commit', '-qm', 'x');
  return folder;
}

function git(folder: string, ...words: string[]): void {
  const { status, stderr } = spawnSync('git', words, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function release(folder: string, ...words: string[]) {
  return spawnSync('node', ['scripts/release.mjs', ...words], { cwd: folder, encoding: 'utf8' });
}

test('a release that is ready: what was looked at, and the next command', (t) => {
  const { status, stdout, stderr } = release(repository(t), '1.2.3', '--dry-run');
  t.is(status, 0, stderr);
  t.regex(
    stdout,
    /^ok {7}tree: clean, at [0-9a-f]+\nok {7}version: 1\.2\.3 .*\nok {7}changelog: a heading of 1\.2\.3, 2026-11-28\nok {7}package: \d+ files, .*\n/,
  );
  t.true(stdout.endsWith('next: node scripts/release.mjs 1.2.3 --check\n'));
});

test('all that holds a release up is told in one go, and no next command', (t) => {
  const folder = repository(t, { version: '1.2.2', changelog: '# Changelog\n\n## Unreleased\n\n- First.\n' });
  git(folder, 'tag', 'v1.2.3');
  git(folder, 'rm', '-rq', 'dist');
  const { status, stdout, stderr } = release(folder, '1.2.3');
  t.is(status, 1);
  t.is(stdout, '');
  t.deepEqual(stderr.trimEnd().split('\n'), [
    'problem  the tree has changes that are not committed: 1 files; commit them, or put them away with git stash',
    'problem  package.json and package-lock.json say 1.2.2, 1.2.3; expected 1.2.3: npm version 1.2.3 --no-git-tag-version',
    'problem  the tag v1.2.3 is there already; take the next version',
    'problem  CHANGELOG.md has no heading "## 1.2.3 (DATE)"; rename "## Unreleased"',
    'problem  npm would pack no dist/src/cli/main.js; run npm run build',
  ]);
});

test('lines of the changelog that belong to no release hold it up', (t) => {
  const { status, stderr } = release(repository(t, { changelog: CHANGELOG.replace('Unreleased\n', 'Unreleased\n\n- Second.\n') }), '1.2.3');
  t.is(status, 1);
  t.is(stderr, 'problem  CHANGELOG.md: there are lines under "## Unreleased"; they belong to a release\n');
});

test('a release without a version, or with an option that there is not, is a question of usage', (t) => {
  for (const words of [[], ['1.2.3', '--publish'], ['1.2.3', '1.2.4']]) {
    const { status, stderr } = release(path.dirname(path.dirname(SCRIPT)), ...words);
    t.is(status, 64);
    t.is(stderr, 'usage: node scripts/release.mjs VERSION [--dry-run | --check]\n');
  }
});
