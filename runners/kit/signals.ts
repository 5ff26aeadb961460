/** Signals that ask the program to end. */

export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type EndSignal = (typeof END_SIGNALS)[number];

/** A terminal, npm and `timeout` signal more than once for one Ctrl-C or one end. */
export const SAME_REQUEST_MS = 1000;
