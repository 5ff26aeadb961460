/** Errors that a user can act on: what happened, the value received, what to try; and the exit code they end with. */

/** Exit codes of the program. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  regression: 3,
  inconclusive: 4,
  unfit: 5,
  interrupted: 130,
} as const;

/** What each code means, for the documentation. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done; for `compare`: no regression',
  failed:
    'Boxmark failed, nothing was measured, a check found something, or an environment asked for by its own name (not by an alias) gave no data (`--keep-going` makes that 0); or everything went well but the output could not be written, as on a full disk: the session is whole',
  usage: 'a bad flag, plan, file or name',
  regression:
    'a regression was found (`compare`), a threshold of `--fail-if` is exceeded, or a claim was refuted that is not marked historical (`verify`)',
  inconclusive:
    'a verdict is inconclusive or untrusted, with `--strict`; a figure has no verdict (`compare`, always); a threshold of `--fail-if` is not ruled out; too few intervals contain the truth, or no known slowdown shows (`selftest --strict`)',
  unfit:
    "this host is unfit: not Linux, or no environment can run; or the hardware differs from the session's, or between compared sessions",
  interrupted:
    'interrupted by Ctrl-C, SIGTERM or a terminal that hangs up: boxes are closed, whole blocks are kept, and the message says how to resume',
};

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

/** What Node.js throws where it can open no more files. */
export function noDescriptors(doing: string): Error {
  return Object.assign(new Error(`EMFILE: too many open files, ${doing}`), { code: 'EMFILE' });
}

/** What to try where the host gives no more of something, by the code of the error; undefined for other errors. */
export function shortageRemedy(error: unknown): string | undefined {
  const code = String((error as { code?: unknown } | null)?.code);
  return SHORTAGES[code];
}

const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'ulimit -n 1024, then the same again',
  ENFILE: 'end other programs: the whole host has too many open files',
  ENOMEM: 'more memory for Boxmark itself (ulimit -v, memory limit of its control group)',
  EAGAIN: 'ulimit -u 4096, or a higher pids.max of its control group',
};

/** ` (did you mean "docker"?)` when a known name is near. */
export function nearest(name: string, known: readonly string[]): string {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best === undefined ? '' : ` (did you mean "${best}"?)`;
}

function formatParts(parts: ErrorParts): string {
  const lines = [parts.what];
  if (parts.value !== undefined) lines.push(`  received: ${parts.value}`);
  if (parts.remedy !== undefined) lines.push(`  try: ${parts.remedy}`);
  return lines.join('\n');
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
