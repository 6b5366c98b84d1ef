import { Link } from '@tanstack/react-router';
import { CollectorError } from '../api/client.js';
import { Text } from '../content/captured.js';

/** What went wrong, in the collector's words, where the page would have been. */
export function PageError({ error }: { error: unknown }) {
  const collectorError = error instanceof CollectorError ? error : undefined;
  const title =
    collectorError?.status === 404
      ? 'Not found'
      : collectorError?.status === 401 || collectorError?.status === 403
        ? 'This collector asks for a key'
        : collectorError
          ? 'The collector could not answer'
          : 'Could not read from the collector';
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="mx-auto flex max-w-xl flex-col items-start gap-2 px-6 py-20" role="alert">
      <h1 className="text-lg font-semibold">{title}</h1>
      <p className="text-ink-2">
        <Text text={message.slice(0, 2_000)} />
      </p>
      {collectorError?.field !== undefined && <p className="label">Field: {collectorError.field}</p>}
      <div className="mt-3 flex gap-2">
        <button type="button" className="btn" onClick={() => location.reload()}>
          Try again
        </button>
        <Link to="/" className="btn btn-quiet">
          All runs
        </Link>
      </div>
    </div>
  );
}

export function NotFound() {
  return (
    <div className="mx-auto flex max-w-xl flex-col items-start gap-2 px-6 py-20">
      <h1 className="text-lg font-semibold">There is no such page</h1>
      <p className="text-ink-2">The address may be from another version of the dashboard.</p>
      <Link to="/" className="btn mt-3">
        All runs
      </Link>
    </div>
  );
}
