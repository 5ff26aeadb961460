/** Does this host find what is known, and what is the least it can show? */

import { formatSpan } from '../../bench/units.ts';
import { couldNotRun } from '../sections/differences.ts';
import { name } from '../sections/section.ts';
import {
  biasSentence,
  coverageSentence,
  quotaSentence,
  type Selftest,
  selftestNotes,
  smallestDifferences,
  truths,
} from '../sections/selftest.ts';
import { clean } from '../text.ts';
import { count } from '../words.ts';
import type { Document } from './document.ts';

export function selftestDocument(result: Selftest): Document {
  const { program, session, blocks, minutes, quotas, missing } = result;
  const span = `${count(blocks, 'block')} in ${formatSpan(minutes * 60)}`;
  return {
    kind: 'Boxmark self-test',
    about: [[`boxmark ${clean(program, 20)} · selftest · `, name(session, 60), ` · ${span}`]],
    answer: coverageSentence(result),
    lead: [biasSentence(result), ...quotas.map(quotaSentence)],
    sections: [truths(result), smallestDifferences(result), couldNotRun(missing), selftestNotes(result)],
  };
}
