/** Hosts against environments, or against workloads, coloured by their ratio: what is different where. */

import type { FleetLine } from '../../bench/analysis/fleet/lines.ts';
import { type FleetDesign, leadLines } from '../model/fleet.ts';
import { furthestHosts, hostFigure, hostNames, pairName } from '../model/fleet-figures.ts';
import { clean, cut } from '../text.ts';
import { count, MINUS, rangeText, valueText } from '../words.ts';
import { MOST_NAMED_ROWS } from './caterpillar.ts';
import { baseOptions, type Chart, figures, type Json, nameAxis } from './chart.ts';

const ROW = 20;
const MOST_COLUMNS = 12;
const MOST_CHARTS = 6;
/** Blue and vermilion of Okabe and Ito (2008), which readers without red or green receptors tell apart; white is a ratio of 1. */
const ENDS = { less: [0, 114, 178], more: [213, 94, 0] } as const;
/** Environments side by side where there are several; and of each its workloads. */
export function heatMaps(design: FleetDesign, width: number): Chart[] {
  const leads = leadLines(design);
  const pairs = [...new Map(leads.map((line) => [pairName(line, design), line])).values()];
  const maps = [
    ...(leads.length > 1
      ? [{ title: 'Environments', lines: leads, nameOf: (line: FleetLine) => pairName(line, design) }]
      : []),
    ...pairs.map((lead) => ({
      title: `${pairName(lead, design)} by workload`,
      lines: design.lines.filter(({ env, baseline }) => env === lead.env && baseline === lead.baseline),
      nameOf: ({ workload }: FleetLine) => clean(workload, 24),
    })),
  ];
  const drawn = maps.filter(({ lines }) => lines.length > 1 || maps.length === 1).slice(0, MOST_CHARTS);
  return drawn.map((map, index) => heatMap(design, map, `map-${index + 1}`, width));
}

interface HeatMap {
  readonly title: string;
  readonly lines: readonly FleetLine[];
  readonly nameOf: (line: FleetLine) => string;
}

interface Square {
  readonly row: number;
  readonly column: number;
  readonly log: number;
  readonly text: string;
  readonly tip: string;
}

function heatMap(design: FleetDesign, { title, lines, nameOf }: HeatMap, id: string, width: number): Chart {
  const names = hostNames(design);
  const places = furthestHosts(design, MOST_NAMED_ROWS);
  const columns = lines.slice(0, MOST_COLUMNS);
  const squares = squaresOf(columns, places, (line, name) => `${name}, ${nameOf(line)}`, names);
  const full = fullLog(squares, design.design.margin);
  const against = clean(design.design.baseline, 40);
  return {
    id,
    title,
    heading: `Time against ${against}, % of every host: ${title}`,
    description: `${count(places.length, 'host')} by ${columns.map(nameOf).join(', ')}: the time against ${against} in percent, blue for less, white for the same, orange for more.`,
    notes: [
      `Change of time in percent, or × from a factor of two on. Blue: less time, white: the same, orange: more; full colour from ${valueText({ timeRatio: Math.exp(full), interval: null })} on.`,
      ...(places.length < design.hosts.length
        ? [`The ${places.length} of ${design.hosts.length} hosts that lie furthest from the mean.`]
        : []),
      ...(columns.length < lines.length ? [`The first ${columns.length} of ${lines.length} figures.`] : []),
    ],
    width,
    height: 60 + ROW * places.length,
    config: {
      type: 'scatter',
      data: { datasets: [squareSet(squares)] },
      options: baseOptions({
        scales: {
          x: {
            type: 'category',
            labels: columns.map((line) => cut(nameOf(line), 18)),
            position: 'top',
            offset: true,
            grid: { display: false },
            ticks: { autoSkip: false, font: { size: 11 } },
          },
          y: {
            ...nameAxis(places.map((place) => cut(names[place] ?? '', 28))),
            ticks: { autoSkip: false, font: { size: 11 } },
          },
          column: { type: 'linear', axis: 'x', display: false, min: -0.5, max: columns.length - 0.5 },
          row: { type: 'linear', axis: 'y', display: false, reverse: true, min: -0.5, max: places.length - 0.5 },
        },
        plugins: {
          legend: { display: false },
          annotation: { annotations: Object.fromEntries(squares.map((square) => boxOf(square, full))) },
        },
      }),
    },
    table: figures({
      head: ['host', ...columns.map(nameOf)],
      rows: places.map((place, row) => [
        names[place] ?? '',
        ...columns.map((_, column) => squares.find((one) => one.row === row && one.column === column)?.text ?? '–'),
      ]),
    }),
    sources: [{ file: 'contrasts.csv', rows: null, filter: 'of each host' }],
  };
}

function squaresOf(
  lines: readonly FleetLine[],
  places: readonly number[],
  tipOf: (line: FleetLine, name: string) => string,
  names: readonly string[],
): Square[] {
  return lines.flatMap((line, column) => {
    const indexOf = new Map(line.places.map((place, index) => [place, index]));
    return places.flatMap((place, row): Square[] => {
      const index = indexOf.get(place);
      if (index === undefined) return [];
      const figure = hostFigure(line, index);
      const log = line.logs[index] as number;
      const tip = `${tipOf(line, names[place] ?? '')}: ${valueText(figure)} ${rangeText(figure) ?? ''}, ${line.verdicts[index]}`;
      return [{ row, column, log, tip, text: shortText(figure.timeRatio) }];
    });
  });
}

/** Without its unit, which the note has: `+0.3`, `×2.6`. */
function shortText(ratio: number): string {
  if (ratio >= 2) return `×${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)}`;
  const percent = (ratio - 1) * 100;
  const digits = Math.abs(percent) >= 10 ? 0 : 1;
  const text = Math.abs(percent).toFixed(digits);
  return Number(text) === 0 ? '0' : `${percent < 0 ? MINUS : '+'}${text}`;
}

/**
 * The log from which on a colour is full: the margin at least, and what nine squares in ten stay below, so that one does not
 * fade all others.
 */
function fullLog(squares: readonly Square[], margin: number): number {
  const sizes = squares.map(({ log }) => Math.abs(log)).sort((a, b) => a - b);
  return Math.max(Math.log1p(margin), sizes[Math.floor(sizes.length * 0.9)] ?? 0);
}

/** Points that show their words, and nothing else. */
function squareSet(squares: readonly Square[]): Json {
  return {
    label: 'ratio',
    xAxisID: 'column',
    yAxisID: 'row',
    data: squares.map(({ row, column, tip }) => ({ x: column, y: row, t: tip })),
    pointRadius: 0,
    pointHitRadius: 12,
    pointHoverRadius: 0,
  };
}

function boxOf({ row, column, log, text }: Square, full: number): [string, Json] {
  const share = Math.min(1, Math.abs(log) / full);
  const end = log < 0 ? ENDS.less : ENDS.more;
  const colour = end.map((part) => Math.round(255 + (part - 255) * share));
  return [
    `c${column}r${row}`,
    {
      type: 'box',
      xScaleID: 'column',
      yScaleID: 'row',
      xMin: column - 0.5,
      xMax: column + 0.5,
      yMin: row - 0.5,
      yMax: row + 0.5,
      backgroundColor: `rgb(${colour.join(',')})`,
      borderColor: '#ffffff',
      borderWidth: 1,
      label: {
        display: true,
        content: text,
        color: share > 0.9 && log < 0 ? '#ffffff' : '#16191d',
        font: { size: 10.5, weight: 'normal' },
        padding: 0,
      },
    },
  ];
}
