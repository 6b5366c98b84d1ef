import type { RunDetail } from '@observatory/collector/api';
import { Link } from '@tanstack/react-router';
import { Line } from '../content/captured.js';
import type { JsonValue } from '../content/json-tree.js';
import { JsonView } from '../content/json-view.js';
import { Payload } from '../content/payload.js';
import { spotId } from './spot.js';

/** Everything the collector holds about the run, as it is. */
export function RawView({ detail }: { detail: RunDetail }) {
  const { run } = detail;
  const metadata = Object.entries(run.metadata ?? {});
  return (
    <div className="mx-auto max-w-[1080px] space-y-7 px-4 py-6 sm:px-6">
      {metadata.length > 0 && (
        <section id={spotId('metadata')} aria-labelledby="raw-metadata">
          <h2 id="raw-metadata" className="label mb-1.5">
            Metadata
          </h2>
          <dl className="panel divide-y divide-line">
            {metadata.slice(0, 200).map(([key, value]) => (
              <div key={key} className="grid gap-x-4 gap-y-0.5 px-4 py-2 sm:grid-cols-[220px_minmax(0,1fr)]">
                <dt className="flex min-w-0 font-mono text-sm text-ink-3">
                  <Line text={key} title />
                </dt>
                <dd className="min-w-0 font-mono text-sm">
                  {isPlain(value) ? (
                    <Link
                      to="/"
                      search={{ [`metadata.${key}`]: String(value) }}
                      className="hover:text-accent hover:underline"
                      title="Runs with this value"
                    >
                      <Line text={String(value)} className="inline whitespace-normal" />
                    </Link>
                  ) : (
                    <JsonView value={value as JsonValue} />
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {(['full_input', 'full_output'] as const).map(
        (field) =>
          run[field] !== undefined && (
            <section key={field} aria-label={field}>
              <h2 className="label mb-1.5">{field === 'full_input' ? 'Full input' : 'Full output'}</h2>
              <div className="panel px-4 py-3">
                <Payload text={run[field]} startOpen={1} />
              </div>
            </section>
          ),
      )}
      <section aria-labelledby="raw-json">
        <h2 id="raw-json" className="label mb-1.5">
          JSON
        </h2>
        <div className="panel px-4 py-3">
          <JsonView value={detail as unknown as JsonValue} startOpen={2} tools />
        </div>
      </section>
    </div>
  );
}

function isPlain(value: unknown): boolean {
  return (
    (typeof value === 'string' && value.length <= 200) ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  );
}
