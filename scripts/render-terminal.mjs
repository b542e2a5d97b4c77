// Every verb as terminals of 80, 100 and 120 columns show it: `node scripts/render-terminal.mjs [words of a scene ...]`, after
// `npm run build`; needs python3. Exits 1 where a terminal would have to break a line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { prepareScenes, SCENES, showScene } from '../dist/test/cli/support/scenes.js';

const wanted = process.argv.slice(2).join(' ');
const base = mkdtempSync(path.join(tmpdir(), 'gradloom-scenes-'));
try {
  const places = prepareScenes(base);
  for (const scene of SCENES.filter(({ args }) => args.join(' ').includes(wanted))) {
    for (const [columns, cwd] of places) {
      const { code, text, broken } = await showScene(scene, cwd, columns);
      console.log(`${'#'.repeat(columns)}\n${text}`);
      for (const line of broken) console.log(`BROKEN AT ${columns}: ${line}`);
      if (code !== (scene.code ?? 0)) console.log(`EXIT CODE ${code}, expected ${scene.code ?? 0}`);
      if (code !== (scene.code ?? 0) || broken.length > 0) process.exitCode = 1;
    }
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
