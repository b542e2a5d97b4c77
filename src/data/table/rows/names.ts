import { listed, tableError } from './faults.ts';

/** @throws GradloomError E_TABLE_COLUMN for a name that is empty or stands twice */
export function checkNames(path: string, names: readonly string[], line?: number): void {
  const empty = names.indexOf('');
  if (empty >= 0) {
    const next =
      empty === 0
        ? 'name it; pandas leaves its index out with to_csv(FILE, index=False)'
        : 'name it, or set data.source.header: false if there are no names';
    throw tableError({ code: 'E_TABLE_COLUMN', path, line, message: `column ${empty + 1} has no name`, next });
  }
  const seen = new Set<string>();
  const twice = new Set(names.filter((name) => seen.size === seen.add(name).size));
  if (twice.size === 0) return;
  const places = names.flatMap((name, i) => (name === [...twice][0] ? [i + 1] : []));
  throw tableError({
    code: 'E_TABLE_COLUMN',
    path,
    line,
    message: `columns ${places.join(' and ')} have the same name: ${listed([...twice])}`,
    next: 'rename them, or set data.source.header: false if this is a row',
  });
}
