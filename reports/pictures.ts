/** Every chart as a picture of its own. */

import type { Chart } from './charts/chart.ts';
import { hostsChart } from './charts/hosts.ts';
import { allCharts, sessionCharts } from './charts/index.ts';
import type { ReportFile, ReportSession } from './report.ts';

const WIDTH = 860;

/** `ladder.png`, …; of several sessions each has its name in front, and one picture shows them side by side. */
async function pictures(format: 'png' | 'svg', sessions: readonly ReportSession[]): Promise<ReportFile[]> {
  // Loaded here: other reports have no use for a canvas.
  const { newDrawer } = await import('./charts/draw.ts');
  const draw = newDrawer(format);
  const file = (chart: Chart, prefix: string): ReportFile => {
    const bytes = draw(chart);
    return {
      name: `${prefix}${chart.id}.${format}`,
      content: format === 'svg' ? new TextDecoder().decode(bytes) : bytes,
    };
  };
  const several = sessions.length > 1;
  const hosts = several
    ? hostsChart(
        sessions.map(({ model }) => model),
        WIDTH,
      )
    : null;
  return [
    ...(hosts === null ? [] : [file(hosts, '')]),
    ...sessions.flatMap(({ model }) =>
      allCharts(sessionCharts(model)).map((chart) => file(chart, several ? `${model.session.id}-` : '')),
    ),
  ];
}

export const png = (sessions: readonly ReportSession[]) => pictures('png', sessions);
export const svg = (sessions: readonly ReportSession[]) => pictures('svg', sessions);
