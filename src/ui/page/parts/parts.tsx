import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CommandText } from '../../protocol.ts';
import { messageOf } from '../link/server.ts';

/** Parts of the reports: the server has escaped every text in them, and the policy of the page runs no script that got in. */
export function Html({ html, class: kind }: { html: string; class?: string }): JSX.Element {
  return <div class={kind} dangerouslySetInnerHTML={{ __html: html }} />;
}

export function Status({ status }: { status: string }): JSX.Element {
  return <span class={`status ${status}`}>{status}</span>;
}

export function Problem({ children }: { children: string | undefined | null }): JSX.Element {
  return (
    <p class="problem" role="status">
      {children ?? ''}
    </p>
  );
}

/** What may be wider than the screen: it scrolls by itself, also with the keyboard. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="wide" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

/** Does something that takes a while, once at a time, and says what went wrong. */
export function Action({ label, work, kind }: { label: string; work: () => Promise<unknown>; kind?: string }): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const run = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      await work();
    } catch (error) {
      setProblem(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" class={kind} disabled={isBusy} onClick={() => void run()}>
        {label}
      </button>
      {problem !== '' && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}

/** Commands to copy. */
export function Commands({ commands }: { commands: readonly CommandText[] }): JSX.Element {
  return (
    <dl class="commands">
      {commands.map(({ title, command }) => (
        <>
          <dt>{title}</dt>
          <dd>
            <code>{command}</code> <Copy text={command} label={`copy the command to ${title}`} />
          </dd>
        </>
      ))}
    </dl>
  );
}

function Copy({ text, label }: { text: string; label: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  return (
    <button
      type="button"
      class="small"
      aria-label={label}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setCopied(true));
      }}
    >
      {isCopied ? 'copied' : 'copy'}
    </button>
  );
}
