/** What `capacity` and `plan-hosts` answer: from the rows of a session and a planner's question to text and JSON. */

import { type CapacityQuestion, capacityRows, defaultQuestion } from '../../bench/analysis/capacity/host.ts';
import { WindowBursts } from '../../bench/analysis/capacity/scale.ts';
import { formatObjective } from '../../bench/plan/objective.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import type { KindRows, Sample } from '../../bench/types.ts';
import { capacityDocument } from '../../reports/documents/capacity.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { headerOf } from '../../reports/model/read.ts';
import { capacityAnswer } from '../../reports/sections/capacity.ts';
import { stdout } from '../terminal/streams.ts';

/** Raised when a field of the JSON document changes its meaning or goes. */
const JSON_SCHEMA = 1;

type Asked = FlagValues<'plan-hosts'>;

/** What was given; the rest follows from defaults and the session. */
export function questionOf({ slo, reserve, recover, hosts, need, spare, simulate }: Asked): Partial<CapacityQuestion> {
  return {
    ...(slo === undefined ? {} : { objective: slo }),
    ...(reserve === undefined ? {} : { reserveBytes: reserve }),
    ...(recover === undefined ? {} : { recoverSeconds: recover / 1e9 }),
    ...(spare === undefined ? {} : { spare }),
    ...{ hosts: hosts ?? null, need: need ?? null, simulate: simulate ?? null },
  };
}

export interface CapacityRecords extends KindRows {
  readonly info: SessionInfo;
  readonly samples: readonly Sample[];
}

/** Of the rows that count. */
export function answerFor({ info, samples, scale, storm }: CapacityRecords, asked: Partial<CapacityQuestion>) {
  const question = { ...defaultQuestion(info.plan), ...asked };
  const bursts = new WindowBursts();
  for (const sample of samples) bursts.add(sample);
  const rows = capacityRows({ plan: info.plan, scale, bursts, storm }, question);
  const { id, host } = headerOf(info);
  return {
    document: () => ({
      schema: JSON_SCHEMA,
      session: id,
      question: { ...question, objective: formatObjective(question.objective) },
      answer: capacityAnswer({ question, rows }),
      rows,
    }),
    text: () => {
      const colour = stdout.isTTY === true && !process.env.NO_COLOR;
      const document = capacityDocument({ session: id, host, blocks: info.blocksCompleted, question, rows });
      return terminalText(document, { width: 80, colour });
    },
  };
}
