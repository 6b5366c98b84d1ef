import type { ReactNode } from 'react';

/** A page's name on one line, with what belongs beside it. */
export function PageHeader({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-2.5 sm:px-6">
      <h1 className="text-lg font-semibold tracking-[-0.012em]">{title}</h1>
      {children}
    </header>
  );
}
