/** Facts of a box: one list of names, which payload, host and committed sessions keep to. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FACTS } from '../../bench/box/facts.ts';
import { readBoxFacts } from '../../bench/payload/facts.ts';
import { hostFacts, postureFacts } from '../../bench/run/watch/host-gauges.ts';
import type { BoxFacts, Environment } from '../../bench/types.ts';
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

  it('can not be asked for by a name that there is not', () => {
    const facts: BoxFacts = { seccomp: '2' };
    // @ts-expect-error
    expect(facts.secomp).toBeUndefined();
  });
});
