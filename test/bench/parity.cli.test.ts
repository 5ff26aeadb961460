/** Parity: what counts as unequal, which inequalities could have been avoided, and a session that finds some. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionTable, unequalOf } from '../../bench/analysis/contrast/session-table.ts';
import { readCgroupFacts } from '../../bench/payload/cgroup-facts.ts';
import { runSession } from '../../bench/run/session.ts';
import { compareFacts, type Judgeable, natureOf } from '../../bench/run/watch/parity.ts';
import { openParity } from '../../bench/run/watch/parity-log.ts';
import type { Side } from '../../bench/run/watch/side.ts';
import { createStore } from '../../bench/session/store.ts';
import { type BoxFacts, type Environment, type Inequality, NO_TRAITS, type Plan } from '../../bench/types.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { infoFor, PAYLOAD, requestFor, scripted, tinyPlan } from './boxes.ts';

const NATIVE: BoxFacts = {
  cpus_allowed: '3',
  cpuset: '0-3',
  cpu_quota: 'none',
  cpu_period_us: 'none',
  memory_limit_bytes: 2 ** 30,
  memory_total_kib: 2 ** 20,
  cpu_flags: 'aes avx avx2 fma fpu monitor sse2 vmx',
  clocksource: 'tsc',
  transparent_hugepages: 'always [madvise] never',
  mitigations: 'mds: Not affected; spectre_v2: Mitigation: Retpolines, STIBP: disabled',
  seccomp: '0',
  seccomp_filters: '0',
  speculation_store_bypass: 'thread vulnerable',
  no_new_privs: '0',
  capabilities_effective: '000001ffffffffff',
  security_label: null,
  uid_map: '0 0 4294967295',
  root_filesystem: 'ext4 rw',
  kernel: '6.1.0',
  libc: 'glibc 2.36',
  node_sha256: 'a'.repeat(64),
  payload_sha256: 'b'.repeat(64),
};
const SHARED: Judgeable = { traits: NO_TRAITS, sharesClock: true };
const KVM = { traits: { ...NO_TRAITS, kvm: true }, sharesClock: false };
const TCG = { traits: { ...NO_TRAITS, emulated: true, ownCpu: true }, sharesClock: false };
const UML = { traits: { ...NO_TRAITS, ownCpu: true }, sharesClock: false };

function side(changes: BoxFacts = {}, layer = SHARED): Side {
  return { facts: { ...NATIVE, ...changes }, nature: natureOf(layer) };
}
/** What is unequal in a box against one with the facts above. */
function against(changes: BoxFacts, layer = SHARED): Inequality[] {
  return compareFacts(side(), side(changes, layer));
}
function only(changes: BoxFacts, layer = SHARED): Inequality {
  const found = against(changes, layer);
  expect(found.map(({ fact }) => fact)).toHaveLength(1);
  return found[0] as Inequality;
}

describe('equal facts', () => {
  it('make no inequality, whatever process, memory of the host and versions are', () => {
    expect(against({ pid: 1, uid: 7, memory_total_kib: 5, cpu_model: 'x', node_version: 'v1' })).toEqual([]);
  });

  it('are not made unequal by what a box does not show', () => {
    const nothing = Object.fromEntries(Object.keys(NATIVE).map((fact) => [fact, null]));
    expect(against(nothing)).toEqual([]);
    expect(compareFacts(side(nothing), side())).toEqual([]);
    expect(compareFacts(side({}), { facts: {}, nature: natureOf(KVM) })).toEqual([]);
  });
});

