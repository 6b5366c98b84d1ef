import { settings } from './config.js';
import { shared } from './shared.js';

/** Something telemetry could not do as asked. Never thrown, unless `strict` is set. */
export interface Diagnostic {
  /** Stable, e.g. `run-ended-twice`, `unserialisable`, `dropped`, `collector-unreachable`, `item-rejected`. */
  kind: string;
  /** What happened and what to do, in one sentence. */
  message: string;
  runId?: string;
  /** How many items or calls this is about. */
  count?: number;
  cause?: unknown;
}

export class ObservatoryError extends Error {
  readonly kind: string;
  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message, { cause: diagnostic.cause });
    this.name = 'ObservatoryError';
    this.kind = diagnostic.kind;
  }
}

const warned = shared<Set<string>>('diagnostics.warned', () => new Set());

/** Reports a diagnostic: to `onDiagnostic` each time, else to the console once per kind. Never throws. */
export function report(diagnostic: Diagnostic): void {
  try {
    const listener = settings.raw.onDiagnostic;
    if (listener) {
      listener(diagnostic);
      return;
    }
    if (warned.has(diagnostic.kind)) return;
    warned.add(diagnostic.kind);
    console.warn(
      `[observatory] ${diagnostic.message} (${diagnostic.kind}; said once, onDiagnostic gets every one)`,
    );
  } catch {
    // A host's own listener or console that throws must not reach the code that is being observed.
  }
}

/** Says what delivery does, where `debug` asks for it. On stderr: what the host prints stays what it was. Never throws. */
export function debug(line: string): void {
  try {
    if (settings.debug) console.warn(`[observatory] ${line}`);
  } catch {
    // As above.
  }
}

/** Misuse of the API by the host: throws under `strict`, is reported otherwise. */
export function misuse(diagnostic: Diagnostic): void {
  if (settings.strict) throw new ObservatoryError(diagnostic);
  report(diagnostic);
}
