/** A fleet: means over hosts, hosts side by side, those that stand out, groups, and what is in no figure. */

import type { FleetLine, GroupLine, Outlier } from '../../bench/analysis/fleet/lines.ts';
import { LEAST_HOSTS } from '../../bench/analysis/stats/random-effects.ts';
import { type FleetDesign, type FleetModel, leadLines } from '../model/fleet.ts';
import { furthestHosts, hostFigure, hostNames, meanFigure, nextFigure, pairName } from '../model/fleet-figures.ts';
import { clean } from '../text.ts';
import { count, dateText, known, percent, valueText } from '../words.ts';
import { effectsText, lineSentence, rangeCell, spreadText, valueCell } from './fleet-words.ts';
import { details, figures, list, name, type Row, type Section, type Text, tableSection, texts } from './section.ts';

/** Hosts in a table: the CSV has all. */
const MOST_HOSTS = 100;
const MOST_GROUPS = 50;
/** Named in a list, after which they are counted. */
const MOST_NAMED = 12;
const MOST_REASONS = 3;

/** The mean of every environment over the hosts, by the figure that stands for it. */
export function fleetMeans(design: FleetDesign): Section {
  return tableSection(
    { id: 'means', title: `Time against ${clean(design.design.baseline, 40)}: mean over hosts` },
    {
      columns: [...texts('environment'), ...figures('hosts', 'mean', '95 % interval', 'next host', 'spread', 'I²')],
      rows: leadLines(design).map((line) => ({
        cells: [pairName(line, design), ...effectCells(line)],
        below: withoutOutliers(line),
      })),
      notes: [
        'next host: where the true ratio of one more host lies, in 95 % of cases. spread: standard deviation of the true ' +
          'ratios of hosts. I²: its share of the variance that is seen.',
      ],
    },
  );
}

/** `without the host that stands out: mean …` */
function withoutOutliers({ outliers, effectsOfOthers }: FleetLine): Text[] {
  if (effectsOfOthers === null) return [];
  const which = outliers.length === 1 ? 'the host that stands out' : `the ${outliers.length} hosts that stand out`;
  return [`without ${which}: ${effectsText(effectsOfOthers)}`];
}

function effectCells({ effects, places }: FleetLine): Row['cells'] {
  const mean = effects && meanFigure(effects);
  return [
    { show: String(places.length), value: places.length },
    valueCell(mean),
    rangeCell(mean),
    rangeCell(effects && nextFigure(effects)),
    { show: spreadText(effects), value: effects?.tauSquared ?? null },
    known(effects?.iSquared, (share) => percent(Number(share.toFixed(2)))),
  ];
}

/** Every figure over the hosts. */
export function fleetFigures(design: FleetDesign): Section {
  const isMore = design.lines.length > leadLines(design).length;
  return {
    ...tableSection(
      { id: 'figures', title: 'Every figure over hosts', weight: 'body' },
      {
        group: 'environment',
        columns: figures('workload', 'hosts', 'mean', '95 % interval', 'next host', 'spread', 'I²'),
        rows: isMore
          ? design.lines.map((line) => ({
              group: pairName(line, design),
              cells: [clean(line.workload, 40), ...effectCells(line)],
            }))
          : [],
      },
    ),
    short: 'Figures',
  };
}

/** Hosts that the others do not predict: each with the figure in which it stands out most. */
export function fleetOutliers(design: FleetDesign): Section {
  const names = hostNames(design);
  const found = outlyingHosts(design);
  return tableSection(
    { id: 'outliers', title: 'Hosts that stand out', weight: 'body' },
    {
      columns: [...texts('host', 'most on'), ...figures('ratio', 'from the others', 'p', 'figures')],
      rows: found.slice(0, MOST_HOSTS).map(({ place, line, outlier, figures: times }): Row => {
        const { deviationLog, pValue } = outlier;
        return {
          cells: [
            name(names[place] ?? '', 80),
            `${pairName(line, design)}, ${clean(line.workload, 40)}`,
            valueCell(hostFigure(line, line.places.indexOf(place))),
            { show: valueText({ timeRatio: Math.exp(deviationLog), interval: null }), value: deviationLog },
            { show: pValue < 0.0001 ? '<0.0001' : pValue.toFixed(4), value: pValue },
            { show: `${times} of ${design.lines.length}`, value: times },
          ],
          below: [factsOf(design, place)],
        };
      }),
      notes: [
        'p: adjusted for the number of hosts (Holm); of 20 figures without outliers one names a host by chance',
        ...(found.length > MOST_HOSTS ? [`${found.length - MOST_HOSTS} more hosts are in the JSON document`] : []),
      ],
    },
  );
}

