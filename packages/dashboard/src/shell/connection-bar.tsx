import { CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useLive } from '../api/live.js';

/** A restart of the collector takes less; nobody needs to read about it. */
const PATIENCE_MS = 1_200;

/** Says that nothing answers. What is on the page stays readable. */
export function ConnectionBar() {
  const { state } = useLive();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (state !== 'unreachable') return setShown(false);
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (!shown) return null;
  return (
    <div
      role="alert"
      className="flex items-center gap-2.5 border-b border-error-line bg-error-soft px-4 py-2 text-sm"
    >
      <CloudOff size={15} aria-hidden className="shrink-0 text-error" />
      <p>
        <strong className="font-medium">Collector unreachable, reconnecting…</strong>{' '}
        <span className="text-ink-2">
          What you see may be out of date. Clients keep what they record until it is back.
        </span>
      </p>
    </div>
  );
}
