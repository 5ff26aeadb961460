import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { filePath, PROGRAM_PATH } from '../../bench/payload/image-files.ts';
import { SIZES } from '../../bench/types.ts';
import { idInName } from '../../runners/host/workspace.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import {
  type Place,
  prepareSystemWorkload,
  SYSTEM_GROUPS,
  SYSTEM_METRICS,
  SYSTEM_WORKLOADS,
  systemChecksums,
  systemWorkload,
} from '../../system/index.ts';
import { makeRoot, type Root } from './root.ts';

let root: Root;
beforeAll(() => {
  root = makeRoot();
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const { close } of opened.splice(0)) close();
  expect(readdirSync(root.scratch)).toEqual([]);
});
afterAll(() => root.remove());

const place = () => ({
  ...{ root: root.dir, name: `test-${process.pid}` },
  scratch: { path: root.scratch, behindCache: false },
});
const opened: ReturnType<typeof prepareSystemWorkload>[] = [];
const prepared = (id: string, where: Place = place()) => {
  const workload = prepareSystemWorkload(systemWorkload(id)!, 'tiny', where);
  opened.push(workload);
  return workload;
};
const reckoned = (id: string, passes: number[]) => systemChecksums(systemWorkload(id)!, 'tiny', passes);

test('names are their own: no kernel, no group and no figure of a report has them', () => {
  const ids = SYSTEM_WORKLOADS.map(({ id }) => id);
  const groups = Object.keys(SYSTEM_GROUPS);
  const taken = [...WORKLOADS.map(({ id }) => id), ...groups, 'suite', 'scimark', 'all', 'composite', 'any'];
  ids.push(...Object.values(SYSTEM_METRICS).flatMap((metrics) => metrics.map(({ id }) => id)));
  expect(new Set([...ids, ...taken]).size).toBe(ids.length + taken.length);
  expect(systemWorkload('fft')).toBeUndefined();
});

describe.each(SYSTEM_WORKLOADS)('$id', (workload) => {
  const { id } = workload;

  test('says what it counts, in each size, and never as MFLOPS', () => {
    expect(workload.unit).toMatch(/^[a-zA-Z]+\/s$/);
    for (const size of SIZES) expect(workload.sizes[size].perPass).toBeGreaterThan(0);
    for (const text of [workload.title, workload.summary]) expect(text).toMatch(/^\S.*[^.\s]$/);
  });

  test('is answered by the system as computed without asking it, pass by pass', () => {
    const { pass, checksum } = prepared(id);
    const found = [checksum()];
    for (let count = 0; count < 6; count++) {
      pass();
      found.push(checksum());
    }
    expect(found).toEqual(reckoned(id, [0, 1, 2, 3, 4, 5, 6]));
    expect(new Set(found).size).toBe(found.length);
    for (const state of found) expect(state).toMatch(/^[0-9a-f]{16}$/);
  });

  test('keeps passes on another state out of its own', () => {
    const { pass, checksum, exchange } = prepared(id);
    pass();
    exchange();
    pass();
    pass();
    exchange();
    pass();
    expect(checksum()).toBe(reckoned(id, [2])[0]);
  });

  test('has answers of its own in every size', () => {
    const answers = SIZES.map((size) => workload.answer(size, 5));
    expect(workload.sizes.tiny.perPass === workload.sizes.small.perPass).toBe(answers[0] === answers[1]);
    expect(answers[2]).not.toBe(answers[1]);
  });
});

/** `random-access` with the table that it works on. */
function withTable() {
  const tables: Int32Array[] = [];
  class Caught extends Int32Array {
    constructor(length: number) {
      super(length);
      tables.push(this);
    }
  }
  vi.stubGlobal('Int32Array', Caught);
  const workload = prepared('random-access');
  vi.unstubAllGlobals();
  return { ...workload, table: tables[0] as Int32Array };
}

