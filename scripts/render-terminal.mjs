// Every verb as terminals of 80, 100 and 120 columns show it: `node scripts/render-terminal.mjs [--record] [words of a scene ...]`, after
// `npm run build`; needs python3. Exits 1 where a terminal would have to break a line.
//   --record  writes what the suite compares with: test/cli/terminal/screens/
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareScenes, SCENES, showScene } from '../dist/test/cli/support/scenes.js';

const SCREENS = fileURLToPath(new URL('../test/cli/terminal/screens', import.meta.url));
const given = process.argv.slice(2);
const isRecorded = given.includes('--record');
const wanted = given.filter((word) => word !== '--record').join(' ');
const base = mkdtempSync(path.join(tmpdir(), 'gradloom-scenes-'));
const screens = new Map();
try {
  const places = prepareScenes(base);
  for (const scene of SCENES.filter(({ args }) => args.join(' ').includes(wanted))) {
    for (const [columns, cwd] of places) {
      const { code, text, broken } = await showScene(scene, cwd, columns);
      console.log(`${'#'.repeat(columns)}\n${text}`);
      for (const line of broken) console.log(`BROKEN AT ${columns}: ${line}`);
      if (code !== (scene.code ?? 0)) console.log(`EXIT CODE ${code}, expected ${scene.code ?? 0}`);
      if (code !== (scene.code ?? 0) || broken.length > 0) process.exitCode = 1;
      if (!scene.isFleeting) screens.set(columns, `${screens.get(columns) ?? ''}${text}\n`);
    }
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
if (isRecorded) {
  mkdirSync(SCREENS, { recursive: true });
  for (const [columns, text] of screens) writeFileSync(path.join(SCREENS, `${columns}.txt`), `${text.trimEnd()}\n`);
}
