import { expect, it } from 'vitest';
import { buildModel } from '../../reports/model/model.ts';
import type { SessionRecord } from '../../reports/model/record.ts';
import { scratch } from '../../reports/sections/scratch.ts';
import { isEmpty } from '../../reports/sections/section.ts';
import { notesOf, rowsOf } from './document.ts';
import { fixtureInput } from './fixture.ts';

function sectionOf(facts: Readonly<Record<string, object | null>>, events: readonly object[] = []) {
  const environments = Object.entries(facts).map(([path, own]) => ({ path, facts: own }));
  const record = () => ({ environments }) as unknown as SessionRecord;
  return scratch(buildModel({ ...fixtureInput(), events: events as never, record }));
}

it('names the file system of each box that had one, and says where a sync brings nothing to a disk', () => {
  const section = sectionOf({
    native: { scratch_fs: 'ext4', scratch_device: 'NVMe', scratch_options: 'rw,noatime' },
    uml: { scratch_fs: 'ext4', scratch_device: 'ubd', scratch_options: '' },
    docker: { scratch_fs: 'tmpfs', scratch_device: 'none', scratch_options: 'rw' },
    none: { scratch_fs: null },
    absent: null,
  });
  expect(rowsOf(section)).toEqual([
    ['native', 'ext4 on NVMe', 'rw,noatime'],
    ['uml', 'ext4 on ubd', '–'],
    ['docker', 'tmpfs', 'rw'],
  ]);
  expect(section.tables?.[0]?.notes).toEqual([
    "uml: ext4 on ubd is a file of the host: a sync of the guest ends in the host's page cache",
    'docker: tmpfs is in memory, where a sync does nothing',
  ]);
});

it('says which workload a box could not run, and why', () => {
  const refused = {
    at: '',
    kind: 'workload-refused',
    env: 'uml',
    block: 1,
    workload: 'disk-read',
    reason: 'disk-read: no',
  };
  expect(notesOf(sectionOf({}, [refused]))).toEqual(['uml has no figures of one workload: disk-read: no.']);
});

it('is left out of sessions without workloads of the disk', () => {
  expect(isEmpty(sectionOf({ native: { kernel: '6.1' } }))).toBe(true);
});
