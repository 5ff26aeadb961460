/** What workloads of the disk wrote to in each environment, and which workloads a box could not run. */

import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { NO_FIGURE, sentence } from '../words.ts';
import { details, name, type Section, type Text, texts } from './section.ts';

/** File systems in which a sync does not bring anything to a disk, by the end of `scratch_fs`. */
const UNSYNCED: readonly (readonly [fs: RegExp, why: string])[] = [
  [/^tmpfs\b/, 'is in memory, where a sync does nothing'],
  [/ on compressed memory$/, 'is in memory, where a sync does nothing'],
  [/ on ubd$/, "is a file of the host: a sync of the guest ends in the host's page cache"],
];

export function scratch(model: ReportModel): Section {
  const found = storages(model);
  return {
    id: 'scratch',
    title: 'Where the disk workloads wrote',
    short: 'Disks',
    weight: 'body',
    tables: [
      {
        id: 'scratch-rows',
        caption: 'File system of the scratch folder in each box',
        columns: [{ title: 'environment' }, ...texts('file system'), ...details('options')],
        rows: found.map(({ path, fs, options }) => ({
          cells: [clean(path, 60), clean(fs, 60), options === '' ? NO_FIGURE : clean(options, 200)],
        })),
        notes: found.flatMap(unsyncedNote),
      },
    ],
    notes: refusals(model),
  };
}

interface Storage {
  readonly path: string;
  readonly fs: string;
  readonly options: string;
}

function storages({ details: { record } }: ReportModel): Storage[] {
  return (record?.environments ?? []).flatMap(({ path, facts }) => {
    const { scratch_fs: fs, scratch_options: options } = facts ?? {};
    return typeof fs === 'string' ? [{ path, fs, options: typeof options === 'string' ? options : '' }] : [];
  });
}

function unsyncedNote({ path, fs }: Storage): string[] {
  const known = UNSYNCED.find(([kind]) => kind.test(fs));
  return known === undefined ? [] : [`${clean(path, 60)}: ${clean(fs, 60)} ${known[1]}`];
}

function refusals({ details: { events } }: ReportModel): Text[] {
  return events.flatMap((event): Text[] =>
    event.kind === 'workload-refused'
      ? [[name(event.env ?? '', 60), ` has no figures of one workload: ${sentence(clean(event.reason, 300))}`]]
      : [],
  );
}