describe('the three artefacts that make overhead out of nothing', () => {
  it('are visible: speculation control forced by seccomp', () => {
    const found = against({ seccomp: '2', seccomp_filters: '1', speculation_store_bypass: 'thread force mitigated' });
    expect(found.map(({ fact }) => fact)).toEqual(['speculation_store_bypass', 'seccomp', 'seccomp_filters']);
    expect(found[0]).toMatchObject({ label: 'SSBD on against off', avoidable: false });
    expect(found[0]?.why).toMatch(/seccomp filter/);
    // A filter that leaves the mitigation alone is reports apart.
    expect(against({ seccomp: '2' }).map(({ label }) => label)).toEqual(['seccomp mode 2 against 0']);
  });

  it('are visible: a guest CPU model that hides AVX, which a setting avoids', () => {
    const found = only({ cpu_flags: 'aes fpu hypervisor sse2' }, KVM);
    expect(found).toMatchObject({ fact: 'cpu_flags', avoidable: true, env: 'only here: hypervisor' });
    expect(found.label).toBe('CPU flags: 3 hidden (avx avx2 fma)');
    expect(found.baseline).toBe('only here: avx avx2 fma monitor vmx');
    expect(found.why).toMatch(/-cpu host/);
  });

  it('are visible: unequal numbers of CPUs', () => {
    expect(only({ cpus_allowed: '0-3' })).toMatchObject({ fact: 'cpus', label: 'CPUs 4 against 1', avoidable: true });
    expect(only({ cpus_allowed: '0,1' }, KVM)).toMatchObject({ label: 'CPUs 2 against 1', avoidable: true });
  });
});

describe('an inequality', () => {
  it('of CPUs counts by number in a guest, and by the host’s set for the machine', () => {
    expect(only({ cpus_allowed: '2' })).toMatchObject({ fact: 'cpus', label: 'CPU 2 against 3', avoidable: true });
    expect(against({ cpus_allowed: '0' }, KVM)).toEqual([]);
    const pinned = { host_cpus_allowed: '3' };
    const found = compareFacts(side(pinned), side({ cpus_allowed: '0', host_cpus_allowed: '0-3' }, UML));
    expect(found).toMatchObject([{ fact: 'host_cpus', label: 'CPU 0-3 of the host against 3', avoidable: true }]);
    expect(only({ cpuset: '3' })).toMatchObject({ fact: 'cpuset', avoidable: false });
  });

  it('of flags is a label where the layer emulates, or only what no guest gets is missing', () => {
    expect(only({ cpu_flags: 'aes fpu sse2' }, TCG)).toMatchObject({ avoidable: false });
    expect(only({ cpu_flags: 'fpu' }, UML)).toMatchObject({ avoidable: false });
    expect(only({ cpu_flags: 'aes avx avx2 fma fpu hypervisor sse2' }, KVM)).toMatchObject({
      avoidable: false,
      label: 'CPU flags: 2 hidden (monitor vmx)',
    });
    // What a process that plays a kernel lists is no list of the processor's flags.
    expect(only({ cpu_flags: `${NATIVE.cpu_flags} 3dnow sme cid` }, UML)).toMatchObject({
      avoidable: false,
      label: 'CPU flags: 3 more (3dnow cid sme)',
    });
    // The other way round: it is the baseline that hides them.
    const hiding = compareFacts(side({ cpu_flags: 'fpu' }, KVM), side());
    expect(hiding.find(({ fact }) => fact === 'cpu_flags')).toMatchObject({ avoidable: true });
    const emulated = compareFacts(side({ cpu_flags: 'fpu' }, TCG), side());
    expect(emulated.find(({ fact }) => fact === 'cpu_flags')).toMatchObject({ avoidable: false });
  });

  it('of the quota is that of the tightest level, by the box or by the host, unless it was asked for', () => {
    const half = { host_cpu_quota: 0.5, host_cpu_period_us: 100_000 };
    expect(only(half)).toMatchObject({ fact: 'cpu_quota', env: 0.5, baseline: 'none', avoidable: true });
    expect(compareFacts(side(half), side({ cpu_quota: 0.5, cpu_period_us: 100_000 }))).toEqual([]);
    expect(compareFacts(side(half), side({ cpu_quota: 0.5, cpu_period_us: 50_000 })).map(({ fact }) => fact)).toEqual([
      'cpu_period_us',
    ]);
    const asked = { traits: { ...NO_TRAITS, quotaAsked: true }, sharesClock: true };
    expect(only(half, asked)).toMatchObject({ avoidable: false });
  });

  it('of bytes could always have been avoided', () => {
    for (const fact of ['payload_sha256', 'node_sha256', 'libc']) {
      expect(only({ [fact]: 'c'.repeat(64) }, UML)).toMatchObject({ fact, avoidable: true });
    }
  });

  it('of what confines a box, or of its kernel, is a label', () => {
    const docker = against({
      no_new_privs: '1',
      capabilities_effective: '0',
      security_label: 'docker-default',
      uid_map: '0 100000 65536',
      root_filesystem: 'overlay ro',
    });
    expect(docker.every(({ avoidable }) => !avoidable)).toBe(true);
    expect(docker[1]?.label).toBe('capabilities 0 against 41');
    // What the baseline does not show is not known to differ.
    expect(docker.map(({ fact }) => fact)).toEqual([
      'no_new_privs',
      'capabilities_effective',
      'uid_map',
      'root_filesystem',
    ]);
    const guest = against(
      { clocksource: 'kvm-clock', kernel: '5.10.0', transparent_hugepages: '[always] madvise' },
      KVM,
    );
    expect(guest).toHaveLength(3);
    expect(guest.every(({ avoidable, why }) => !avoidable && /its own kernel/.test(why))).toBe(true);
    expect(guest.find(({ fact }) => fact === 'transparent_hugepages')).toMatchObject({
      baseline: 'madvise',
      env: 'always',
    });
  });

  it('of mitigations names only those that differ, those of one kernel alone included', () => {
    const found = only({ mitigations: 'mds: Not affected; spectre_v2: Vulnerable; tsa: Not affected' }, KVM);
    expect(found).toMatchObject({
      baseline: 'spectre_v2: Mitigation: Retpolines, STIBP: disabled; tsa: not listed',
      env: 'spectre_v2: Vulnerable; tsa: Not affected',
      avoidable: false,
    });
  });

  it('of memory compares a guest’s own with the limit of others', () => {
    expect(only({ memory_limit_bytes: 'none' })).toMatchObject({ fact: 'memory', env: 'none', avoidable: false });
    expect(only({ memory_total_kib: 987 * 1024, memory_limit_bytes: null }, KVM)).toMatchObject({
      label: 'memory 987 MiB against 1024 MiB',
    });
  });
});

