/** Extra work of a known amount, by which the measuring itself is measured: how much it is, and how a payload is told. */

/** Argument on a payload's command line: the share of extra passes, such as `--slow=0.02`. */
const SLOW_ARGUMENT = '--slow=';

/** The share that a payload is told; 0 without the argument. Throws on one that is no share. */
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

/** The time ratio that is true of a burst of `work` passes and its extra ones: what was done, not what was asked for. */
export function realisedRatio(work: number, share: number): number {
  return (work + extraPasses(work, share)) / work;
}
