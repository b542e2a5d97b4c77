import test from 'ava';
import { LiveStatus } from '../../src/cli/live.ts';

function drawn(): { live: LiveStatus; texts: string[] } {
  const texts: string[] = [];
  return { live: new LiveStatus({ draw: (text) => texts.push(text) }), texts };
}

test('a status replaces the last one in place, and clear leaves nothing of it', (t) => {
  const { live, texts } = drawn();
  live.update(['a', 'b']);
  live.keep('kept');
  live.clear();
  t.deepEqual(texts, ['a\nb', '\r\u001b[1A\u001b[Jkept\na\nb', '\r\u001b[1A\u001b[J']);
});

test('a status that comes too soon is drawn with the next line that stays', (t) => {
  const { live, texts } = drawn();
  live.update(['a']);
  live.update(['b']);
  live.keep('kept');
  t.deepEqual(texts, ['a', '\r\u001b[Jkept\nb']);
});

test('nothing shown is nothing to erase', (t) => {
  const { live, texts } = drawn();
  live.keep('kept');
  live.clear();
  t.deepEqual(texts, ['kept\n', '']);
});
