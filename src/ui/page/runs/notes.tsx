import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { change, messageOf, session } from '../link/server.ts';

/** The notes of a run; a press makes them a field. */
export function Notes({ run, notes, id }: { run: string; notes: string; id: string }): JSX.Element | null {
  /** What is being written, and what it was at the beginning: the server refuses it where somebody else has changed that. */
  const [edit, setEdit] = useState<{ text: string; before: string } | undefined>(undefined);
  const [problem, setProblem] = useState('');
  /** As they were saved, until the run says so. */
  const [saved, setSaved] = useState<{ before: string; notes: string } | undefined>(undefined);
  const now = saved !== undefined && saved.before === notes ? saved.notes : notes;
  if (session.value?.isReadOnly !== false) return now === '' ? null : <p class="notes">{now}</p>;
  if (edit === undefined) {
    return (
      <button
        type="button"
        class="plain notes"
        aria-label={`${now === '' ? '+ notes: ' : ''}notes of ${id}: ${now === '' ? 'none' : now}; edit`}
        onClick={() => setEdit({ text: now, before: now })}
      >
        {now === '' ? <span class="faint">+ notes</span> : now}
      </button>
    );
  }
  const leave = (): void => {
    setEdit(undefined);
    setProblem('');
  };
  const save = async (): Promise<void> => {
    try {
      if (edit.text !== edit.before) {
        const answer = await change<{ notes: string }>('/api/notes', { key: run, notes: edit.text, before: edit.before });
        setSaved({ before: notes, notes: answer.notes });
      }
      leave();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <div class="notes">
      <textarea
        rows={4}
        value={edit.text}
        maxLength={20_000}
        aria-label={`notes of ${id}`}
        ref={(field) => {
          if (field !== null && edit.text === edit.before && field.ownerDocument.activeElement !== field) field.focus();
        }}
        onInput={(event) => setEdit({ ...edit, text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save();
          if (event.key === 'Escape') leave();
        }}
      />
      <div class="line">
        <button type="button" class="small" onClick={() => void save()}>
          save notes
        </button>
        <button type="button" class="small" onClick={leave}>
          leave them
        </button>
        {problem !== '' && (
          <span class="problem" role="alert">
            {problem}
          </span>
        )}
      </div>
    </div>
  );
}
