import { EXIT } from '../errors.ts';
import type { Output } from './output.ts';

/** `gradloom doctor`. */
export async function doctorCommand(output: Output): Promise<number> {
  const { examine } = await import('../runs/doctor.ts');
  const checks = examine();
  const isUsable = checks.every(({ status }) => status !== 'fail');
  if (output.json) {
    output.object({ usable: isUsable, checks });
  } else {
    const [{ renderChecks }, { painter }] = await Promise.all([import('../report/checks.ts'), import('../report/paint.ts')]);
    const shown = output.quiet ? checks.filter(({ status }) => status !== 'ok') : checks;
    if (shown.length > 0) output.answer(renderChecks(shown, painter(process.stdout)));
  }
  return isUsable ? EXIT.ok : EXIT.unavailable;
}
