/** The report as one page: of a session, or of several side by side. */

import { answerOf } from './answer.ts';
import { hostsChart, letterOf } from './charts/hosts.ts';
import { sessionCharts } from './charts/index.ts';
import { backgroundSections } from './html/background.ts';
import { costSections } from './html/costs.ts';
import { figureOf, type Place } from './html/figure.ts';
import { figureSections, type Section } from './html/figures.ts';
import { type Markup, html as markup, name } from './html/markup.ts';
import { methodSections } from './html/method.ts';
import { pageOf } from './html/shell.ts';
import { tableOf } from './html/table.ts';
import { topOf } from './html/top.ts';
import type { ReportModel } from './model.ts';
import type { ReportFile, ReportSession } from './report.ts';
import { clean } from './text.ts';

const WIDE = 860;

/** `report.html`: self-contained, no network, the same bytes for the same sessions. */
export async function html(sessions: readonly ReportSession[]): Promise<readonly ReportFile[]> {
  const [first] = sessions;
  const content = sessions.length === 1 && first !== undefined ? singlePage(first) : severalPage(sessions);
  return [{ name: 'report.html', content }];
}

function singlePage(session: ReportSession): string {
  const { model } = session;
  const place = { prefix: '', base: session.base };
  const { top, sections } = partsOf(session, place);
  return pageOf({
    title: `Boxmark: ${answerOf(model)}`,
    heading: 'Boxmark report',
    eyebrow: aboutOf(model),
    navigation: [
      { id: 'main', title: 'Answer' },
      ...sections.map(({ id, title, short }) => ({ id, title: short ?? title })),
    ],
    body: markup`${top}${sections.map((section) => sectionOf(section, ''))}`,
    footer: footerOf(model),
  });
}

/** Hosts beside each other first, then each session as it would stand alone. Nothing is pooled. */
function severalPage(sessions: readonly ReportSession[]): string {
  const models = sessions.map(({ model }) => model);
  const chart = hostsChart(models, WIDE);
  const parts = sessions.map((session, index) => {
    const prefix = `s${index + 1}-`;
    return { session, prefix, ...partsOf(session, { prefix, base: session.base }) };
  });
  const title = (index: number, model: ReportModel) =>
    `${letterOf(index)}: ${clean(hostName(model), 40)}, ${clean(model.session.id, 40)}`;
  const body = markup`<section class="top" aria-labelledby="together"><h2 class="answer" id="together">${sessions.length} sessions side by side</h2>
<p class="lead">Every figure is of one session, against its own baseline. Nothing is pooled over sessions or hosts.</p>
${sessions.flatMap(({ warnings, model }, index) =>
  warnings.map(
    (text) =>
      markup`<p class="warning" role="note"><strong>Warning.</strong> ${letterOf(index)} (${name(model.session.id, 60)}) is not as its manifest says: ${clean(text)}.</p>\n`,
  ),
)}${chart === null ? markup`<p>No session has a figure to be compared.</p>` : figureOf(chart, { prefix: '', base: '.' }, { quiet: true })}
${tableOf({
  id: 'sessions',
  caption: 'The sessions',
  head: ['session', 'name', 'host', 'answer'],
  texts: [1, 2, 3],
  rows: models.map((model, index) => [
    { show: markup`<a href="#s${index + 1}-session">${letterOf(index)}</a>` },
    { show: name(model.session.id, 60) },
    { show: name(model.session.host, 200) },
    { show: answerOf(model) },
  ]),
})}</section>
${parts.map(
  ({ session, prefix, top, sections }, index) =>
    markup`<article id="${prefix}session" aria-label="${title(index, session.model)}"><header class="session"><p class="session-title">Session ${letterOf(index)}</p><p class="eyebrow">${aboutOf(session.model)}</p></header>${top}${sections.map((section) => sectionOf(section, prefix))}</article>\n`,
)}`;
  return pageOf({
    title: `Boxmark: ${sessions.length} sessions side by side`,
    heading: 'Boxmark report',
    eyebrow: markup`${sessions.length} sessions`,
    navigation: [
      { id: 'main', title: 'Side by side' },
      ...parts.map(({ session, prefix }, index) => ({ id: `${prefix}session`, title: title(index, session.model) })),
    ],
    body,
    footer: markup`<p>Rendered by Boxmark from the sessions’ own files.</p>`,
  });
}

function partsOf({ model, warnings }: ReportSession, place: Place): { top: Markup; sections: Section[] } {
  const charts = sessionCharts(model);
  return {
    top: topOf(model, charts, place, warnings),
    sections: [
      ...figureSections(model, charts, place),
      ...costSections(model, place),
      ...backgroundSections(model, place),
      // Method and words are the same for every session.
      ...(place.prefix === '' || place.prefix === 's1-' ? methodSections(model) : []),
    ],
  };
}

function sectionOf({ id, title, body }: Section, prefix: string): Markup {
  return markup`<section id="${prefix}${id}"${prefix === '' ? markup` aria-labelledby="${id}-title"` : ''}><h2 id="${prefix}${id}-title">${title}</h2>
${body}</section>
`;
}

function aboutOf({ session, blocks }: ReportModel): Markup {
  const { plan } = session;
  const date = Number.isFinite(Date.parse(session.startedAt))
    ? `${new Date(session.startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`
    : 'no date';
  return markup`${name(session.id, 60)} · ${date} · ${clean(plan.profile, 40)}, ${blocks} ${blocks === 1 ? 'block' : 'blocks'} · ${name(session.host, 200)}`;
}

function hostName({ details, session }: ReportModel): string {
  return details.record?.host.name ?? session.host;
}

function footerOf({ session }: ReportModel): Markup {
  return markup`<p>Rendered by Boxmark from the session’s own files; written by boxmark ${clean(session.program, 20)}.</p>`;
}
