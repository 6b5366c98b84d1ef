import { Tabs } from 'radix-ui';
import { useState } from 'react';
import { useLive } from '../api/live.js';
import { Logo } from '../shell/navigation.js';
import { CopyButton } from '../ui/copy-button.js';
import { environmentFor, SNIPPETS, type Snippet } from './snippets.js';

const KEY = 'observatory.framework';

/** Nothing has arrived yet: the line to paste, and a page that turns into the list the moment the first run arrives. */
export function GettingStarted() {
  const { state } = useLive();
  const [chosen, setChosen] = useState(() => remembered());
  const environment = environmentFor(location.origin);
  return (
    <div className="scroller">
      <div className="mx-auto flex max-w-[640px] flex-col px-5 py-[min(11vh,110px)]">
        <Logo size={36} />
        <h1 className="mt-6 text-xl font-semibold tracking-[-0.018em] sm:text-2xl">
          See your agent’s first run
        </h1>
        <p className="mt-2 max-w-[52ch] text-md text-ink-2">
          Add the highlighted lines, run your agent, and watch this page. What it records stays in this
          collector.
        </p>
        <Tabs.Root
          value={chosen}
          onValueChange={(id) => {
            setChosen(id);
            remember(id);
          }}
          className="mt-7"
        >
          <Tabs.List aria-label="Framework" className="flex flex-wrap gap-1">
            {SNIPPETS.map((snippet) => (
              <Tabs.Trigger
                key={snippet.id}
                value={snippet.id}
                className="h-7 rounded-[7px] px-2.5 text-sm font-medium text-ink-2 transition-colors duration-(--quick) hover:bg-hover hover:text-ink data-[state=active]:bg-active data-[state=active]:text-ink"
              >
                {snippet.name}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {SNIPPETS.map((snippet) => (
            <Tabs.Content key={snippet.id} value={snippet.id} className="mt-3 space-y-3">
              <Command text={`npm install ${snippet.install}`} />
              <Code snippet={snippet} />
            </Tabs.Content>
          ))}
        </Tabs.Root>
        {environment !== '' && (
          <div className="mt-3">
            <p className="label mb-1.5">
              This collector is not at the default address: set this where your agent runs
            </p>
            <Command text={environment} />
          </div>
        )}
        <div className="mt-8 flex items-center gap-3 border-t pt-5 text-ink-2" role="status">
          <span
            className={`breathing size-2 rounded-full ${state === 'live' || state === 'polling' ? 'bg-accent' : 'bg-warn'}`}
          />
          <span>Waiting for the first run…</span>
          <span className="num ml-auto hidden text-sm text-ink-3 sm:inline">{location.origin}</span>
        </div>
      </div>
    </div>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div className="panel flex h-10 items-center gap-3 pr-1.5 pl-4 font-mono text-sm">
      <span aria-hidden className="text-ink-3 select-none">
        $
      </span>
      <code className="min-w-0 flex-1 truncate">{text}</code>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}

function Code({ snippet }: { snippet: Snippet }) {
  const lines = snippet.code.split('\n');
  const plain = lines.map((line) => line.slice(1)).join('\n');
  return (
    <div className="panel relative overflow-hidden">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard */}
      <pre className="overflow-x-auto py-3 font-mono text-sm leading-6" tabIndex={0}>
        {lines.map((line, index) => (
          <code
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one snippet have no other name
            key={index}
            className={`block min-h-6 pr-12 pl-4 ${line.startsWith('+') ? 'bg-accent-soft shadow-[inset_2px_0_0_var(--accent)]' : 'text-ink-3'}`}
          >
            {line.slice(1)}
          </code>
        ))}
      </pre>
      <CopyButton text={plain} label="Copy the code" className="absolute top-2 right-1.5" />
    </div>
  );
}

function remembered(): string {
  try {
    const id = localStorage.getItem(KEY);
    if (SNIPPETS.some((snippet) => snippet.id === id)) return id!;
  } catch {
    // Storage is blocked.
  }
  return SNIPPETS[0]!.id;
}

function remember(id: string): void {
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // Storage is blocked.
  }
}