describe('a system that does not do what it is asked', () => {
  test('random-access: a word that holds something else is noticed, in a later sweep too', () => {
    const { pass, checksum, table } = withTable();
    // A sweep over the table of this size takes 64 passes.
    for (let count = 0; count < 70; count++) pass();
    expect(checksum()).toBe(reckoned('random-access', [70])[0]);
    for (const [place, word] of table.entries()) table[place] = word ^ 1;
    pass();
    expect(checksum()).not.toBe(reckoned('random-access', [71])[0]);
  });

  test('random-access: a pass changes as many words as it counts, all over the table', () => {
    const { pass, perPass, table } = withTable();
    pass();
    const changed = [...table.keys()].filter((place) => table[place] !== place);
    expect(changed).toHaveLength(perPass);
    expect(new Set(changed.map((place) => place >> 12)).size).toBe(table.length >> 12);
  });

  test('syscall: a call that is left out is noticed', () => {
    const { pass, checksum } = prepared('syscall');
    vi.spyOn(process, 'umask').mockReturnValue(0o022);
    pass();
    expect(checksum()).not.toBe(reckoned('syscall', [1])[0]);
  });

  test('page-fault: memory that was not fresh is noticed by the faults that the kernel counts', () => {
    const usage = process.resourceUsage();
    const { pass, checksum } = prepared('page-fault');
    checksum();
    vi.spyOn(process, 'resourceUsage').mockReturnValue({ ...usage, minorPageFault: usage.minorPageFault + 10 ** 6 });
    checksum();
    for (let count = 0; count < 4; count++) pass();
    expect(checksum).toThrow(/1024 pages were touched with 0 faults/);
  });

  test('page-fault: a kernel that counts no faults is believed', () => {
    const usage = process.resourceUsage();
    vi.spyOn(process, 'resourceUsage').mockReturnValue({ ...usage, minorPageFault: 0 });
    const { pass, checksum } = prepared('page-fault');
    pass();
    expect(checksum()).toBe(reckoned('page-fault', [1])[0]);
  });

  test('file-read: a changed byte of a file is noticed, and a missing file is reported', () => {
    const changed = makeRoot();
    try {
      const read = prepareSystemWorkload(systemWorkload('file-read')!, 'tiny', { root: changed.dir, name: 'x' });
      const file = join(changed.dir, filePath(1));
      writeFileSync(file, `#${readFileSync(file, 'latin1').slice(1)}`);
      read.pass();
      expect(read.checksum()).not.toBe(reckoned('file-read', [1])[0]);
      // The second pass begins with the third file.
      rmSync(join(changed.dir, filePath(2)));
      expect(read.pass).toThrow(/ENOENT.*boxmark\/files\/02/);
    } finally {
      changed.remove();
    }
  });

  test('file-write: a file that exists already is reported, with the run that it belongs to', () => {
    const name = '0a1b2c3d-b1-native-77';
    const files = ['/tmp', '/dev/shm'].map((folder) => join(folder, `boxmark-${name}.file`));
    const write = prepareSystemWorkload(systemWorkload('file-write')!, 'tiny', { root: root.dir, name });
    try {
      for (const file of files) writeFileSync(file, '');
      expect(write.pass).toThrow(/EEXIST.*\.file'/);
    } finally {
      for (const file of files) rmSync(file, { force: true });
    }
    // What a killed run leaves in the host's /dev/shm is found by that.
    expect(files.map((file) => idInName(basename(file)))).toEqual(['0a1b2c3d', '0a1b2c3d']);
    write.pass();
    expect(files.some((file) => existsSync(file))).toBe(false);
  });

  test('context-switch: a number that comes back otherwise is noticed', () => {
    const { pass, checksum } = prepared('context-switch');
    const load = Atomics.load.bind(Atomics) as (cells: Int32Array, index: number) => number;
    let changed = 0;
    const otherwise = (cells: Int32Array, index: number) => {
      const value = load(cells, index);
      // Cell 1 holds the number, cell 0 whose turn it is.
      return index === 1 && changed++ === 0 ? value ^ 1 : value;
    };
    vi.spyOn(Atomics, 'load').mockImplementation(otherwise as never);
    pass();
    expect(changed).toBeGreaterThan(0);
    expect(checksum()).not.toBe(reckoned('context-switch', [1])[0]);
  });

  test('spawn: another program is noticed, and one that is missing or can not be run is reported', () => {
    const changed = makeRoot();
    try {
      const program = join(changed.dir, PROGRAM_PATH);
      const make = () => prepareSystemWorkload(systemWorkload('spawn')!, 'tiny', { root: changed.dir, name: 'x' });
      const { pass, checksum } = make();
      writeFileSync(program, '#!/bin/sh\nexit 9\n');
      pass();
      expect(checksum()).not.toBe(reckoned('spawn', [1])[0]);
      chmodSync(program, 0o644);
      expect(pass).toThrow(/EACCES/);
      rmSync(program);
      expect(make).toThrow(/the image has no \/boxmark\/argc/);
    } finally {
      changed.remove();
    }
  });
});
