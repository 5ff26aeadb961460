/** Reports of synthetic fleets: what they say first, what they never mix, what they leave out, and that nothing strange stops them. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoxmarkError } from '../../bench/errors.ts';
import { readHosts, SILENT_AFTER_MS } from '../../bench/fleet/hosts.ts';
import { FLEET_FILE } from '../../bench/fleet/info.ts';
import { FLEET_FORMATS } from '../../bench/plan/fleet-flags.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { fleetDocument } from '../../reports/documents/fleet.ts';
import { FLEET_REPORTS } from '../../reports/formats/fleet.ts';
import { fleetJson } from '../../reports/formats/fleet-json.ts';
import { fleetJsonSchema, fleetReportSchema } from '../../reports/formats/fleet-schema.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { leadLines, readFleetModel } from '../../reports/model/fleet.ts';
import { plain } from '../../reports/sections/section.ts';
import { expectFile } from '../docs/generated.ts';
import { type Synthetic, writeFleet, writeSessions } from './synthetic.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const NOW = Date.parse('2026-11-26T12:00:00.000Z');
const modelOf = (by?: string, ...dirs: string[]) =>
  readFleetModel(dirs.length === 0 ? [dir] : dirs, { program: '0.1.0', by, nowMs: NOW });
const textOf = (by?: string) => terminalText(fleetDocument(modelOf(by)), { width: 80 });
const flat = (text: string) => text.replace(/\s+/g, ' ');
const answerOf = () => plain(fleetDocument(modelOf()).answer ?? '');

/** Plans of some hosts, changed. */
const withPlan =
  (hosts: readonly number[], plan: Partial<SessionInfo['plan']>): Synthetic['change'] =>
  (info, host) =>
    hosts.includes(host) ? { ...info, plan: { ...info.plan, ...plan } } : info;

describe('a fleet of 20 hosts, one of which takes 8 % longer', () => {
  beforeEach(() => void writeFleet(dir, { hosts: 20, odd: { 3: 0.08 } }));

  it('begins with verdicts of hosts, the mean, and the next host', () => {
    expect(answerOf()).toMatch(
      /^docker is equivalent to native on 19 of 20 hosts, slower on 1; mean [+−±]\d\.\d % \[.*\], the next host lies between −\d\.\d % and \+\d\.\d %\.$/,
    );
  });

  it('names the host that stands out, and no other, with the mean without it', () => {
    const [main] = modelOf().designs;
    for (const line of main?.lines ?? [])
      expect(line.outliers.map(({ place }) => main?.hosts[place]?.host)).toContain('host-0004');
    const [lead] = leadLines(main as NonNullable<typeof main>);
    expect(lead?.outliers).toHaveLength(1);
    expect(lead?.effectsOfOthers?.tauSquared).toBeLessThan((lead?.effects?.tauSquared ?? 0) / 4);
    expect(flat(textOf())).toMatch(/host-0004 docker.* \d+ of 18/);
  });

  it('finds the mean and the spread that hosts were made with', () => {
    const [lead] = leadLines(modelOf().designs[0] as NonNullable<ReturnType<typeof modelOf>['designs'][number]>);
    const { meanLog = 1, halfWidthLog = 0, tauSquared = 0 } = lead?.effectsOfOthers ?? {};
    // The committed session has docker at −0.1 %.
    expect(Math.abs(meanLog)).toBeLessThan(3 * halfWidthLog);
    expect(Math.sqrt(tauSquared)).toBeGreaterThan(0.002);
    expect(Math.sqrt(tauSquared)).toBeLessThan(0.01);
  });

  it('groups hosts by a fact or a label, and names the labels that there are when there is no such one', () => {
    expect(flat(textOf('cpu'))).toMatch(/Hosts by cpu .* Example CPU 1 7 .* Example CPU 3 6/);
    expect(flat(textOf('tier'))).toMatch(/web 10 .* not known 10/);
    expect(() => modelOf('rock')).toThrow(/No host has a label of this name[\s\S]*rock[\s\S]*rack/);
    // A property of every object is no label.
    expect(() => modelOf('constructor')).toThrow(BoxmarkError);
  });

  it('is the document that its schema describes, and the schema is shipped', async () => {
    const document = JSON.parse(fleetJson(modelOf('cpu')));
    expect(fleetReportSchema.safeParse(document).error).toBeUndefined();
    expect(document.designs[0].figures[0].values).toHaveLength(20);
    await expectFile('schemas/fleet.schema.json', `${JSON.stringify(fleetJsonSchema(), null, 2)}\n`);
  });
});

