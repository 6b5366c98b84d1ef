import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

/** Copies the original text, invisible characters included. */
export function CopyButton({
  text,
  label,
  className = '',
}: {
  text: string | (() => string);
  label: string;
  className?: string;
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 1_600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'function' ? text() : text);
      setState('copied');
    } catch {
      setState('failed');
    }
  };
  const said = state === 'copied' ? 'Copied' : state === 'failed' ? 'Copying is not allowed here' : label;
  return (
    <button
      type="button"
      className={`btn btn-quiet btn-icon ${className}`}
      onClick={copy}
      aria-label={said}
      title={said}
    >
      {state === 'copied' ? (
        <Check size={14} aria-hidden className="text-ok" />
      ) : (
        <Copy size={13} aria-hidden />
      )}
    </button>
  );
}
