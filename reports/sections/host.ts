/** The host, its hardware and software, and engine versions. */

import { hostFactWords } from '../../bench/box/facts.ts';
import type { ReportModel } from '../model/model.ts';
import type { Facts } from '../model/record.ts';
import { clean } from '../text.ts';
import { NO_FIGURE } from '../words.ts';
import { code, factsTable, faint, figures, name, type Section, type Table, type Text, texts } from './section.ts';

const HARDWARE_FIRST = ['cpuModel', 'cores', 'threads', 'memoryGib', 'virtualised', 'hypervisor'];
const SOFTWARE_FIRST = ['distribution', 'kernelRelease', 'nodeVersion'];
/** Longer lists can be opened. */
const MOST_SHOWN = 12;
const MOST_ENTRIES = 4;

export function host(model: ReportModel): Section {
  const { record } = model.details;
  const facts: Table[] =
    record === null
      ? [factsTable('host-name', 'Host', [['host', name(model.session.host, 200)]])]
      : [
          factsTable('host-name', 'Host', [
            ['host', name(record.host.name, 80)],
            ['hardware fingerprint', code(record.host.fingerprint, 80)],
          ]),
          factList('hardware', 'Hardware', record.host.hardware, HARDWARE_FIRST),
          factList('stack', 'Software', record.host.stack, SOFTWARE_FIRST),
        ];
  return { id: 'host', title: 'Host and versions', short: 'Host', weight: 'fold', tables: [...facts, versions(model)] };
}

function versions({ environments }: ReportModel): Table {
  return {
    id: 'versions',
    caption: 'Engine versions',
    columns: [...figures('environment'), ...texts('versions', 'labels')],
    rows: environments
      .filter(({ role }) => role !== 'control')
      .map(({ path, versions: known, labels }) => ({
        cells: [
          name(path),
          Object.entries(known)
            .map(([layer, version]) => `${clean(layer, 40)} ${clean(version, 60)}`)
            .join(', ') || NO_FIGURE,
          labels.map((label) => clean(label, 80)).join(', ') || NO_FIGURE,
        ],
      })),
  };
}

function factList(id: 'hardware' | 'stack', caption: string, facts: Facts, first: readonly string[]): Table {
  const names = [...first.filter((key) => key in facts), ...Object.keys(facts).filter((key) => !first.includes(key))];
  return factsTable(
    id,
    caption,
    names.map((key) => [clean(hostFactWords(id, key), 60), factText(facts[key])] as const),
  );
}

function factText(value: unknown): Text {
  if (value === null || value === undefined) return faint('not shown');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && value.length > MOST_SHOWN) {
    return { as: 'fold', text: String(value.length), whole: [clean(value.join(' '), 2000)] };
  }
  if (typeof value !== 'object') return clean(String(value), 300);
  const entries = Array.isArray(value)
    ? value.map((one) => flat(one))
    : Object.entries(value).map(([key, one]) => `${key}: ${one}`);
  return entries.length > MOST_ENTRIES
    ? { as: 'fold', text: String(entries.length), whole: entries.map((one) => clean(one, 200)) }
    : clean(entries.join('; '), 400) || NO_FIGURE;
}

function flat(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join(' ') : String(value);
}
