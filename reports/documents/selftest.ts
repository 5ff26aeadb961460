/** Does this host find what is known, and what is the least it can show? */

import { couldNotRun } from '../sections/differences.ts';
import {
  biasSentence,
  coverageSentence,
  powerSentence,
  quotaSentence,
  type Selftest,
  selftestNotes,
  smallestDifferences,
  truths,
} from '../sections/selftest.ts';
import { aboutRun, type Document } from './document.ts';

export function selftestDocument(result: Selftest): Document {
  return {
    kind: 'Boxmark self-test',
    about: [aboutRun('selftest', result)],
    answer: coverageSentence(result),
    lead: [powerSentence(result), biasSentence(result), ...result.quotas.map(quotaSentence)],
    sections: [truths(result), smallestDifferences(result), couldNotRun(result.missing), selftestNotes(result)],
    seal: result.seal,
  };
}