describe('the limits that a box sees', () => {
  const reader = (files: Record<string, string>) => (file: string) => files[file] ?? null;
  const V2 = {
    '/proc/self/mountinfo': '31 30 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
    '/proc/self/cgroup': '0::/a/b',
    '/sys/fs/cgroup/a/b/cpu.max': 'max 100000',
    '/sys/fs/cgroup/a/cpu.max': '50000 100000',
    '/sys/fs/cgroup/a/b/memory.max': '1073741824',
    '/sys/fs/cgroup/a/memory.max': '536870912',
    '/sys/fs/cgroup/a/b/cpuset.cpus.effective': '1',
  };

  it('are the tightest of all levels, of v2', () => {
    expect(readCgroupFacts(reader(V2))).toEqual({
      cpuset: '1',
      cpu_quota: 0.5,
      cpu_period_us: 100_000,
      memory_limit_bytes: 536_870_912,
    });
  });

  it('and of v1, whose mounts may show only the box’s own part', () => {
    const files = {
      '/proc/self/mountinfo': [
        '33 30 0:29 /docker/ab /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
        '34 30 0:30 /docker/ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
        '35 30 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset',
      ].join('\n'),
      '/proc/self/cgroup': '3:memory:/docker/ab\n2:cpu,cpuacct:/docker/ab\n1:cpuset:/',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
      '/sys/fs/cgroup/cpuset/cpuset.cpus': '0-1',
    };
    expect(readCgroupFacts(reader(files))).toEqual({
      cpuset: '0-1',
      cpu_quota: 'none',
      cpu_period_us: 'none',
      memory_limit_bytes: 'none',
    });
  });

  it('are null where nothing is mounted', () => {
    expect(readCgroupFacts(() => null)).toEqual({
      cpuset: null,
      cpu_quota: null,
      cpu_period_us: null,
      memory_limit_bytes: null,
    });
  });
});

