/** Facts of a box: one list of names, which payload, host and committed sessions keep to. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FACTS, factWords, HOST_FACTS, hostFactWords } from '../../bench/box/facts.ts';
import { readBoxFacts } from '../../bench/payload/facts.ts';
import { hostFacts, postureFacts } from '../../bench/run/watch/host-gauges.ts';
import type { BoxFacts, Environment } from '../../bench/types.ts';
import type { HostFacts } from '../../runners/host/facts.ts';
import { namespacesOf } from '../../runners/host/processes.ts';

const KNOWN = Object.keys(FACTS);

describe('facts of a box', () => {
  it('that the payload reads are all known', () => {
    const read = Object.keys(readBoxFacts(true));
    expect(read.length).toBeGreaterThan(30);
    expect(KNOWN).toEqual(expect.arrayContaining(read));
  });

  it('that the host adds are all known', () => {
    const limits = { cpus_allowed: '0', cpuset: '0', cpu_quota: 1, cpu_period_us: 2, memory_limit_bytes: 3 };
    expect(KNOWN).toEqual(expect.arrayContaining(Object.keys(hostFacts(limits))));
    const namespaces = () => namespacesOf('self');
    const gauges = { availableMemoryBytes: () => null, stealMs: () => null, namespaces };
    const own = Object.keys(postureFacts({ sharesClock: true } as Environment, gauges));
    expect(own.length).toBeGreaterThan(5);
    expect(KNOWN).toEqual(expect.arrayContaining(own));
  });

  it('of the committed sessions are all known', () => {
    for (const session of readdirSync('results/example')) {
      const info = JSON.parse(readFileSync(join('results/example', session, 'session.json'), 'utf8'));
      for (const { facts } of info.environments) expect(KNOWN).toEqual(expect.arrayContaining(Object.keys(facts)));
    }
  });

  it('have names for people, no two the same', () => {
    // A session keeps the digest of the flags in place of their list.
    const kept = KNOWN.filter((fact) => fact !== 'cpu_flags');
    expect(new Set(kept.map(factWords)).size).toBe(kept.length);
    for (const fact of KNOWN) expect(factWords(fact)).not.toMatch(/_|^$/);
    expect(factWords('cpus')).toBe('CPUs');
    expect(factWords('constructor')).toBe('constructor');
  });

  it('can not be asked for by a name that there is not', () => {
    const facts: BoxFacts = { seccomp: '2' };
    // @ts-expect-error
    expect(facts.secomp).toBeUndefined();
  });
});

describe('facts of a host', () => {
  it('have names for people, each that is read', () => {
    const known: Readonly<Record<'hardware' | 'stack', Readonly<Record<string, string>>>> = HOST_FACTS satisfies {
      readonly hardware: Readonly<Record<keyof HostFacts['hardware'], string>>;
      readonly stack: Readonly<Record<keyof HostFacts['stack'], string>>;
    };
    for (const session of readdirSync('results/example')) {
      const { host } = JSON.parse(readFileSync(join('results/example', session, 'session.json'), 'utf8'));
      for (const part of ['hardware', 'stack'] as const) {
        expect(Object.keys(known[part])).toEqual(expect.arrayContaining(Object.keys(host[part])));
      }
    }
    expect(hostFactWords('stack', 'cpuFlagsSha256')).toBe('CPU flags as the kernel shows them');
    expect(hostFactWords('hardware', 'ofALaterVersion')).toBe('ofALaterVersion');
  });
});
