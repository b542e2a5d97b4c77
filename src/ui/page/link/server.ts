import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorAnswer, Revisions, SessionAnswer } from '../../protocol.ts';

/** undefined until the server has answered. */
export const session = signal<SessionAnswer | undefined>(undefined);
/** How things stand by topic; another value says that it is worth to ask again. */
export const revisions = signal<Revisions>({});
/** Whether the server tells what changes. */
export const isConnected = signal(true);

/** What a server has refused, in its words. */
export class Refusal extends Error {}

export async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init);
  const body: unknown = await response.json();
  if (response.ok) return body as T;
  const { message, where } = (body as ErrorAnswer).error;
  throw new Refusal(where === undefined ? message : `${where}: ${message}`);
}

/** Asks for a change. */
export function change<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-gradloom-csrf': session.value?.csrf ?? '' };
  return ask<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

export function messageOf(error: unknown): string {
  return error instanceof Refusal ? error.message : 'the server does not answer';
}

/** A path with its parameters, without those that are empty. */
export function pathOf(path: string, parameters: Record<string, string | number | readonly string[] | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value === 'object') for (const one of value) search.append(name, one);
    else if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

const wanted = new Map<string, number>();
let source: EventSource | undefined;
let reconnecting: number | undefined;

/** Follows the topics that are on the page, by one stream. */
function connect(): void {
  source?.close();
  if (document.hidden) return;
  const topics = [...wanted.keys()].filter((topic) => topic.includes(':'));
  const own = new EventSource(pathOf('/api/events', { topic: topics }));
  source = own;
  own.addEventListener('change', (event: MessageEvent<string>) => {
    isConnected.value = true;
    revisions.value = { ...revisions.value, ...(JSON.parse(event.data) as Revisions) };
  });
  own.addEventListener('error', () => {
    isConnected.value = false;
    // A stream that was refused is not opened again by itself.
    if (own.readyState === EventSource.CLOSED && source === own) reconnect(3000);
  });
}

// Nobody looks at a page in the background: it follows nothing until it is seen again.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && wanted.size > 0) reconnect(0);
  else {
    window.clearTimeout(reconnecting);
    source?.close();
  }
});

function reconnect(after: number): void {
  window.clearTimeout(reconnecting);
  reconnecting = window.setTimeout(connect, after);
}

/** Says that a topic is on the page. @returns to be called when it is no more */
function follow(topic: string): () => void {
  const isNew = !wanted.has(topic);
  wanted.set(topic, (wanted.get(topic) ?? 0) + 1);
  if (isNew || source === undefined) reconnect(0);
  return () => {
    const count = (wanted.get(topic) ?? 1) - 1;
    if (count > 0) wanted.set(topic, count);
    else wanted.delete(topic);
  };
}

/** The revision of topics, kept up to date. */
export function useTopics(topics: readonly string[]): string {
  const name = topics.join('\n');
  useEffect(() => {
    const ends = topics.map(follow);
    return () => {
      for (const end of ends) end();
    };
  }, [name]);
  return topics.map((topic) => String(revisions.value[topic] ?? '')).join('\n');
}

export interface Answered<T> {
  answer: T | undefined;
  problem: string | undefined;
}

/** What the server says to a path, asked again whenever one of the topics changes; the old answer stays until the new one is there. */
export function useAnswer<T>(path: string | undefined, topics: readonly string[]): Answered<T> {
  const revision = useTopics(topics);
  const [answered, setAnswered] = useState<Answered<T> & { path: string | undefined }>({ answer: undefined, problem: undefined, path });
  const state = useRef({ isAsking: false, isStale: false, path });
  state.current.path = path;
  useEffect(() => {
    if (path === undefined) return;
    // However often something changes, one question is under way.
    if (state.current.isAsking) {
      state.current.isStale = true;
      return;
    }
    const loop = async (): Promise<void> => {
      state.current.isAsking = true;
      do {
        state.current.isStale = false;
        const asked = state.current.path;
        if (asked === undefined) break;
        try {
          const answer = await ask<T>(asked);
          if (state.current.path === asked) setAnswered({ answer, problem: undefined, path: asked });
        } catch (error) {
          const problem = messageOf(error);
          if (state.current.path === asked)
            setAnswered((before) => ({ answer: before.path === asked ? before.answer : undefined, problem, path: asked }));
        }
      } while (state.current.isStale);
      state.current.isAsking = false;
    };
    void loop();
  }, [path, revision]);
  return answered;
}
