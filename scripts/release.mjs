// Makes a release ready, and says what is left to do by hand: nothing is published, tagged or written here.
// usage: node scripts/release.mjs VERSION [--dry-run | --check]
//   --dry-run  (the default) looks at the tree, the version, the changelog and what npm would pack
//   --check    and runs what every change must pass: bash .ci/run
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const VERSION = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?$/;
const USAGE = 'usage: node scripts/release.mjs VERSION [--dry-run | --check]';

const options = process.argv.slice(2).filter((word) => word.startsWith('-'));
const [version, ...rest] = process.argv.slice(2).filter((word) => !word.startsWith('-'));
if (version === undefined || rest.length > 0 || options.some((word) => word !== '--dry-run' && word !== '--check')) {
  console.error(USAGE);
  process.exit(64);
}

const run = (command, args) => execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
const read = (file) => readFileSync(path.join(root, file), 'utf8');

const problems = [checkTree(), checkVersion(), checkTag(), checkChangelog(), checkPack()].filter((problem) => problem !== undefined);
if (problems.length === 0 && options.includes('--check') && spawnSync('bash', ['.ci/run'], { cwd: root, stdio: 'inherit' }).status !== 0)
  problems.push('.ci/run failed; mend what it names');
for (const problem of problems) console.error(`problem  ${problem}`);
if (problems.length > 0) process.exit(1);

if (!options.includes('--check')) console.log(`next: node scripts/release.mjs ${version} --check`);
else console.log(`next:\n  git tag -a v${version} -m 'gradloom ${version}'\n  npm publish\n  git push --follow-tags`);

function checkTree() {
  const changed = run('git', ['status', '--porcelain']);
  if (changed === '') return ok('tree', `clean, at ${run('git', ['rev-parse', '--short', 'HEAD'])}`);
  return `the tree has changes that are not committed: ${changed.split('\n').length} files; commit them, or put them away with git stash`;
}

/** The lock file says the version twice. */
function checkVersion() {
  if (!VERSION.test(version)) return `${version} is no version; expected three numbers as in 1.2.3, or 1.2.3-rc.1`;
  const lock = JSON.parse(read('package-lock.json'));
  const said = new Set([JSON.parse(read('package.json')).version, lock.version, lock.packages[''].version]);
  if (said.size === 1 && said.has(version)) return ok('version', `${version} in package.json and package-lock.json`);
  return `package.json and package-lock.json say ${[...said].join(', ')}; expected ${version}: npm version ${version} --no-git-tag-version`;
}

function checkTag() {
  return run('git', ['tag', '--list', `v${version}`]) === '' ? undefined : `the tag v${version} is there already; take the next version`;
}

/** `## 1.2.3 (2026-11-28)`, and nothing left under `## Unreleased`. */
function checkChangelog() {
  const sections = read('CHANGELOG.md').split(/^## /m).slice(1);
  const own = sections.find((section) => section.startsWith(`${version} (`));
  if (own === undefined) return `CHANGELOG.md has no heading "## ${version} (DATE)"; rename "## Unreleased"`;
  const date = /^[^\n]* \((\d{4}-\d{2}-\d{2})\)\n/.exec(own)?.[1];
  if (date === undefined || Number.isNaN(Date.parse(date))) return `CHANGELOG.md: the heading of ${version} has no date as 2026-11-28`;
  const left = sections.find((section) => section.startsWith('Unreleased'));
  if (left !== undefined && left.split('\n').slice(1).join('').trim() !== '')
    return 'CHANGELOG.md: there are lines under "## Unreleased"; they belong to a release';
  return ok('changelog', `a heading of ${version}, ${date}`);
}

/** `prepack` would build; what is packed is what was built before. */
function checkPack() {
  const [{ files, size }] = JSON.parse(run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json']));
  if (!files.some((file) => file.path === 'dist/src/cli/main.js')) return 'npm would pack no dist/src/cli/main.js; run npm run build';
  return ok('package', `${files.length} files, ${Math.round(size / 1024).toLocaleString('en-US')} KiB`);
}

function ok(what, found) {
  console.log(`ok       ${what}: ${found}`);
  return undefined;
}
