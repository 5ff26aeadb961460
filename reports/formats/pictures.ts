/** Every chart as a separate picture. */

import type { Chart } from '../charts/chart.ts';
import { hostsCharts } from '../charts/hosts.ts';
import { sessionCharts } from '../charts/index.ts';
import type { Integrity, ReportModel } from '../model/model.ts';
import { hostName } from '../model/together.ts';
import { clean } from '../text.ts';
import { count, dateText, sentence, WIDE } from '../words.ts';
import type { Format, ReportFile, SessionReport } from './format.ts';

/** `ladder.png`, …; of several sessions each has its name in front, and pictures show them side by side, one for each figure that they share. */
async function pictures(type: 'png' | 'svg', sessions: readonly SessionReport[]): Promise<ReportFile[]> {
  // Loaded here: other reports have no use for a canvas.
  const { newDrawer } = await import('./draw.ts');
  const draw = newDrawer(type);
  const file = (chart: Chart, prefix: string): ReportFile => {
    const bytes = draw(chart);
    return {
      name: `${prefix}${chart.id}.${type}`,
      content: type === 'svg' ? new TextDecoder().decode(bytes) : bytes,
    };
  };
  const several = sessions.length > 1;
  const models = sessions.map(({ model }) => model);
  const hosts = several ? hostsCharts(models, WIDE) : [];
  return [
    ...hosts.map((chart) => file(marked(chart, together(sessions), spanOf(models)), '')),
    ...sessions.flatMap(({ model }) =>
      Object.values(sessionCharts(model))
        .flat()
        .map((chart) => file(marked(chart, model, captionOf(model)), several ? `${model.session.id}-` : '')),
    ),
  ];
}

/** A picture is passed on without its page: it says itself that its figures can't be relied on, and of which session they are. */
function marked(chart: Chart, { integrity }: Pick<ReportModel, 'integrity'>, caption: string): Chart {
  return { ...chart, caption, heading: headingOf(chart, integrity), description: descriptionOf(chart, integrity) };
}

/** `vm · 6 blocks · 2026-11-26 07:01 UTC · 20261126T070159Z-b39def`. */
function captionOf(model: ReportModel): string {
  const { id, startedAt } = model.session;
  return [hostName(model, 40), count(model.blocks, 'block'), dateText(startedAt), clean(id, 40)].join(' · ');
}

/** `4 sessions · 2026-11-26 to 2026-11-29`. */
function spanOf(models: readonly ReportModel[]): string {
  const days = models.map(({ session }) => dateText(session.startedAt).slice(0, 10)).sort();
  const [first, last] = [days[0], days.at(-1)];
  return `${count(models.length, 'session')} · ${first === last ? first : `${first} to ${last}`}`;
}

/** The charts of several sessions name each of them. */
function together(sessions: readonly SessionReport[]): Pick<ReportModel, 'integrity'> {
  return { integrity: { seal: null, faults: sessions.flatMap(({ model }) => model.integrity.faults) } };
}

function headingOf({ heading }: Chart, { faults }: Integrity): string {
  return faults.length === 0 ? heading : `Not verified: ${heading}`;
}

function descriptionOf({ description }: Chart, { seal, faults }: Integrity): string {
  const about = [...(seal === null ? [] : [`Seal of the session: ${seal}`]), ...faults.map((fault) => clean(fault))];
  return [description, ...about.map((text) => sentence(text))].join(' ');
}

const format = (name: 'png' | 'svg', summary: string): Format => ({
  name,
  extension: name,
  summary,
  audience: 'people',
  many: true,
  files: (sessions) => pictures(name, sessions),
});

export const png = format('png', 'Every chart as a picture');
export const svg = format('svg', 'Every chart as a vector picture');
