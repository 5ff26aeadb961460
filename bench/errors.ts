/** Errors that a user can act on: what happened, the value received, what to try; and the exit code they end with. */

/** Exit codes of the program (README, "Exit codes"). */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  regression: 3,
  inconclusive: 4,
  unfit: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorParts {
  /** What happened, one sentence. */
  readonly what: string;
  /** The value received, shown as it came. */
  readonly value?: string;
  /** What to try. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** An error with a message for the user; anything else that is thrown is a defect. */
export class BoxmarkError extends Error {
  readonly what: string;
  readonly value: string | undefined;
  readonly remedy: string | undefined;
  readonly exitCode: ExitCode;

  constructor(parts: ErrorParts, exitCode: ExitCode = EXIT.failed) {
    super(formatParts(parts), { cause: parts.cause });
    this.name = 'BoxmarkError';
    this.what = parts.what;
    this.value = parts.value;
    this.remedy = parts.remedy;
    this.exitCode = exitCode;
  }
}

/** A bad flag, plan, file or name: exit code 2. */
export function usageError(what: string, value?: string, remedy?: string): BoxmarkError {
  return new BoxmarkError(
    { what, ...(value === undefined ? {} : { value }), ...(remedy === undefined ? {} : { remedy }) },
    EXIT.usage,
  );
}

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, '; ').trim();
}

/** True for the error codes of a disk that takes no more data. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function formatParts(parts: ErrorParts): string {
  const lines = [parts.what];
  if (parts.value !== undefined) lines.push(`  received: ${parts.value}`);
  if (parts.remedy !== undefined) lines.push(`  try: ${parts.remedy}`);
  return lines.join('\n');
}
