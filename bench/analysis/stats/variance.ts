/** Where the spread comes from: rounds within a block, or blocks with their fresh starts. */

/** Standard deviations in logs: 0.01 is about 1 %. */
export interface LevelSpread {
  /** Between the rounds of one block: bursts and noise of the host. More rounds average it away. */
  readonly roundLog: number;
  /** Between blocks, without what rounds alone explain: fresh starts. Only more blocks average it away. */
  readonly blockLog: number;
}

/** Of one block, as an array or a typed one. */
interface Values {
  readonly length: number;
  reduce(add: (sum: number, value: number) => number, from: number): number;
}

/**
 * Splits the variance of paired log ratios by level: one-way analysis of variance with random blocks, unequal numbers
 * of rounds allowed (Searle, Casella and McCulloch, "Variance Components", 3.6). A negative estimate for blocks is
 * 0. Null with fewer than two blocks or no block with two rounds. Descriptive: the block's value is a median, which
 * heavy tails move less than they move these figures.
 */
export function spreadByLevel(blocks: readonly Values[]): LevelSpread | null {
  const groups = blocks.filter((rounds) => rounds.length > 0);
  const total = groups.reduce((sum, rounds) => sum + rounds.length, 0);
  if (groups.length < 2 || total <= groups.length) return null;
  const means = groups.map((rounds) => rounds.reduce((sum, value) => sum + value, 0) / rounds.length);
  const mean = groups.reduce((sum, rounds, index) => sum + rounds.length * (means[index] as number), 0) / total;
  let within = 0;
  let between = 0;
  let squares = 0;
  for (const [index, rounds] of groups.entries()) {
    const own = means[index] as number;
    within += rounds.reduce((sum, value) => sum + (value - own) ** 2, 0);
    between += rounds.length * (own - mean) ** 2;
    squares += rounds.length ** 2;
  }
  const withinSquare = within / (total - groups.length);
  const betweenSquare = between / (groups.length - 1);
  const roundsPerBlock = (total - squares / total) / (groups.length - 1);
  return {
    roundLog: Math.sqrt(withinSquare),
    blockLog: Math.sqrt(Math.max(0, betweenSquare - withinSquare) / roundsPerBlock),
  };
}
