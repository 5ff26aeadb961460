/** How the session was made, and the commands that measure it again and check its files. */

import { isOfPrograms } from '../../bench/plan/commands.ts';
import { copiesText } from '../../bench/plan/copies.ts';
import { rootText } from '../../bench/plan/root.ts';
import { formatSpan } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, NO_FIGURE } from '../words.ts';
import { code, factsTable, type Section, type Text } from './section.ts';

export function reproduce(model: ReportModel): Section {
  const { session, details } = model;
  const { record } = details;
  const { plan } = session;
  const folder = folderOf(model);
  const copies = copiesText(plan);
  const work = Object.entries(record?.work ?? {}).map(([workload, passes]) => `${clean(workload, 40)} ${passes}`);
  const took = (Date.parse(session.finishedAt ?? '') - Date.parse(session.startedAt)) / 1000;
  return {
    id: 'reproduce',
    title: 'How to reproduce it',
    short: 'Reproduce',
    weight: 'fold',
    lead: [
      'The same plan, seed, bytes and work per burst, on this host or another; differences are reported.',
      // A report is the same bytes wherever its session lies, and names no folder of its host.
      ...(session.folder === undefined
        ? ['The commands are for a session in results/. Of one that lies elsewhere, put its folder in that place.']
        : []),
    ],
    tables: [
      factsTable('reproduce-facts', 'The session', [
        ['measure it again', code(`boxmark reproduce ${folder}`)],
        ['check its files', code(`boxmark check ${folder}`)],
        ['command', code(session.command, 2000)],
        ['seed', code(String(plan.seed), 40)],
        ...(plan.root === undefined ? [] : [['root of the programs', code(rootText(plan.root), 2000)] as [Text, Text]]),
        ['image', digest(record?.image.digest)],
        ['Node.js in the image', digest(record?.image.node)],
        ['payload in the image', digest(record?.image.payload)],
        ['program', `boxmark ${clean(session.program, 20)}`],
        [
          'design',
          clean(
            `${plan.profile}, ${plan.schedule}: ${count(model.blocks, 'block')} × ${plan.rounds} rounds${isOfPrograms(plan) ? '' : `, size ${plan.size}, ${plan.kernels} kernels`}`,
          ),
        ],
        ...(copies === '' ? [] : [['copies at once', clean(copies, 400)] as [Text, Text]]),
        ['passes in a burst', work.join(', ') || NO_FIGURE],
        ['started', clean(session.startedAt, 40)],
        ['duration', Number.isFinite(took) ? formatSpan(took) : NO_FIGURE],
        ['stop reason', clean(session.stopReason ?? 'not ended', 60)],
        ...(record?.resumed ?? []).map(({ at, program, blocksKept }): [Text, Text] => [
          'resumed',
          `${clean(at, 40)}, boxmark ${clean(program, 20)}, ${count(blocksKept, 'block')} kept`,
        ]),
      ]),
    ],
  };
}

/** As a user would type it. */
export function folderOf({ session }: ReportModel): string {
  return clean(session.folder ?? `results/${session.id}`, 200);
}

function digest(value: string | undefined): Text {
  return value === undefined ? NO_FIGURE : code(`sha256:${value}`, 80);
}
