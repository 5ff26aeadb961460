/** How many instances a host takes at an objective, by a session. */

import type { CapacityQuestion, CapacityRow } from '../../bench/analysis/capacity/host.ts';
import { bounds, capacityAnswer, fleets, reasons, simulationWarning } from '../sections/capacity.ts';
import { name } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count } from '../words.ts';
import type { Document } from './document.ts';

export interface PlannedHosts {
  readonly session: string;
  readonly host: string;
  readonly blocks: number;
  readonly question: CapacityQuestion;
  readonly rows: readonly CapacityRow[];
}

export function capacityDocument({ session, host, blocks, ...plan }: PlannedHosts): Document {
  return {
    kind: 'Boxmark capacity',
    about: [['boxmark capacity · ', name(session, 60), ` · ${count(blocks, 'block')}`], clean(host, 200)],
    warnings: [simulationWarning(plan)].filter((warning) => warning !== null),
    answer: capacityAnswer(plan),
    sections: [bounds(plan), fleets(plan), reasons(plan)],
  };
}
