import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { aboutMissing, bundledConfig, bundledNames, findConfig } from '../../../src/config/text/bundled.ts';
import { schemaNotice } from '../../../src/config/text/modeline.ts';

const configs = fileURLToPath(new URL('../../../../configs', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-bundled-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

for (const word of ['seed', 'seed.yaml', 'configs/mnist.yaml', './configs/mnist.yml', 'sweep-grid']) {
  test(`comes with gradloom: ${word}`, (t) => {
    t.is(bundledConfig(word), path.join(configs, `${path.basename(word).replace(/\.ya?ml$/, '')}.yaml`));
  });
}

for (const word of ['mnits', '/seed', '../seed', 'a/configs/seed.yaml', 'configs/../seed', 'schema', '', 'constructor']) {
  test(`does not come with gradloom: ${JSON.stringify(word)}`, (t) => t.is(bundledConfig(word), undefined));
}

test('a file that is there wins, also over a name; a directory of that name does not', (t) => {
  const [file, directory] = [path.join(folder, 'seed'), path.join(folder, 'mnist')];
  writeFileSync(file, '');
  mkdirSync(directory);
  t.deepEqual(findConfig(file), { file });
  t.deepEqual(findConfig(directory), { file: directory });
  t.regex(findConfig('mnist').notice ?? '', /^mnist is not a file here: taking the one that comes with gradloom, configs\/mnist\.yaml$/);
});

test('of a file that is missing, names that are close are told, else those that come with gradloom', (t) => {
  writeFileSync(path.join(folder, 'experiment.yaml'), '');
  t.is(aboutMissing(path.join(folder, 'experimnet.yaml')), `did you mean ${path.join(folder, 'experiment.yaml')}?`);
  t.is(
    aboutMissing(path.join(folder, 'none/mnsit.yaml')),
    `did you mean mnist? These come with gradloom and are found by their names from anywhere: ${bundledNames().join(', ')}`,
  );
  t.is(aboutMissing('q'), `check the path, or name one of those that come with gradloom: ${bundledNames().join(', ')}`);
});

for (const name of bundledNames()) {
  test(`the schema that editors look for is there: ${name}`, (t) => {
    t.is(schemaNotice(path.join(configs, `${name}.yaml`)), undefined);
  });
}

test('a copy elsewhere is told the line that works there', (t) => {
  const copy = path.join(folder, 'copy.yaml');
  copyFileSync(path.join(configs, 'speedup-mnist.yaml'), copy);
  const there = path.relative(folder, path.join(configs, 'schema/speedup.json'));
  t.is(
    schemaNotice(copy),
    `${copy}:1: editors find no schema at ./schema/speedup.json; this line works here: # yaml-language-server: $schema=${there}`,
  );
});

for (const line of [
  '',
  '# $schema=none',
  '# yaml-language-server: $schema=https://a/b.json',
  '# yaml-language-server: $schema=./of-mine.json',
]) {
  test(`nothing is said of ${JSON.stringify(line)}`, (t) => {
    const file = path.join(folder, `${Buffer.from(line).toString('hex')}.yaml`);
    writeFileSync(file, `a: 1\n${line}\n`);
    t.is(schemaNotice(file), undefined);
  });
}
