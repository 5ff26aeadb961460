/** The report of a fleet in every format but the table, which is written row by row. */

import { fleetCharts, fleetDocument } from '../documents/fleet.ts';
import type { FleetModel } from '../model/fleet.ts';
import { clean } from '../text.ts';
import { fleetJson } from './fleet-json.ts';
import type { ReportFile } from './format.ts';
import { pageText } from './html/page.ts';
import { markdownText } from './markdown.ts';
import { terminalText } from './terminal.ts';

type Render = (model: FleetModel) => readonly ReportFile[] | Promise<readonly ReportFile[]>;

const one =
  (name: string, render: (model: FleetModel) => string): Render =>
  (model) => [{ name, content: render(model) }];

export const FLEET_REPORTS = {
  terminal: one('fleet.txt', (model) => terminalText(fleetDocument(model))),
  json: one('fleet.json', fleetJson),
  md: one('fleet.md', (model) => markdownText(fleetDocument(model))),
  html: one('fleet.html', (model) =>
    pageText(fleetDocument(model), { footer: 'Rendered by Boxmark from the hosts’ own sessions.' }),
  ),
  png: (model: FleetModel) => pictures('png', model),
  svg: (model: FleetModel) => pictures('svg', model),
} as const satisfies Readonly<Record<string, Render>>;

async function pictures(type: 'png' | 'svg', { designs, fleets, folders }: FleetModel): Promise<ReportFile[]> {
  const [main] = designs;
  if (main === undefined) return [];
  const { newDrawer } = await import('./draw.ts');
  const draw = newDrawer(type);
  const caption = clean(fleets[0] ?? folders[0] ?? '', 80);
  return Object.values(fleetCharts(main))
    .flat()
    .map((chart) => {
      const bytes = draw({ ...chart, caption });
      return { name: `${chart.id}.${type}`, content: type === 'svg' ? new TextDecoder().decode(bytes) : bytes };
    });
}
