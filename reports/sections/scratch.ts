/** What workloads of the disk wrote to in each environment, and which workloads a box could not run. */

import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { NO_FIGURE, sentence } from '../words.ts';
import { details, name, type Section, type Text, texts } from './section.ts';

const IN_MEMORY = 'is in memory, where a sync does nothing';
const ON_HOST = "is a file of the host: a sync of the guest ends in the host's page cache";

/** Where a sync does not bring anything to a disk, by a fact of the box. */
const UNSYNCED: readonly (readonly [fact: 'fs' | 'device', value: string, why: string])[] = [
  ['fs', 'tmpfs', IN_MEMORY],
  ['device', 'compressed memory', IN_MEMORY],
  ['device', 'ubd', ON_HOST],
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
        rows: found.map((one) => ({
          cells: [clean(one.path, 60), storageText(one), one.options === '' ? NO_FIGURE : clean(one.options, 200)],
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
  /** Kind of the block device; absent where it is on none. */
  readonly device: string | undefined;
  readonly options: string;
}

function storages({ details: { record } }: ReportModel): Storage[] {
  return (record?.environments ?? []).flatMap(({ path, facts }) => {
    const { scratch_fs: fs, scratch_device: device, scratch_options: options } = facts ?? {};
    if (typeof fs !== 'string') return [];
    const isDevice = typeof device === 'string' && device !== 'none';
    return [{ path, fs, device: isDevice ? device : undefined, options: typeof options === 'string' ? options : '' }];
  });
}

/** `ext4 on virtio-blk`. */
function storageText({ fs, device }: Storage): string {
  return device === undefined ? clean(fs, 60) : `${clean(fs, 60)} on ${clean(device, 60)}`;
}

function unsyncedNote(one: Storage): string[] {
  const [, , why] = UNSYNCED.find(([fact, value]) => one[fact] === value) ?? [];
  return why === undefined ? [] : [`${clean(one.path, 60)}: ${storageText(one)} ${why}`];
}

function refusals({ details: { events } }: ReportModel): Text[] {
  return events.flatMap((event): Text[] =>
    event.kind === 'workload-refused'
      ? [[name(event.env ?? '', 60), ` has no figures of one workload: ${sentence(clean(event.reason, 300))}`]]
      : [],
  );
}
