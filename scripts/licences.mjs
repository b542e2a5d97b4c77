import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * What the packages that are in bundled files want to be told with them.
 *
 * @param root    of the repository
 * @param inputs  of the bundle, relative to it
 */
export function licences(root, inputs) {
  const folders = new Set(inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const texts = [...folders].toSorted().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(path.join(root, folder)).find((file) => /^licen[cs]e/i.test(file));
    if (file === undefined) throw new Error(`${name}: no licence to go with what is bundled of it`);
    return `${name} ${version}\n\n${readFileSync(path.join(root, folder, file), 'utf8').trim()}\n`;
  });
  return `The files beside this one contain code of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
