/** The report of a fleet: what holds on its hosts, how much they differ, and which of them say nothing. */

import { caterpillarCharts } from '../charts/caterpillar.ts';
import { heatMaps } from '../charts/heat-map.ts';
import { type FleetDesign, type FleetModel, leadLines } from '../model/fleet.ts';
import {
  absentHosts,
  fleetFigures,
  fleetGroups,
  fleetHosts,
  fleetMeans,
  fleetNotes,
  fleetOutliers,
  leftOutOfFleet,
  otherDesigns,
} from '../sections/fleet.ts';
import { lineSentence, noMean } from '../sections/fleet-words.ts';
import { name, type Section, type Text } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count, WIDE } from '../words.ts';
import type { Document } from './document.ts';

/** Environments with a sentence of their own at the top. */
const MOST_SENTENCES = 4;

export function fleetDocument(model: FleetModel): Document {
  const { designs, by } = model;
  const [main] = designs;
  const end = [otherDesigns(model), absentHosts(model), leftOutOfFleet(model), fleetNotes(model)];
  const head = { kind: 'Boxmark fleet', about: [aboutOf(model)] };
  if (main === undefined) return { ...head, answer: `No host has figures${missingText(model)}.`, sections: end };
  const charts = fleetCharts(main);
  return {
    ...head,
    answer: answerOf(main),
    lead: leadOf(model, main),
    sections: [
      fleetMeans(main),
      chartSection('spread', 'Hosts in the order of their ratios', 'Order'),
      fleetOutliers(main),
      chartSection('map', 'Ratios of every host', 'Map'),
      fleetGroups(main, by),
      fleetFigures(main),
      fleetHosts(main),
      ...end,
    ],
    charts: (wanted) => charts[wanted as keyof typeof charts] ?? [],
  };
}

/** All charts of the hosts of a design, by the sections that have them. */
export function fleetCharts(design: FleetDesign) {
  return { spread: caterpillarCharts(design, WIDE), map: heatMaps(design, WIDE) };
}

function chartSection(id: string, title: string, short: string): Section {
  return { id, title, short, weight: 'body', charts: [id] };
}

function aboutOf({ program, fleets, folders, designs }: FleetModel): Text {
  const hosts = designs.reduce((sum, design) => sum + design.hosts.length, 0);
  const named = fleets.length > 0 ? fleets : folders;
  return [
    `boxmark ${clean(program, 20)} · ${fleets.length > 0 ? 'fleet ' : 'sessions of '}`,
    name(named[0] ?? '', 120),
    `${named.length > 1 ? ` and ${named.length - 1} more` : ''} · ${count(hosts, 'host')} with figures`,
  ];
}

function answerOf(main: FleetDesign): string {
  const leads = leadLines(main);
  const [first] = leads;
  if (first === undefined) return `${count(main.hosts.length, 'host')}, and no ratio that can be trusted.`;
  return lineSentence(first);
}

function leadOf(model: FleetModel, main: FleetDesign): string[] {
  const leads = leadLines(main);
  const more = leads.length - MOST_SENTENCES;
  return [
    ...leads.slice(1, MOST_SENTENCES).map(lineSentence),
    ...(more > 0 ? [`${count(more, 'more environment')} below.`] : []),
    ...noMean(leads),
    ...(model.absent.length > 0 ? [`Not in these figures${missingText(model)}.`] : []),
  ];
}

/** `: 3 hosts lost, 1 host running`. */
function missingText({ absent }: FleetModel): string {
  const states = [...new Set(absent.map(({ state }) => state))];
  const texts = states.map(
    (state) => `${count(absent.filter((host) => host.state === state).length, 'host')} ${state}`,
  );
  return texts.length === 0 ? '' : `: ${texts.join(', ')}`;
}
