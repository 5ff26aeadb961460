import { describe, expect, it } from 'vitest';
import { groupSamples } from '../../../bench/analysis/contrast/group.ts';
import { changedFacts, explain, type Ladder } from '../../../bench/analysis/explain.ts';
import { simulateSamples, testPlan } from './simulate.ts';

const LADDER: Ladder = {
  baseline: 'native',
  rungs: [
    { env: 'bare', part: 'the layer' },
    { env: 'net', part: 'network namespace' },
    { env: 'docker', part: 'seccomp filter' },
  ],
  exchanges: [{ env: 'vfs', part: 'copies in place of layers' }],
};
const plan = testPlan({
  environments: ['native', 'bare', 'net', 'docker', 'vfs'].map((path) => ({ path })),
  blocks: 12,
  rounds: 12,
});
const ratios = { bare: 1.02, net: 1.02, docker: 1.02 * 1.15, vfs: 1.02 * 1.15 * 1.05 };

function explained(seed: number, change: Parameters<typeof simulateSamples>[1] | object = {}) {
  const samples = simulateSamples(plan, { seed, ratios, burst: 0.01, start: 0.005, weather: 0.2, ...change });
  return explain(groupSamples(samples), plan, LADDER);
}

describe('a difference taken apart', () => {
  it('finds each part of a known difference, and an exchange beside the ladder', () => {
    const suite = explained(1).find(({ workload }) => workload === 'suite');
    expect(suite?.whole.ratio).toBeCloseTo(1.173, 2);
    const [layer, net, seccomp] = suite?.parts ?? [];
    expect(layer).toMatchObject({ env: 'bare', against: 'native' });
    expect(layer?.estimate.ratio).toBeCloseTo(1.02, 2);
    expect(net?.estimate.interval?.low).toBeLessThan(1);
    expect(net?.estimate.interval?.high).toBeGreaterThan(1);
    expect(seccomp?.estimate.ratio).toBeCloseTo(1.15, 1);
    expect(seccomp?.share).toBeGreaterThan(0.75);
    expect(suite?.exchanges).toHaveLength(1);
    expect(suite?.exchanges[0]).toMatchObject({ against: 'docker', share: null });
    expect(suite?.exchanges[0]?.estimate.ratio).toBeCloseTo(1.05, 2);
  });

  it('has parts and a rest that add up to the whole exactly, in every workload of every session', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      for (const { whole, parts, rest } of explained(seed, { burst: 0.05, start: 0.05 })) {
        const sum = parts.reduce((total, { estimate }) => total + Math.log(estimate.ratio), Math.log(rest.ratio));
        expect(sum).toBeCloseTo(Math.log(whole.ratio), 12);
        expect(new Set([whole.blocks, rest.blocks, ...parts.map(({ estimate }) => estimate.blocks)]).size).toBe(1);
      }
    }
  });

  it('gives no shares of a whole that does not differ from none', () => {
    const results = explained(3, { ratios: {}, start: 0.02 });
    for (const { whole, parts } of results) {
      if (whole.interval && whole.interval.low <= 1 && whole.interval.high >= 1) {
        expect(parts.every(({ share }) => share === null)).toBe(true);
      }
    }
    expect(results.length).toBe(3);
  });

  it('uses only blocks that have every part, and gives nothing when there are none', () => {
    const all = [...simulateSamples(plan, { seed: 1, ratios })];
    const cut = all.filter(({ env, block }) => env !== 'net' || block > 4);
    expect(explain(groupSamples(cut), plan, LADDER)[0]?.whole.blocks).toBe(8);
    const gone = all.filter(({ env }) => env !== 'net');
    expect(explain(groupSamples(gone), plan, LADDER)).toEqual([]);
  });
});

describe('what changed between two boxes', () => {
  it('is shown by facts, with the owner of a namespace instead of its number', () => {
    const before = { seccomp: '0', namespace_net: 'net:[1]', host_namespace_net: 'net:[1]', cpu_flags_sha256: 'a' };
    const after = { seccomp: '2', namespace_net: 'net:[7]', host_namespace_net: 'net:[1]', cpu_flags_sha256: 'b' };
    expect(changedFacts(before, after)).toEqual([
      'seccomp mode 2 after 0',
      'CPU flags',
      "network namespace own after the host's",
    ]);
    const other = { ...after, namespace_net: 'net:[8]' };
    expect(changedFacts(after, other)).toEqual([]);
  });

  it('is empty where a fact of one of them is missing', () => {
    expect(changedFacts(null, { seccomp: '2' })).toEqual([]);
    expect(changedFacts({ seccomp: null }, { seccomp: '2' })).toEqual([]);
  });
});