it('names its formats as the flag does', () => {
  expect([...Object.keys(FLEET_REPORTS), 'csv'].sort()).toEqual(Object.keys(FLEET_FORMATS).sort());
});

describe('a session of another kind', () => {
  it.each([
    ['capacity', /it measures the capacity, .*boxmark plan-hosts/],
    ['scale', /it measures the scale, .*boxmark plan-hosts/],
    ['storm', /it measures the storm, .*boxmark report/],
  ] as const)('of %s is left out, with the command that reads it', (measure, why) => {
    writeFleet(dir, { hosts: 4, change: withPlan([3], { measure }) });
    expect(flat(textOf())).toMatch(why);
  });
});

describe('hosts that are not alike', () => {
  it('fewer than three of them have no mean', () => {
    writeFleet(dir, { hosts: 2 });
    expect(answerOf()).toMatch(/on all 2 hosts\.$/);
    // Said once, for all environments.
    const said = flat(textOf()).match(/2 hosts have an interval; a mean and a spread between hosts take 3\./g);
    expect(said).toHaveLength(1);
    expect(modelOf().designs[0]?.lines.every(({ effects }) => effects === null)).toBe(true);
  });

  it.each([
    ['size', { size: 'large' }, 'size large, not small'],
    ['baseline', { baseline: 'docker' }, 'baseline docker, not native'],
    ['threads', { threads: 2 }, 'threads 2, not 1'],
    ['kernels', { kernels: 'wasm' }, 'kernels wasm, not reference'],
    ['workloads', { workloads: ['fft', 'sor'] }, 'workloads fft, sor, not fft, sor, monte-carlo, sparse, lu'],
    ['margin', { margin: 0.01 }, 'margin 1 %, not 2 %'],
  ] as const)('of another %s are never mixed with the others', (_, plan, words) => {
    writeFleet(dir, { hosts: 7, change: withPlan([1, 5], plan as Partial<SessionInfo['plan']>) });
    const { designs } = modelOf();
    expect(designs.map(({ hosts }) => hosts.length)).toEqual([5, 2]);
    expect(designs[0]?.lines.every(({ places }) => places.length === 5)).toBe(true);
    expect(flat(textOf())).toContain(`host-0002, host-0006: ${words}.`);
  });

  it('that have a container for a baseline say why', () => {
    const info = writeFleet(dir, { hosts: 5, change: withPlan([4], { baseline: 'docker' }) });
    const hosts = info.hosts.map((host, at) => (at === 4 ? { ...host, footingReason: 'no root on the host' } : host));
    writeFileSync(join(dir, FLEET_FILE), JSON.stringify({ ...info, hosts }));
    expect(flat(textOf())).toContain('host-0005: baseline docker, not native; no root on the host.');
  });

  it('whose figures follow other rules are never mixed with the others', () => {
    writeFleet(dir, { hosts: 5, change: (info, host) => (host === 2 ? { ...info, figures: 2 } : info) });
    expect(flat(textOf())).toContain('host-0003: rules of the figures 2, not 1.');
  });

  it('keep untrusted ratios out of every mean', () => {
    const [first] = writeSessions(dir, { hosts: 4 });
    const file = join(dir, first?.path ?? '', 'contrasts.csv');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(
        /(docker,native,fft,.*,)(?:equivalent|inconclusive|slower|faster),/,
        '$1untrusted,',
      ),
    );
    const line = modelOf().designs[0]?.lines.find(({ env, workload }) => env === 'docker' && workload === 'fft');
    expect(line?.places).toEqual([1, 2, 3]);
    expect(flat(textOf())).toContain('1 ratio that the session itself calls untrusted, on host-0001');
  });
});

