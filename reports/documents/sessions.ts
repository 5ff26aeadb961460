/** Several sessions side by side: each against its own baseline, nothing pooled. */

import { hostsChart } from '../charts/hosts.ts';
import { letterOf } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { answerOf } from '../sections/answer.ts';
import { code, figures, name, type RichCell, type Section, texts } from '../sections/section.ts';
import { clean } from '../text.ts';
import { NO_FIGURE, sentence, WIDE } from '../words.ts';
import type { Document } from './document.ts';

export function sessionsDocument(models: readonly ReportModel[]): Document {
  const chart = hostsChart(models, WIDE);
  return {
    kind: 'Boxmark report',
    about: [`${models.length} sessions`],
    warnings: models.flatMap(({ integrity, session }, index) =>
      integrity.faults.map((fault) => `${letterOf(index)} (${clean(session.id, 60)}): ${sentence(clean(fault))}`),
    ),
    answer: `${models.length} sessions side by side`,
    lead: ['Every figure is of one session, against its own baseline. Nothing is pooled over sessions or hosts.'],
    sections: [sessionsSection(models)],
    charts: (wanted) => (wanted === 'hosts' && chart !== null ? [chart] : []),
  };
}

function sessionsSection(models: readonly ReportModel[]): Section {
  return {
    id: 'together',
    title: 'The sessions',
    weight: 'top',
    charts: ['hosts'],
    tables: [
      {
        id: 'sessions',
        caption: 'The sessions',
        columns: [...figures('session'), ...texts('name', 'host', 'answer', 'seal')],
        rows: models.map((model, index) => ({
          cells: [
            { show: { as: 'anchor', text: letterOf(index), to: `s${index + 1}-session` } } satisfies RichCell,
            name(model.session.id, 60),
            name(model.session.host, 200),
            answerOf(model),
            model.integrity.seal === null ? NO_FIGURE : code(model.integrity.seal),
          ],
        })),
      },
    ],
  };
}

/** `A: host, session`: what a session is called beside others. */
export function sessionTitle(index: number, { details, session }: ReportModel): string {
  return `${letterOf(index)}: ${clean(details.record?.host.name ?? session.host, 40)}, ${clean(session.id, 40)}`;
}
