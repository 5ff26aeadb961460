/** A known amount of extra work, which tests the measurement itself: how much it is, and how a payload receives it. */

/** Argument on a payload's command line: the share of extra passes, such as `--slow=0.02`. */
const SLOW_ARGUMENT = '--slow=';

/** The share in a payload's arguments; 0 without the argument. Throws on an invalid one. */
export function slowShare(argv: readonly string[]): number {
  const text = argv.find((argument) => argument.startsWith(SLOW_ARGUMENT))?.slice(SLOW_ARGUMENT.length);
  if (text === undefined) return 0;
  const share = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && share > 0 && share <= 1) return share;
  throw new Error(`${SLOW_ARGUMENT} takes a share above 0 and up to 1, not ${text}`);
}

/** Extra passes that go with a burst of `work` passes. Whole ones only, so none where `work` is small. */
export function extraPasses(work: number, share: number): number {
  return Math.round(work * share);
}

/** The true time ratio of a burst of `work` passes and its extra ones: of the passes done, not of those requested. */
export function realisedRatio(work: number, share: number): number {
  return (work + extraPasses(work, share)) / work;
}
