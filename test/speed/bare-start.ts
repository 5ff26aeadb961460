/** A start without Boxmark, as one would type it. */

/** Command and variables of the start with this number. */
export type BareStart = (count: number) => {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What removes what it leaves, when the payload has ended. */
  readonly end?: readonly string[];
};