describe('a folder of sessions', () => {
  it('has the newest session of each host, and says how many older ones there are', () => {
    writeSessions(dir, { hosts: 4 });
    writeSessions(dir, {
      hosts: 4,
      shift: 0.05,
      change: (info) => ({ ...info, session: `${info.session}x`, startedAt: '2026-11-27T07:00:00.000Z' }),
    });
    const model = modelOf();
    expect(model.older).toBe(4);
    expect(model.designs[0]?.hosts.map(({ session }) => session.endsWith('x'))).toEqual([true, true, true, true]);
    expect(flat(textOf())).toContain('4 sessions of hosts that have a newer one are not in it');
  });

  it('and others are read together, and the same name with other hardware is another host', () => {
    const [one, two] = [join(dir, 'one'), join(dir, 'two')];
    writeSessions(one, { hosts: 3 });
    writeSessions(two, {
      hosts: 3,
      change: (info) => ({ ...info, host: { ...info.host, hardware: { ...info.host.hardware, memoryGib: 3 } } }),
    });
    const model = modelOf(undefined, one, two);
    expect(model.designs[0]?.hosts).toHaveLength(6);
    expect(terminalText(fleetDocument(model))).toMatch(/host-0001 \([0-9a-f]{8}\)/);
  });

  it('that has none, or is not there, is a usage error', () => {
    expect(() => modelOf()).toThrow(BoxmarkError);
    expect(() => modelOf(undefined, join(dir, 'gone'))).toThrow(/no such folder/);
  });
});

