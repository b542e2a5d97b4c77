import { printable } from '../../../errors.ts';
import { defineCommand } from '../../arguments/command.ts';
import type { Output } from '../../terminal/output.ts';
import { SHELLS, type Shell } from '../../terminal/shells.ts';

/** `gradloom completion`. */
export const completion = defineCommand<Shell>({
  positionals: {
    notation: '<shell>',
    describe: { shell: SHELLS.join(', ') },
    values: SHELLS,
    problem: ([shell, second], command) => {
      const expected = `expected ${SHELLS.join(', ')}`;
      if (shell === undefined) return `SHELL is missing; ${expected}`;
      if (!SHELLS.some((known) => known === shell)) return `no completion for ${printable(shell)}; ${expected}`;
      return second === undefined ? undefined : `${printable(second)}: gradloom ${command} takes one argument`;
    },
  },
  describe: 'Print what makes a shell complete commands, options, run ids, config keys and their values',
  options: {},
  examples: [
    ['$0 completion bash', 'in ~/.bashrc: eval "$(gradloom completion bash)"; zsh the same in ~/.zshrc, after compinit'],
    ['$0 completion fish', 'in ~/.config/fish/config.fish: gradloom completion fish | source'],
  ],
  request: (args) => SHELLS.find((shell) => shell === args.text('shell')) ?? 'bash',
  run: printScript,
});

async function printScript(shell: Shell, output: Output): Promise<number> {
  const { completionScript } = await import('../../terminal/shell-scripts.ts');
  output.answer(completionScript(shell));
  return 0;
}
