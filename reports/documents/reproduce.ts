/** A session measured again: are its ratios and verdicts the same here? */

import type { ReproductionRow } from '../../bench/analysis/reproduction.ts';
import { couldNotRun, differences } from '../sections/differences.ts';
import {
  bothRatios,
  bothVerdicts,
  isJudged,
  type Reproduction,
  reproducedRows,
  reproductionNotes,
} from '../sections/reproduction.ts';
import { list, name } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count } from '../words.ts';
import type { Document } from './document.ts';

export function reproduceDocument(result: Reproduction): Document {
  const { program, session, original, otherBytes, unavailable, differences: found } = result;
  const rows = reproducedRows(result);
  return {
    kind: 'Boxmark reproduction',
    about: [[`boxmark ${clean(program, 20)} · `, name(session, 60), ', after ', name(original, 60)]],
    warnings: otherBytes === null ? [] : [clean(otherBytes)],
    answer: answerOf(rows),
    sections: [
      bothRatios(rows),
      bothVerdicts(rows),
      couldNotRun(unavailable),
      found.length === 0
        ? list('differences', 'What differs between the hosts', ['Nothing that is recorded.'])
        : differences('What differs between the hosts (then → now)', found),
      reproductionNotes(result, rows),
    ],
  };
}

function answerOf(rows: readonly ReproductionRow[]): string {
  if (rows.every(({ after }) => after === null)) return 'Nothing could be compared.';
  const of = (standing: ReproductionRow['standing']) => rows.filter((row) => row.standing === standing).length;
  const intervals = rows.flatMap(({ difference }) => (difference?.interval ? [difference.interval] : []));
  const apart = intervals.filter(({ low, high }) => low > 1 || high < 1).length;
  const ratios = `${apart} of ${intervals.length} ratios differ by more than the noise of both sessions`;
  if (!isJudged(rows)) return `${ratios}.`;
  return `Of ${count(rows.length, 'verdict')}: ${of('stands')} confirmed, ${of('changed')} changed, ${of('open')} undecided; ${ratios}.`;
}
