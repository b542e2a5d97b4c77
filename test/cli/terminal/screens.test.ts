import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { prepareScenes, SCENES, showScene, WIDTHS } from '../support/scenes.ts';
import { hasTerminals } from '../support/terminal.ts';

/** What a few scenes at a time may take where other work is done. */
const MINUTES = 5;

const onTerminal = (await hasTerminals()) ? test.serial : test.serial.skip;
const base = mkdtempSync(path.join(tmpdir(), 'gradloom-screens-'));
test.after.always(() => rmSync(base, { recursive: true, force: true }));
const places = (await hasTerminals()) ? prepareScenes(base) : new Map<number, string>();

for (const columns of WIDTHS) {
  onTerminal(`every verb fits a terminal of ${columns} columns, which breaks none of its lines`, async (t) => {
    t.timeout(MINUTES * 60_000);
    for (const scene of SCENES) {
      // In the narrowest one all of them: what fits there fits in wider ones.
      if (scene.isFleeting && columns !== WIDTHS[0]) continue;
      const { code, text, broken } = await showScene(scene, places.get(columns) ?? '', columns);
      t.is(code, scene.code ?? 0, text);
      t.deepEqual(broken, [], text);
    }
  });
}
