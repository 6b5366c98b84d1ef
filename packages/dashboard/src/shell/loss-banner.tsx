import type { Overview } from '@observatory/collector/api';
import { useQuery } from '@tanstack/react-query';
import { TriangleAlert, X } from 'lucide-react';
import { useState } from 'react';
import { overviewQuery } from '../api/queries.js';
import { Line } from '../content/captured.js';
import { formatExact, plural } from '../format.js';
import { Ago } from '../ui/times.js';

const KEY = 'observatory.losses-seen';

const REASONS: Record<string, string> = {
  memory_full: 'memory full',
  spool_full: 'spool full',
  rejected: 'rejected by the collector',
  unserialisable: 'could not be serialised',
};

/**
 * What clients could not send. It is never hidden for good: putting it away holds for this browser session, and only until
 * more is lost.
 */
export function LossBanner() {
  const losses = useQuery(overviewQuery).data?.losses ?? [];
  const [seen, setSeen] = useState(readSeen);
  const items = losses.reduce((sum, loss) => sum + loss.items, 0);
  if (items === 0 || items <= seen) return null;
  const runs = losses.reduce((sum, loss) => sum + loss.runs, 0);
  const last = losses
    .map((loss) => loss.last_time)
    .sort()
    .at(-1);
  const dismiss = () => {
    setSeen(items);
    try {
      sessionStorage.setItem(KEY, String(items));
    } catch {
      // Storage is blocked: it stays away until the page is loaded again.
    }
  };
  return (
    <div
      role="status"
      className="flex items-start gap-2.5 border-b border-warn-line bg-warn-soft px-4 py-2 text-sm"
    >
      <TriangleAlert size={15} aria-hidden className="mt-px shrink-0 text-warn" />
      <div className="min-w-0 flex-1">
        <strong className="font-medium">
          {plural(items, 'item')} {items === 1 ? 'was' : 'were'} dropped by a client
        </strong>
        {runs > 0 && <span className="text-ink-2"> from {plural(runs, 'run')}</span>}
        <span className="text-ink-2">
          :{' '}
          {losses.map((loss, index) => (
            <Reason key={loss.reason} loss={loss} first={index === 0} />
          ))}
        </span>
        {last && (
          <span className="text-ink-3">
            {' '}
            · last <Ago time={last} />
          </span>
        )}
      </div>
      <button
        type="button"
        className="btn btn-quiet btn-icon -my-1"
        onClick={dismiss}
        aria-label="Put away for this session"
      >
        <X size={14} aria-hidden />
      </button>
    </div>
  );
}

function Reason({ loss, first }: { loss: Overview['losses'][number]; first: boolean }) {
  return (
    <>
      {first ? '' : ', '}
      <Line text={REASONS[loss.reason] ?? loss.reason} /> ({formatExact(loss.items)})
    </>
  );
}

function readSeen(): number {
  try {
    return Number(sessionStorage.getItem(KEY) ?? 0);
  } catch {
    return 0;
  }
}
