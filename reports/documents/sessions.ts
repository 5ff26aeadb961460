/** Several sessions side by side: each against its own baseline, nothing pooled. */

import { hostsCharts } from '../charts/hosts.ts';
import { letterOf } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { hostName } from '../model/together.ts';
import { sessionList, sharedWorkloads, sideBySide } from '../sections/together.ts';
import { clean } from '../text.ts';
import { count, sentence, WIDE } from '../words.ts';
import type { Document } from './document.ts';

export function sessionsDocument(models: readonly ReportModel[]): Document {
  const hosts = new Set(models.map(({ details, session }) => details.record?.host.fingerprint ?? session.host)).size;
  const charts = hostsCharts(models, WIDE);
  return {
    kind: 'Boxmark report',
    about: [`${models.length} sessions on ${count(hosts, 'host')}`],
    warnings: models.flatMap(({ integrity, session }, index) =>
      integrity.faults.map((fault) => `${letterOf(index)} (${clean(session.id, 60)}): ${sentence(clean(fault))}`),
    ),
    answer: `${models.length} sessions side by side`,
    lead: ['Every figure is of one session, against its own baseline. Nothing is pooled over sessions or hosts.'],
    sections: [sideBySide(models), sharedWorkloads(models), sessionList(models)],
    charts: (wanted) => (wanted === 'hosts' ? charts : []),
  };
}

/** `A: host, session`: what a session is called beside others, and in a navigation. */
export function sessionTitle(index: number, model: ReportModel): string {
  return `${sessionShort(index, model)}, ${clean(model.session.id, 40)}`;
}

export function sessionShort(index: number, model: ReportModel): string {
  return `${letterOf(index)}: ${hostName(model, 40)}`;
}