interface Outlying {
  readonly place: number;
  readonly line: FleetLine;
  readonly outlier: Outlier;
  /** In which it stands out. */
  figures: number;
}

/** Those of most figures first. */
function outlyingHosts({ lines }: FleetDesign): Outlying[] {
  const hosts = new Map<number, Outlying>();
  for (const line of lines) {
    for (const outlier of line.outliers) {
      const { place } = outlier;
      const known = hosts.get(place);
      const times = (known?.figures ?? 0) + 1;
      const isFurther = Math.abs(outlier.deviationLog) > Math.abs(known?.outlier.deviationLog ?? 0);
      hosts.set(
        place,
        known === undefined || isFurther ? { place, line, outlier, figures: times } : { ...known, figures: times },
      );
    }
  }
  return [...hosts.values()].sort((a, b) => b.figures - a.figures || a.outlier.pValue - b.outlier.pValue);
}

function factsOf({ hosts }: FleetDesign, place: number): string {
  const { cpu = '', kernel = '', architecture = '' } = hosts[place] ?? {};
  return [cpu, kernel, architecture].map((fact) => clean(fact, 60) || 'not known').join(', ');
}

/** Hosts by rows, environments by columns: each by its own session. The furthest from the mean where there are many. */
export function fleetHosts(design: FleetDesign): Section {
  const leads = leadLines(design);
  const names = hostNames(design);
  const shown = furthestHosts(design, MOST_HOSTS);
  const indexes = leads.map(({ places }) => new Map(places.map((place, index) => [place, index])));
  return tableSection(
    { id: 'hosts', title: 'Hosts', weight: 'body' },
    {
      form: 'matrix',
      columns: [
        ...texts('host'),
        ...figures(...leads.map((line) => pairName(line, design))),
        ...details('cpu', 'kernel', 'architecture'),
      ],
      rows: shown.map((place) => {
        const { cpu = '', kernel = '', architecture = '' } = design.hosts[place] ?? {};
        return {
          cells: [
            name(names[place] ?? '', 80),
            ...leads.map((line, column) => hostCell(line, indexes[column]?.get(place))),
            ...[cpu, kernel, architecture].map((fact) => clean(fact, 60)),
          ],
        };
      }),
      notes:
        shown.length < design.hosts.length
          ? [
              `The ${shown.length} of ${design.hosts.length} hosts that lie furthest from the mean; the CSV table has all.`,
            ]
          : [],
    },
  );
}

function hostCell(line: FleetLine, index: number | undefined) {
  if (index === undefined) return known(null, String);
  const figure = hostFigure(line, index);
  const verdict = line.verdicts[index];
  return { show: valueText(figure), value: figure.timeRatio, ...(verdict === undefined ? {} : { tone: verdict }) };
}

/** Means of groups of hosts, and the spread within them. */
export function fleetGroups(design: FleetDesign, by: string | null): Section {
  const rows = leadLines(design).flatMap((line) =>
    line.groups.map((group): Row => ({ group: pairName(line, design), cells: groupCells(group) })),
  );
  const title = `Hosts by ${clean(by ?? '', 40)}`;
  return tableSection(
    { id: 'groups', title, weight: 'body' },
    {
      group: 'environment',
      columns: [
        { title: clean(by ?? '', 40), align: 'left' },
        ...figures('hosts', 'mean', '95 % interval', 'next host', 'spread within'),
      ],
      rows: rows.slice(0, MOST_GROUPS),
      notes: [
        `no interval and no spread with fewer than ${LEAST_HOSTS} hosts`,
        ...(rows.length > MOST_GROUPS ? [`${rows.length - MOST_GROUPS} more groups are in the JSON document`] : []),
      ],
    },
  );
}

export function groupCells({ value, hosts, meanLog, effects }: GroupLine): Row['cells'] {
  const mean =
    effects === null
      ? meanLog === null
        ? null
        : { timeRatio: Math.exp(meanLog), interval: null }
      : meanFigure(effects);
  return [
    name(value, 80),
    { show: String(hosts), value: hosts },
    valueCell(mean),
    rangeCell(mean),
    rangeCell(effects && nextFigure(effects)),
    spreadText(effects),
  ];
}

