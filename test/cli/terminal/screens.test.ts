import { readFileSync, rmSync } from 'node:fs';
import test from 'ava';
import { prepareScenes, SCENES, type Stage, screensFile, showScene, WIDTHS } from '../support/scenes.ts';
import { hasTerminals } from '../support/terminal.ts';

/** What a few scenes at a time may take where other work is done. */
const MINUTES = 5;

const onTerminal = (await hasTerminals()) ? test.serial : test.serial.skip;
let stage: Stage | undefined;
const prepared = (): Stage => (stage ??= prepareScenes());
test.after.always(() => {
  if (stage !== undefined) rmSync(stage.base, { recursive: true, force: true });
});

for (const columns of WIDTHS) {
  onTerminal(
    `every verb fits a terminal of ${columns} columns, which breaks none of its lines, and shows what is kept of it`,
    async (t) => {
      t.timeout(MINUTES * 60_000);
      const kept = readFileSync(screensFile(columns), 'utf8');
      let shown = '';
      for (const scene of SCENES) {
        // In the narrowest one all of them: what fits there fits in wider ones.
        if (scene.isFleeting && columns !== WIDTHS[0]) continue;
        const { code, text, broken } = await showScene(scene, prepared(), columns);
        t.is(code, scene.code ?? 0, text);
        t.deepEqual(broken, [], text);
        if (!scene.isFleeting) shown += `${text}\n`;
      }
      t.is(shown, kept, 'where the new one is right: node scripts/render-terminal.mjs --save');
    },
  );
}
