import { signal } from '@preact/signals';
import { pathOf } from './server.ts';

/** What the address shows: `#/run?key=runs/a`. */
export interface Route {
  name: string;
  parameters: URLSearchParams;
}

export const route = signal<Route>(read());

function read(): Route {
  const [path = '', search = ''] = window.location.hash.replace(/^#\/?/, '').split('?');
  return { name: path === '' ? 'runs' : path, parameters: new URLSearchParams(search) };
}

window.addEventListener('hashchange', () => {
  route.value = read();
  window.scrollTo(0, 0);
});

/** An address of the page. */
export function hashOf(name: string, parameters: Parameters<typeof pathOf>[1] = {}): string {
  return `#${pathOf(`/${name}`, parameters)}`;
}

/** Changes parameters of the address without a new entry in the history. */
export function setParameters(changes: Record<string, string | readonly string[]>): void {
  const { name, parameters } = route.value;
  const next = new URLSearchParams(parameters);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    for (const one of typeof value === 'string' ? [value] : value) if (one !== '') next.append(key, one);
  }
  const text = next.toString();
  window.history.replaceState(null, '', `#/${name}${text === '' ? '' : `?${text}`}`);
  route.value = { name, parameters: next };
}
