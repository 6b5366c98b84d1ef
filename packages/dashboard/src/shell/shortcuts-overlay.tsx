import { Dialog } from '../ui/dialog.js';
import { SHORTCUTS } from './shortcuts.js';

export function ShortcutsOverlay({ onClose }: { onClose(): void }) {
  return (
    <Dialog label="Keyboard shortcuts" className="w-[min(640px,calc(100vw-32px))]" onClose={onClose}>
      <div className="p-5">
        <h2 className="mb-4 text-md font-semibold">Keyboard shortcuts</h2>
        <div className="gap-x-10 sm:columns-2">
          {SHORTCUTS.map(({ group, keys }) => (
            <section key={group} className="mb-5 break-inside-avoid">
              <h3 className="label mb-1">{group}</h3>
              <dl>
                {keys.map(([key, what]) => (
                  <div
                    key={key}
                    className="flex items-center justify-between border-b border-line py-1.5 last:border-0"
                  >
                    <dt className="text-ink-2">{what}</dt>
                    <dd className="flex gap-1">
                      {key.split(' ').map((part) => (
                        <kbd key={part} className="kbd">
                          {part}
                        </kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
