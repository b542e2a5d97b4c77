import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { change, messageOf, session } from '../link/server.ts';

/** The tags of a run, in a cell; a press makes them a field. */
export function Tags({ run, tags, id }: { run: string; tags: readonly string[]; id: string }): JSX.Element {
  return (
    <td class="text tags">
      <TagsField run={run} tags={tags} id={id} />
    </td>
  );
}

export function TagsField({ run, tags, id }: { run: string; tags: readonly string[]; id: string }): JSX.Element {
  const [text, setText] = useState<string | undefined>(undefined);
  const [problem, setProblem] = useState('');
  /** As they were saved, until the table says so. */
  const [saved, setSaved] = useState<{ before: readonly string[]; tags: readonly string[] } | undefined>(undefined);
  const now = saved !== undefined && saved.before === tags ? saved.tags : tags;
  if (session.value?.isReadOnly !== false) return <>{now.map(chip)}</>;
  if (text === undefined) {
    return (
      <button
        type="button"
        class="plain"
        aria-label={`${now.length === 0 ? '+ tag: ' : ''}tags of ${id}: ${now.length === 0 ? 'none' : now.join(', ')}; edit`}
        onClick={() => setText(now.join(', '))}
      >
        {now.length === 0 ? <span class="faint">+ tag</span> : now.map(chip)}
      </button>
    );
  }
  const save = async (): Promise<void> => {
    const wanted = new Set(
      text
        .split(',')
        .map((tag) => tag.trim())
        .filter((tag) => tag !== ''),
    );
    const changes = [
      ...now.filter((tag) => !wanted.has(tag)).map((tag) => `-${tag}`),
      ...[...wanted].filter((tag) => !now.includes(tag)).map((tag) => `+${tag}`),
    ];
    try {
      if (changes.length > 0) {
        const answer = await change<{ tags: string[] }>('/api/tags', { key: run, changes });
        setSaved({ before: tags, tags: answer.tags });
      }
      setText(undefined);
      setProblem('');
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <input
        type="text"
        value={text}
        aria-label={`tags of ${id}, by comma`}
        ref={(field) => {
          if (field !== null && field.ownerDocument.activeElement !== field) field.focus();
        }}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={() => void save()}
        onKeyDown={(event) => {
          if (event.key === 'Enter') void save();
          if (event.key === 'Escape') setText(undefined);
        }}
      />
      {problem !== '' && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}

function chip(tag: string): JSX.Element {
  return (
    <span key={tag} class="chip">
      {tag}
    </span>
  );
}
