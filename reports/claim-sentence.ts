/** What a session says of the published claim that it is most about, in one sentence. */

import type { ClaimResult } from '../bench/analysis/claims/judge.ts';
import { isRateClaim } from '../bench/analysis/claims/schema.ts';
import { SUITE } from '../bench/plan/suite.ts';
import { clean } from './text.ts';
import { intervalText, percentDigits } from './wording.ts';

/**
 * `docker/docker takes 1.4 % longer than docker [0.6, 2.1]; published was 18 % (Network World, 2015): not reproduced on
 * this host.` Null when no claim on workloads could be judged.
 */
export function claimSentence(results: readonly ClaimResult[]): string | null {
  const judged = results.filter(
    ({ claim, pair, ours, verdict }) =>
      isRateClaim(claim) && pair?.denominator != null && ours !== null && verdict !== 'not-applicable',
  );
  // The review that asked the question comes first.
  const result = judged.find(({ claim, workload }) => claim.historical && workload === SUITE) ?? judged[0];
  if (result?.timeRatio == null || result.pair === null) return null;
  const { claim, pair, timeRatio, verdict, workload } = result;
  const figure = { timeRatio: timeRatio.ratio, interval: timeRatio.interval };
  const what = intervalText(
    clean(pair.numerator, 60),
    clean(pair.denominator ?? '', 60),
    figure,
    percentDigits(figure),
  );
  const on = workload === SUITE ? '' : ` on ${clean(workload ?? '', 40)}`;
  const value = claim.metric === 'time' ? claim.value : 1 / claim.value;
  return `${what}${on}; published: ${publishedText(value)} (${sourceName(claim.source)}): ${OUTCOMES[verdict]}.`;
}

const OUTCOMES: Readonly<Record<ClaimResult['verdict'], string>> = {
  reproduced: 'reproduced on this host',
  refuted: 'not reproduced on this host',
  inconclusive: 'open, this session can’t decide it',
  'not-applicable': 'not applicable',
};

function publishedText(timeRatio: number): string {
  const percent = Number(((timeRatio - 1) * 100).toPrecision(2));
  if (percent === 0) return 'no difference';
  return `${Math.abs(percent)} % ${percent > 0 ? 'longer' : 'less time'}`;
}

/** `Network World, 2015, article 2952884, page 2 (…)` → `Network World, 2015`; of an address its host. */
function sourceName(source: string): string {
  const text = clean(source, 200);
  const address = /https?:\/\/([^/\s]+)(\/[^\s/]+)*/.exec(text);
  if (text.startsWith('http') && address !== null) return address[0].replace(/^https?:\/\//, '').slice(0, 80);
  return /^.*?\b(?:19|20)\d\d\b/.exec(text)?.[0] ?? text.slice(0, 60);
}
