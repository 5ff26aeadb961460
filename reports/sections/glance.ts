/** What a session of short visits alone can say: bounds, what it does not see, and which profile sees it. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { hasOnlyShortVisits } from '../../bench/plan/pace.ts';
import { blocksText, DEFAULT_PROFILE, PROFILE_NUMBERS } from '../../bench/plan/profiles.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, valueText } from '../words.ts';
import type { Needs } from './verdicts.ts';

/** What comes after a glance. */
const NEXT = DEFAULT_PROFILE;
const PROFILE_FLAG = /(?<=\s)--profile(?:=|\s+)\S+/;

/** Are workloads measured in short visits alone? */
export function isGlance({ session: { plan } }: Pick<ReportModel, 'session'>): boolean {
  return plan.measure === undefined && hasOnlyShortVisits(plan);
}

/** `docker against native (fft): its time is between −3.1 % and +4.2 % (95 %), the estimate is +0.6 %`; null without an interval. */
export function boundsText({ env, baseline, timeRatio, interval }: ContrastRow, where: string): string | null {
  if (interval === null) return null;
  const text = (ratio: number) => valueText({ timeRatio: ratio, interval });
  const bounds = `its time is between ${text(interval.low)} and ${text(interval.high)} (95 %)`;
  return `${clean(env, 60)} against ${clean(baseline, 60)} (${where}): ${bounds}, the estimate is ${text(timeRatio)}`;
}

/** What the session does not see; empty for one with long visits. */
export function glanceNote(model: ReportModel): string[] {
  if (!isGlance(model)) return [];
  const { burstNs } = model.session.plan;
  return [
    `No long visits, only bursts of about ${burstNs / 1e6} ms: what a quota or a warmer processor takes from longer work is not seen. ` +
      'So nothing is called equivalent, and no threshold of --fail-if is kept.',
  ];
}

/** The session that decides what a glance leaves open, as it was called, with the next profile. */
export function afterGlance({ session }: ReportModel): Needs {
  const { minBlocks, rounds, longVisits } = PROFILE_NUMBERS[NEXT];
  const sentence = `A glance gives bounds. The profile ${NEXT} measures ${blocksText(PROFILE_NUMBERS[NEXT])} blocks × ${count(rounds, 'round')} with ${count(minBlocks * longVisits, 'long visit')}, which a verdict needs`;
  return { sentence, command: withProfile(clean(session.command, 2000)) };
}

/** A program of the user's comes last, after `--`. */
function withProfile(command: string): string {
  const wanted = `--profile ${NEXT}`;
  if (!command.startsWith('boxmark run')) return `boxmark run ${wanted}`;
  const [before = '', ...program] = command.split(/(?= -- )/);
  const own = PROFILE_FLAG.test(before) ? before.replace(PROFILE_FLAG, wanted) : `${before} ${wanted}`;
  return own + program.join('');
}
