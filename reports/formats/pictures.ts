/** Every chart as a separate picture. */

import type { Chart } from '../charts/chart.ts';
import { hostsChart } from '../charts/hosts.ts';
import { sessionCharts } from '../charts/index.ts';
import { WIDE } from '../words.ts';
import type { Format, ReportFile, SessionReport } from './format.ts';

/** `ladder.png`, …; of several sessions each has its name in front, and one picture shows them side by side. */
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
  const hosts = several
    ? hostsChart(
        sessions.map(({ model }) => model),
        WIDE,
      )
    : null;
  return [
    ...(hosts === null ? [] : [file(hosts, '')]),
    ...sessions.flatMap(({ model }) =>
      Object.values(sessionCharts(model))
        .flat()
        .map((chart) => file(chart, several ? `${model.session.id}-` : '')),
    ),
  ];
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
