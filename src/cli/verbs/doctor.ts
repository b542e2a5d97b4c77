import { EXIT } from '../../errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { NO_WORDS } from '../arguments/positionals.ts';
import type { Output } from '../terminal/output.ts';

/** `gradloom doctor`. */
export const doctor = defineCommand({
  positionals: NO_WORDS,
  describe: 'Check that this machine can train, and how fast',
  options: {},
  examples: [
    ['$0 doctor', 'one line a check, with what to do about a problem'],
    ['$0 doctor --json', 'the same for programs'],
  ],
  request: () => ({}),
  run: (_request, output) => runDoctor(output),
});

async function runDoctor(output: Output): Promise<number> {
  const { examine } = await import('../../engine/doctor.ts');
  const checks = examine();
  const isUsable = checks.every(({ status }) => status !== 'fail');
  if (output.json) {
    output.object({ usable: isUsable, checks });
  } else {
    const { renderChecks } = await import('../../report/runs/checks.ts');
    const shown = output.quiet ? checks.filter(({ status }) => status !== 'ok') : checks;
    if (shown.length > 0) output.answer(renderChecks(shown, output.look(process.stdout)));
  }
  return isUsable ? EXIT.ok : EXIT.unavailable;
}