describe('hosts without figures', () => {
  const at = (agoMs: number) => new Date(NOW - agoMs).toISOString();

  it('are listed by state, with reasons, the silent ones first', () => {
    const info = writeFleet(dir, { hosts: 3 }, [
      { name: 'waits', state: 'waiting' },
      { name: 'runs', state: 'running', lastSeenAt: at(SILENT_AFTER_MS / 2) },
      { name: 'quiet', state: 'running', lastSeenAt: at(2 * SILENT_AFTER_MS) },
      { name: 'broken', state: 'failed', reason: 'no space left' },
      { name: 'refused-1', state: 'refused', reason: 'no docker' },
      { name: 'lost-1', state: 'lost', reason: 'the node left', lastSeenAt: at(1e6) },
      { name: 'empty', state: 'measured', session: 'hosts/empty/none' },
    ]);
    writeFileSync(join(dir, FLEET_FILE), JSON.stringify({ ...info, finishedAt: null }));
    const text = flat(textOf());
    const found = [
      'silent: measuring, and overdue (quiet',
      'lost: nothing more is heard of it (lost-1: the node left',
      'failed (broken: no space left',
      'refused (refused-1: no docker',
      'running (runs',
      'waiting (waits',
    ];
    const places = found.map((words) => text.indexOf(words));
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(text).toMatch(/1 session: There is no such folder \(empty, /);
    // Once the fleet has ended, a host that was running has ended with it.
    writeFileSync(join(dir, FLEET_FILE), JSON.stringify(info));
    expect(
      modelOf()
        .absent.filter(({ state }) => state === 'gone')
        .map(({ host }) => host),
    ).toEqual(['runs', 'quiet']);
  });

  it('among sessions are those whose heartbeat is overdue', () => {
    const [first] = writeSessions(dir, {
      hosts: 4,
      change: (info, host) => (host === 0 ? { ...info, stopReason: 'running', finishedAt: null } : info),
    });
    const beat = {
      ...{
        schema: 1,
        at: at(3_600_000),
        host: 'elsewhere',
        bootId: 'x',
        pidNamespace: '',
        upMs: 1,
        pid: 1,
        startTicks: '1',
      },
      ...{ doing: 'block 2', block: 2, fraction: 0.3 },
    };
    const file = join(dir, first?.path ?? '', 'heartbeat.json');
    writeFileSync(file, JSON.stringify({ ...beat, dueMs: 60_000 }));
    expect(readHosts([dir], NOW).absent).toMatchObject([
      { host: 'host-0001', state: 'gone', lastSeenAt: at(3_600_000) },
    ]);
    writeFileSync(file, JSON.stringify({ ...beat, dueMs: 7_200_000 }));
    expect(readHosts([dir], NOW).absent).toMatchObject([{ host: 'host-0001', state: 'running' }]);
  });

  it('alone give a report without figures', () => {
    writeFleet(dir, { hosts: 0 }, [{ name: 'waits', state: 'waiting' }]);
    expect(answerOf()).toBe('No host has figures: 1 host waiting.');
  });
});

describe('files of strangers', () => {
  const NAME = 'evil\u001b[31m\u202e<script>x</script>|`=1+1';

  it('have names that nothing acts on', () => {
    writeSessions(dir, {
      hosts: 4,
      change: (info, host) => ({
        ...info,
        host: { ...info.host, name: `${NAME}${host}`, hardware: { ...info.host.hardware, cpuModel: NAME } },
      }),
    });
    const document = fleetDocument(modelOf('cpu'));
    for (const text of [terminalText(document), markdownText(document), fleetJson(modelOf('cpu'))]) {
      expect(text).toContain('evil');
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    }
    expect(markdownText(document)).not.toContain('<script>');
  });

  it.each([
    ['no contrasts.csv', () => undefined, 'incomplete: no contrasts.csv'],
    [
      'NaN in contrasts.csv',
      (file: string, text: string) => writeFileSync(file, text.replace(/,6,[\d.]+,/, ',6,NaN,')),
      'time_ratio is "NaN"',
    ],
    [
      'a cut contrasts.csv',
      (file: string, text: string) => writeFileSync(file, text.slice(0, -3)),
      'the last line of a table is incomplete',
    ],
    [
      'an empty contrasts.csv',
      (file: string, text: string) => writeFileSync(file, text.slice(0, text.indexOf('\n') + 1)),
      'no whole block',
    ],
    [
      'too long a contrasts.csv',
      (file: string, text: string) =>
        writeFileSync(file, text + (text.split('\n')[1] as string).concat('\n').repeat(5001)),
      'more than 5000 rows',
    ],
  ] as const)('with %s are left out and named', (_, spoil, why) => {
    const [first] = writeSessions(dir, { hosts: 4 });
    const file = join(dir, first?.path ?? '', 'contrasts.csv');
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    spoil(file, text);
    const model = modelOf();
    expect(model.designs[0]?.hosts).toHaveLength(3);
    expect(model.leftOut).toMatchObject([{ host: first?.name, why: expect.stringContaining(why) }]);
  });

  it('count a row once, and only rows of the plan', () => {
    const [first] = writeSessions(dir, { hosts: 3 });
    const file = join(dir, first?.path ?? '', 'contrasts.csv');
    const text = readFileSync(file, 'utf8');
    const row = text.split('\n')[1] ?? '';
    writeFileSync(file, `${text}${row}\n${row.replace(',docker,', ',other,')}\n${row.replace(',fft,', ',other,')}\n`);
    const lines = modelOf().designs[0]?.lines ?? [];
    expect(lines).toHaveLength(18);
    for (const { places } of lines) expect(places).toEqual([0, 1, 2]);
  });

  it('of 100,000 hosts are read, counted and not all named', () => {
    const info = writeFleet(dir, { hosts: 3 });
    const [first] = info.hosts;
    const others = Array.from({ length: 99_997 }, (_, at) => ({
      ...first,
      name: `h${at}`,
      labels: {},
      state: 'waiting',
      session: null,
    }));
    writeFileSync(join(dir, FLEET_FILE), JSON.stringify({ ...info, hosts: [...info.hosts, ...others] }));
    const text = textOf();
    expect(flat(text)).toMatch(/99997 hosts waiting \(h0; h1; .*; and 99985 more\)/);
    expect(text.length).toBeLessThan(20_000);
  });
});