/** Hosts that ran another plan: figures of their own, never mixed with the others. */
export function otherDesigns({ designs }: FleetModel): Section {
  return list(
    'other-plans',
    'Hosts with another plan, left out of the figures above',
    designs
      .slice(1, 1 + MOST_NAMED)
      .map(
        (design): Text => [
          `${namesText(hostNames(design))}: ${[...design.differs, ...footingsOf(design)].map((words) => clean(words, 200)).join('; ')}. `,
          leadLines(design).map(lineSentence).join(' '),
        ],
      ),
  );
}

/** Why hosts have a container for their baseline, each reason once. */
function footingsOf({ hosts }: FleetDesign): string[] {
  const reasons = new Set(hosts.flatMap(({ footingReason }) => (footingReason === null ? [] : [footingReason])));
  return [...reasons].slice(0, MOST_REASONS);
}

function namesText(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const STATES = {
  silent: 'silent: measuring, and overdue',
  gone: 'gone: ended without an end of the session',
  lost: 'lost: nothing more is heard of it',
  failed: 'failed',
  refused: 'refused',
  running: 'running',
  waiting: 'waiting',
} as const;

/** Hosts without figures, the worst first, each with its reason. */
export function absentHosts({ absent }: FleetModel): Section {
  const states = (Object.keys(STATES) as (keyof typeof STATES)[]).filter((state) =>
    absent.some((host) => host.state === state),
  );
  return {
    ...list(
      'absent',
      'Hosts without figures',
      states.flatMap((state): Text[] => {
        const own = absent.filter((host) => host.state === state);
        const shown = own.slice(0, MOST_NAMED).map(({ host, reason, lastSeenAt }) => {
          const seen = lastSeenAt === null || state === 'waiting' ? '' : `, last heard of ${dateText(lastSeenAt)}`;
          return `${clean(host, 60)}${reason === null ? '' : `: ${clean(reason, 160)}`}${seen}`;
        });
        const more = own.length > shown.length ? `; and ${own.length - shown.length} more` : '';
        return [`${count(own.length, 'host')} ${STATES[state]} (${shown.join('; ')}${more})`];
      }),
    ),
    warns: absent.some(({ state }) => state === 'silent' || state === 'gone' || state === 'lost'),
  };
}

export function leftOutOfFleet({ leftOut, untrusted }: FleetModel): Section {
  const byWhy = new Map<string, { host: string; dir: string }[]>();
  for (const { why, host, dir } of leftOut) byWhy.set(why, [...(byWhy.get(why) ?? []), { host, dir }]);
  return list('left-out', 'Left out', [
    ...[...byWhy].slice(0, MOST_NAMED).map(([why, all]): Text => {
      const [first] = all;
      const where = first?.host === '' ? '' : `${clean(first?.host ?? '', 60)}, `;
      return [
        `${count(all.length, 'session')}: ${clean(why, 200)} (${where}`,
        name(first?.dir ?? ''),
        all.length > 1 ? ', …)' : ')',
      ];
    }),
    ...(byWhy.size > MOST_NAMED ? [`sessions for ${byWhy.size - MOST_NAMED} more reasons`] : []),
    ...(untrusted.rows === 0
      ? []
      : [
          `${count(untrusted.rows, 'ratio')} that the session itself calls untrusted, on ${namesText(untrusted.hosts.map((host) => clean(host, 60)))}`,
        ]),
  ]);
}

export function fleetNotes({ older, images, designs }: FleetModel): Section {
  const [main] = designs;
  const noInterval = (main?.lines ?? []).some(({ places, modelled }) => modelled < places.length);
  return list('notes', 'Notes', [
    'Every ratio is of one host against its own baseline in the same session. Hosts are never pooled: the mean is over ' +
      'hosts, each of which counts by its number of blocks and by how much hosts differ.',
    ...(older > 0
      ? [
          `${count(older, 'session')} of hosts that have a newer one ${older === 1 ? 'is' : 'are'} not in it: of each host the newest counts.`,
        ]
      : []),
    ...(noInterval ? ['A host with one block has no interval and is in no mean.'] : []),
    ...(images > 1 ? [`The hosts ran ${images} different images.`] : []),
  ]);
}