describe('the log of a session', () => {
  it('reports each inequality of a box once, when both sides are known, and keeps lists by their digest', () => {
    const reports: [string, number, string[]][] = [];
    const parity = openParity({
      environments: new Map([
        ['native', SHARED],
        ['docker', SHARED],
      ]),
      baseline: 'native',
      earlier: {},
      report: (box, block, found) => reports.push([box, block, found.map(({ fact }) => fact)]),
    });
    parity.read('docker', { ...NATIVE, seccomp: '2' }, 1);
    expect(reports).toEqual([]);
    parity.read('native', NATIVE, 1);
    parity.read('docker', { ...NATIVE, seccomp: '2', node_sha256: null }, 2);
    parity.read('native', NATIVE, 2);
    parity.read('docker', { ...NATIVE, seccomp: '2', cpus_allowed: '1' }, 3);
    expect(reports).toEqual([
      ['docker', 1, ['seccomp']],
      ['docker', 3, ['cpus']],
    ]);
    expect(parity.facts('docker')).not.toHaveProperty('cpu_flags');
    expect(parity.facts('elsewhere')).toBeNull();
  });
});

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

async function run(plan: Plan, environments: readonly Environment[], control: Environment) {
  const info = infoFor(plan, environments);
  const store = createStore(out, info);
  const seen: string[] = [];
  const outcome = await runSession({
    ...requestFor(plan, environments),
    control,
    store: {
      ...store,
      event: (event) => {
        seen.push(event.kind);
        store.event(event);
      },
      samples: (rows) => {
        seen.push('samples');
        store.samples(rows);
      },
    },
    info,
  });
  store.close();
  return { outcome, dir: store.dir, seen };
}

describe('a session with unequal CPU sets', () => {
  const on = (path: string, cpus: readonly number[]) =>
    scripted(path, ['taskset', '-c', cpus.join(','), process.execPath, PAYLOAD]);
  const all = allowedCpus();
  const base = { environments: [{ path: 'native' }, { path: 'wide' }], blocks: 3, workloads: ['fft'] };

  it('says so before anything is timed, once, in events and session.json, and gives no verdict on it', async (ctx) => {
    if (all.length < 2) return ctx.skip('one CPU is allowed here');
    const one = all.slice(0, 1);
    const plan = tinyPlan(base);
    const { outcome, dir, seen } = await run(plan, [on('native', one), on('wide', all)], on('native', one));
    const events = outcome.events.filter((event) => event.kind === 'unequal');
    expect(events).toMatchObject([
      {
        env: 'wide',
        block: 1,
        inequalities: [{ fact: 'cpus', label: `CPUs ${all.length} against 1`, avoidable: true }],
      },
    ]);
    expect(seen.indexOf('unequal')).toBeLessThan(seen.indexOf('samples'));
    const info = JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8'));
    expect(info.environments[1].inequalities).toEqual(events[0]?.inequalities);
    expect(info.environments[0].inequalities).toEqual([]);
    expect(info.environments[0].facts).toMatchObject({ cpus_allowed: String(one[0]) });
    expect(info.environments[0].facts).not.toHaveProperty('cpu_flags');
    expect(Object.keys(unequalOf(outcome.events))).toEqual(['wide']);
    expect(outcome.contrasts.map(({ verdict }) => verdict)).toEqual(['untrusted', 'untrusted']);

    const { samples, starts, events: all_ } = outcome;
    const allowed = sessionTable({ plan: { ...plan, allowUnequal: true }, samples, starts, events: all_ });
    const reasons = allowed.rows.flatMap(({ judgement }) => judgement?.reasons ?? []);
    expect(reasons.map(({ kind }) => kind)).not.toContain('unequal');
  });

  it('reports nothing when they are equal', async () => {
    const one = all.slice(0, 1);
    const { outcome } = await run(
      tinyPlan({ ...base, blocks: 1 }),
      [on('native', one), on('wide', one)],
      on('native', one),
    );
    expect(outcome.events.filter(({ kind }) => kind === 'unequal')).toEqual([]);
  });
});
