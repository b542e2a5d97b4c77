// Every verb as terminals of 80, 100 and 120 columns show it: `node scripts/render-terminal.mjs [words of a scene ...]`, after
// `npm run build`; needs python3. Exits 1 where a terminal would have to break a line.
// With `--save` it keeps what they show in test/cli/terminal/screens-*.txt, which the suite compares.
import { rmSync, writeFileSync } from 'node:fs';
import { prepareScenes, SCENES, screensFile, showScene, WIDTHS } from '../dist/test/cli/support/scenes.js';

const isSaving = process.argv[2] === '--save';
const wanted = isSaving ? '' : process.argv.slice(2).join(' ');
const stage = prepareScenes();
try {
  for (const columns of WIDTHS) {
    let kept = '';
    for (const scene of SCENES.filter(({ args }) => args.join(' ').includes(wanted))) {
      if (isSaving && scene.isFleeting) continue;
      const { code, text, broken } = await showScene(scene, stage, columns);
      kept += `${text}\n`;
      if (!isSaving) console.log(`${'#'.repeat(columns)}\n${text}`);
      for (const line of broken) console.log(`BROKEN AT ${columns}: ${line}`);
      if (code !== (scene.code ?? 0)) console.log(`EXIT CODE ${code}, expected ${scene.code ?? 0}:\n${text}`);
      if (code !== (scene.code ?? 0) || broken.length > 0) process.exitCode = 1;
    }
    if (isSaving) writeFileSync(screensFile(columns), kept);
  }
} finally {
  rmSync(stage.base, { recursive: true, force: true });
}
