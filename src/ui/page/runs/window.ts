import { useEffect, useRef, useState } from 'preact/hooks';
import type { GroupRow, RunRow, RunsAnswer } from '../../protocol.ts';
import { ask, messageOf, pathOf, useTopics } from '../link/server.ts';

/** Rows that are asked for at once. */
const BLOCK = 200;

export interface RunsWindow {
  /** undefined until the first answer. */
  meta: Omit<RunsAnswer, 'window' | 'from'> | undefined;
  problem: string | undefined;
  /** undefined where it is not known yet. */
  row: (index: number) => RunRow | GroupRow | undefined;
  /** Says which rows are on the screen: those that are not known are asked for. */
  look: (from: number, to: number) => void;
}

interface State {
  meta: RunsWindow['meta'];
  problem: string | undefined;
  rows: ReadonlyMap<number, RunRow | GroupRow>;
}

/** The rows of a query as far as somebody has looked; when runs change, those on the screen are asked for anew. */
export function useRuns(query: Record<string, string | readonly string[]>): RunsWindow {
  const revision = useTopics(['runs']);
  const name = JSON.stringify(query);
  const [state, setState] = useState<State>({ meta: undefined, problem: undefined, rows: new Map() });
  const current = useRef({ generation: 0, name: '', asked: new Set<number>(), from: 0, to: 0, isAsking: false, isStale: false });

  const load = async (block: number, generation: number, isFirst: boolean): Promise<void> => {
    current.current.asked.add(block);
    try {
      const { window: rows, from, ...meta } = await ask<RunsAnswer>(pathOf('/api/runs', { ...query, from: block * BLOCK, count: BLOCK }));
      if (generation !== current.current.generation) return;
      setState((before) => {
        const next = new Map(isFirst ? [] : before.rows);
        for (const [i, row] of rows.entries()) next.set(from + i, row);
        return { meta, problem: undefined, rows: next };
      });
    } catch (error) {
      const problem = messageOf(error);
      if (generation === current.current.generation) setState((before) => ({ ...before, problem }));
    }
  };

  const refresh = async (): Promise<void> => {
    const own = current.current;
    // Runs may change faster than they are told: one question at a time.
    if (own.isAsking) {
      own.isStale = true;
      return;
    }
    own.isAsking = true;
    own.isStale = false;
    own.generation++;
    own.asked = new Set();
    const [first, last] = [Math.floor(own.from / BLOCK), Math.floor(own.to / BLOCK)];
    await load(first, own.generation, true);
    if (last !== first) await load(last, own.generation, false);
    own.isAsking = false;
    if (own.isStale) await refreshLatest.current();
  };
  const refreshLatest = useRef(refresh);
  refreshLatest.current = refresh;

  useEffect(() => {
    void refreshLatest.current();
  }, [name, revision]);

  return {
    meta: state.meta,
    problem: state.problem,
    row: (index) => state.rows.get(index),
    look: (from, to) => {
      const own = current.current;
      [own.from, own.to] = [from, to];
      for (let block = Math.floor(from / BLOCK); block <= Math.floor(to / BLOCK); block++)
        if (own.generation > 0 && !own.asked.has(block) && !own.isAsking) void load(block, own.generation, false);
    },
  };
}
