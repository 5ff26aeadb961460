import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoxmarkError } from '../../bench/errors.ts';
import { checkSession } from '../../bench/session/check.ts';
import { eventKind, isExpected, type SessionEvent } from '../../bench/session/events.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { NO_KIND_ROWS } from '../../bench/session/kind-tables.ts';
import { loadSession, wholeSamples } from '../../bench/session/load.ts';
import { createStore } from '../../bench/session/store.ts';
import { NO_TRAITS, type Sample, type Start } from '../../bench/types.ts';
import { testEvent, testSample, testStart } from './analysis/simulate.ts';
import { infoFor, scripted, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const info: SessionInfo = {
  ...infoFor(tinyPlan({ environments: [{ path: 'native' }] }), [scripted('native', [])]),
  work: { fft: 5 },
  blocksCompleted: 2,
};

const SAMPLES: readonly Sample[] = [
  testSample({ phase: 'warmup', round: 0, wallNs: 12_345_678_901, mflops: 1234.56789 }),
  testSample({ phase: 'lead', cpuNs: 0, checksum: '00ff00ff00ff00ff', hostNs: 10_200_000 }),
  testSample({ phase: 'measure', ok: false, mflops: null, size: 'tiny', env: 'native@control' }),
  testSample({ phase: 'long', clock: 'host', env: '=HYPERLINK("http://x")', startId: '@x', workload: '+1', block: 2 }),
  testSample({ env: 'a,"b"\nc', kernels: "it's", block: 3 }),
  testSample({ workload: 'syscall', mflops: null, unit: 'calls/s', rate: 4_000_000.5, block: 3 }),
];
const STARTS: readonly Start[] = [
  testStart(),
  testStart({ stealMs: 0, hostMemoryDeltaBytes: -12_288, spawnMs: 0.125, clockRatio: 0.99990001, readyMs: null }),
  testStart({ status: 'timed-out', reason: '-e: silent for 60 s\n"twice"' } as Partial<Start>),
  { block: 2, position: 3, env: 'docker', startId: 'b2-docker', status: 'skipped', reason: 'given up' },
];
const STATES = { workload: 'fft', passes: 1, checksum: 'a', expected: 'b' };
const EVENTS: readonly SessionEvent[] = [
  testEvent({ kind: 'docker-daemon', version: 'ü', storage: 'vfs', further: { deep: [1, null, 'ü'] } }),
  testEvent({ kind: 'checksum-mismatch', env: 'native', block: 1, ...STATES }),
  // As a resumed session has it.
  testEvent({ kind: 'checksum-mismatch', env: 'native', cutBlock: 1, ...STATES }),
];

function written(samples: Iterable<Sample> = SAMPLES): string {
  const store = createStore(out, info);
  store.session(info);
  store.samples([...samples]);
  for (const start of STARTS) store.start(start);
  for (const event of EVENTS) store.event(event);
  store.close();
  return store.dir;
}

async function refusal(dir: string): Promise<BoxmarkError> {
  const error = await loadSession(dir).then(
    () => expect.unreachable('it was read'),
    (reason: BoxmarkError) => reason,
  );
  expect(error.exitCode).toBe(2);
  return error;
}

const edit = (file: string, change: (text: string) => string) =>
  writeFileSync(file, change(readFileSync(file, 'utf8')));

/** A text of JSON with another value at this path. */
function edited(path: string, value: unknown): (text: string) => string {
  return (text) => {
    const content = JSON.parse(text);
    const keys = path.split('.');
    const last = keys.pop() as string;
    keys.reduce((part, key) => part[key], content)[last] = value;
    return JSON.stringify(content);
  };
}

describe('a session that is read back', () => {
  it('is what was written: every type, empty cells null and not 0, texts a spreadsheet would run restored', async () => {
    const dir = written();
    const session = await loadSession(dir);
    expect(session).toEqual({ dir, info, samples: SAMPLES, starts: STARTS, events: EVENTS, ...NO_KIND_ROWS });
  });

  it('counts samples of whole blocks only, without those of a box whose state was wrong', async () => {
    const counted = wholeSamples(await loadSession(written()));
    expect(counted.map(({ block, env }) => `${block} ${env}`)).toEqual([
      '1 native@control',
      '2 =HYPERLINK("http://x")',
    ]);
  });

  it('may have columns of a later version, and be without columns of this one', async () => {
    const dir = written([testSample()]);
    // Neither unit nor rate, as in version 0.1.0, and one column more.
    edit(join(dir, 'samples.csv'), (text) =>
      text.replace(',MFLOPS,100', ',,').replace('\n', ',later\n').replace(/\n$/, ',x\n'),
    );
    edit(join(dir, 'starts.csv'), (text) =>
      text
        .split('\n')
        .slice(0, 2)
        .map((line) => line.slice(0, line.lastIndexOf(',')))
        .concat('')
        .join('\n'),
    );
    const session = await loadSession(dir);
    expect(session.samples).toEqual([testSample()]);
    expect(session.starts).toEqual([testStart({ clockStepNs: null })]);
  });

  it('has the traits that it was written with, whatever its labels say', async () => {
    const [native] = info.environments;
    const labels = ['emulated (TCG)', 'relaxed outer', 'KVM'];
    const traits = { ...NO_TRAITS, quotaAsked: true };
    const dir = written();
    const environments = [{ ...native, labels, traits: { ...traits, laterTrait: true } }];
    edit(join(dir, 'session.json'), (text) => JSON.stringify({ ...JSON.parse(text), environments }));
    expect((await loadSession(dir)).info.environments).toMatchObject([{ labels, traits }]);
  });

  it.each([
    [[], {}],
    [['storage vfs', 'host network', 'remote host'], {}],
    [['KVM', 'CPU model max'], { kvm: true }],
    [['emulated (TCG)'], { emulated: true, ownCpu: true }],
    [['guest kernel (User-mode Linux)'], { ownCpu: true, oneCpu: true }],
    [['chroot'], { chroot: true }],
    [['relaxed outer', 'user-space kernel (gVisor, systrap)'], { relaxed: true, ownCpu: true }],
    [['known truth: CPU quota of 50 %'], { quotaAsked: true }],
  ])('of an earlier version has the traits that its labels %j stand for', async (labels, traits) => {
    const dir = written();
    const environments = info.environments.map(({ traits: _, ...it }) => ({ ...it, labels }));
    edit(join(dir, 'session.json'), (text) => JSON.stringify({ ...JSON.parse(text), environments }));
    expect((await loadSession(dir)).info.environments.map((it) => it.traits)).toEqual([{ ...NO_TRAITS, ...traits }]);
  });

  it('may have facts of a later version', async () => {
    const dir = written();
    edit(join(dir, 'session.json'), edited('environments.0.facts', { seccomp: '2', later: true }));
    expect((await loadSession(dir)).info.environments[0]?.facts).toEqual({ seccomp: '2', later: true });
  });

  it('may have events of a later version, which are kept and shown by their kind', async () => {
    const dir = written();
    appendFileSync(join(dir, 'events.jsonl'), '{"at":"","kind":"toString","env":"native","new":[]}\n');
    const event = (await loadSession(dir)).events.at(-1);
    expect(event).toMatchObject({ kind: 'later', of: 'toString', env: 'native' });
    expect(event && [eventKind(event), isExpected(eventKind(event))]).toEqual(['toString', false]);
    expect((await checkSession(dir)).findings.filter(({ file }) => file === 'events.jsonl')).toEqual([]);
  });

  it('of a hundred thousand bursts is read within seconds', { timeout: 60_000 }, async () => {
    const count = 100_000;
    const dir = written(Array.from({ length: count }, (_, index) => testSample({ round: index })));
    const { samples } = await loadSession(dir);
    expect(samples).toHaveLength(count);
    expect(samples.at(-1)?.round).toBe(count - 1);
  });
});

describe('a session that can not be read', () => {
  it('says so when it is none', async () => {
    const error = await refusal(out);
    expect(error.message).toMatch(/not a session/);
    expect(error.value).toBe(out);
  });

  it('names a later schema', async () => {
    const dir = written();
    edit(join(dir, 'session.json'), (text) => text.replace('"schema": 1', '"schema": 2'));
    expect((await refusal(dir)).message).toMatch(/later version: its schema is 2/);
  });

  it.each([
    ['half of it', (text: string) => text.slice(0, text.length / 2), /session\.json/],
    ['a plan without environments', (text: string) => text.replace('"environments"', '"places"'), /plan\.environments/],
    ['null', () => 'null', /the whole/],
    [
      'a version that is an object',
      edited('environments.0.versions', { docker: {} }),
      /environments\.0\.versions\.docker/,
    ],
    ['a fact that is an object', edited('environments.0.facts', { seccomp: {} }), /environments\.0\.facts\.seccomp/],
    [
      'facts that are a list',
      edited('environments.0.facts', []),
      /0\.facts: Invalid input: expected record, received array/,
    ],
    [
      'no facts',
      edited('environments.0.facts', undefined),
      /0\.facts: Invalid input: expected record, received undefined/,
    ],
    [
      'a fact beyond all numbers',
      (text) => edited('environments.0.facts', { a: 'most' })(text).replace('"most"', '1e999'),
      /environments\.0\.facts\.a: Invalid input/,
    ],
    ['an inequality that is none', edited('environments.0.inequalities', [{}]), /environments\.0\.inequalities\.0/],
    ['hardware that is none', edited('host.hardware', 'x'), /host\.hardware/],
    ['a remedy that is none', edited('unavailable', [{ path: 'x', reason: 'x', remedy: 1 }]), /unavailable\.0\.remedy/],
  ])('names what is wrong with session.json: %s', async (_, change, message) => {
    const dir = written();
    edit(join(dir, 'session.json'), change);
    expect((await refusal(dir)).message).toMatch(message);
  });

  it.each(['samples.csv', 'starts.csv'])('says that %s is missing', async (name) => {
    const dir = written();
    rmSync(join(dir, name));
    const error = await refusal(dir);
    expect(error.message).toMatch(/it is missing/);
    expect(error.value).toBe(join(dir, name));
  });

  it.each(['samples.csv', 'starts.csv', 'events.jsonl'])(
    'says that the last line of %s is incomplete',
    async (name) => {
      const dir = written();
      const file = join(dir, name);
      truncateSync(file, readFileSync(file).length - 1);
      const error = await refusal(dir);
      expect(error.message).toMatch(/last line of a table is incomplete[\s\S]*boxmark resume/);
      expect(error.value).toBe(file);
    },
  );

  it('names row, column and cell that are not what they must be', async () => {
    const dir = written([testSample(), testSample({ wallNs: 4711 })]);
    const file = join(dir, 'samples.csv');
    edit(file, (text) => text.replace('4711', '47x'));
    expect((await refusal(dir)).message).toMatch(/row 2: wall_ns is "47x", not a whole number/);
    edit(file, (text) => text.replace('47x', '').replace(',measure,', ',mesure,'));
    expect((await refusal(dir)).message).toMatch(/row 1: phase is "mesure", not warmup, lead, measure, long/);
    edit(file, (text) => text.replace('wall_ns', 'wall'));
    edit(file, (text) => text.replace('mesure', 'measure'));
    expect((await refusal(dir)).message).toMatch(/samples\.csv: there is no column wall_ns/);
    appendFileSync(file, 'one,cell\n');
    edit(file, (text) => text.replace('wall,', 'wall_ns,').replace(',,,', ',1,,'));
    expect((await refusal(dir)).message).toMatch(/can't be read/);
    writeFileSync(file, '');
    expect((await refusal(dir)).message).toMatch(/no header row/);
  });

  it('names the line of events.jsonl that is no event', async () => {
    const dir = written();
    appendFileSync(join(dir, 'events.jsonl'), '{"at":\n');
    expect((await refusal(dir)).message).toMatch(/events\.jsonl: line 4/);
  });

  it.each([
    ['without a kind', { at: '' }, /line 4: kind: /],
    ['with a kind that is none', { at: '', kind: 7 }, /line 4: kind: /],
    ['that is a list', [], /line 4: the whole: /],
    ['that is nothing', null, /line 4: the whole: /],
    ['of a box that has no name', { at: '', kind: 'later-kind', env: {} }, /line 4: env: /],
    ['without what its kind says', { at: '', kind: 'steal', block: 1, share: 1 }, /line 4: stealMs: /],
    ['with facts that are none', { at: '', kind: 'unequal', env: 'x', block: 1, inequalities: [7] }, /inequalities\.0/],
  ])('names the line of an event %s, and so does check', async (_, event, message) => {
    const dir = written();
    appendFileSync(join(dir, 'events.jsonl'), `${JSON.stringify(event)}\n`);
    expect((await refusal(dir)).message).toMatch(message);
    const { findings } = await checkSession(dir);
    expect(findings).toContainEqual({ file: 'events.jsonl', problem: expect.stringMatching(message) });
  });
});
