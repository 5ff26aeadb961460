import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failingCondition, lookUp } from '../../../bench/analysis/claims/conditions.ts';
import {
  type ClaimOptions,
  type ClaimSession,
  invertEstimate,
  judgeClaims,
  placeInBand,
} from '../../../bench/analysis/claims/judge.ts';
import { matchesPattern, pairsOf } from '../../../bench/analysis/claims/pairs.ts';
import type { Claim, Condition } from '../../../bench/analysis/claims/schema.ts';
import { NO_TRAITS, type RunnerKind, type Sample, type Start } from '../../../bench/types.ts';
import { simulateSamples, type TestPlan, type Truth, testEvent, testPlan, testStart } from './simulate.ts';

const KINDS: Readonly<Record<string, RunnerKind>> = {
  native: 'process',
  docker: 'container',
  unshare: 'container',
  uml: 'guest-kernel',
  qemu: 'vm',
};
const options: ClaimOptions = { kindOf: (layer) => KINDS[layer], nearest: (name) => ` (near ${name})` };
const FIVE = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'];
const PATHS = ['native', 'docker', 'unshare', 'docker/docker', 'uml'];

const plan = testPlan({ environments: PATHS.map((path) => ({ path })), workloads: FIVE });
const truth: Truth = { seed: 11, ratios: { docker: 1.01, 'docker/docker': 1.18, uml: 1.12 }, start: 0.001 };

function sessionOf(change: Partial<ClaimSession> = {}, how: TestPlan = plan, what: Truth = truth): ClaimSession {
  return {
    plan: how,
    environments: how.environments.map(({ path }) => ({
      path,
      labels: path === 'uml' ? ['guest kernel (User-mode Linux)'] : path.includes('/') ? ['relaxed outer'] : [],
      traits: { ...NO_TRAITS, ownCpu: path === 'uml', relaxed: path.includes('/') },
      versions: path.startsWith('docker') ? { docker: '20.10.24' } : {},
      facts: { cpus_allowed: path === 'uml' ? '0' : '1', speculation_store_bypass: 'thread vulnerable', odd: null },
    })),
    host: { hardware: { cpuModel: 'Example' }, stack: {} },
    samples: [...simulateSamples(how, what)],
    starts: startsOf(how),
    events: [],
    ...change,
  };
}

/** Native boots take 100 ms, others twice as long, ±1 % from block to block. */
function startsOf(how: TestPlan): Start[] {
  return how.environments.flatMap(({ path }) =>
    Array.from({ length: how.blocks }, (_, index) => {
      const readyMs = (path === 'native' ? 100 : 200) * (1 + 0.01 * (index % 2));
      return testStart({ block: index + 1, env: path, readyMs, memoryPeakBytes: 64 * 2 ** 20 });
    }),
  );
}

const rate = (change: object = {}): Claim =>
  ({
    id: 'x',
    claim: 'A claim.',
    numerator_env: 'docker',
    denominator_env: 'native',
    metric: 'time',
    workload: 'suite',
    value: 1,
    band: { low: 0.97, high: 1.03 },
    source: 'a test',
    ...change,
  }) as Claim;

const resource = (change: object = {}): Claim =>
  rate({
    metric: 'start-up',
    figure: 'ready',
    workload: undefined,
    value: 2,
    band: { low: 1.9, high: 2.1 },
    ...change,
  });

const one = (claim: Claim, session = sessionOf()) => {
  const results = judgeClaims([claim], session, options);
  expect(results).toHaveLength(1);
  return results[0] ?? expect.unreachable();
};

describe('a claim on a session', () => {
  const session = sessionOf();

  it('is reproduced, refuted, left open, or not applicable, each with its reason', () => {
    const nested = { numerator_env: 'container/docker', denominator_env: 'container' };
    const results = judgeClaims(
      [
        rate(),
        rate({ band: { low: 1.15, high: 1.21 } }),
        rate({ band: { low: 0.97, high: 1.0101 } }),
        rate({ ...nested, band: { low: 1.15, high: 1.21 } }),
        rate({ numerator_env: 'gvisor' }),
      ],
      session,
      options,
    );
    expect(results.map(({ verdict }) => verdict)).toEqual([
      'reproduced',
      'refuted',
      'inconclusive',
      'reproduced',
      'not-applicable',
    ]);
    expect(results[2]?.reason).toMatch(
      /^too wide: the interval crosses an edge of the band; (about \d+|more than 1000) further blocks? would decide$/,
    );
    expect(results[3]?.pair).toEqual({ numerator: 'docker/docker', denominator: 'docker' });
    expect(results[4]?.reason).toBe('needs gvisor; here: native, docker, unshare, docker/docker, uml');
  });

  it('of other hardware is not reproduced here, never refuted, and reproduced all the same', () => {
    const off = { band: { low: 1.15, high: 1.21 } };
    const named = { needs: 'an i7', field: 'host.hardware.cpuModel' };
    const results = judgeClaims(
      [
        rate({ ...off, measured_on: 'unnamed' }),
        rate({ ...off, measured_on: [{ ...named, has: 'i7-4790K' }] }),
        rate({ ...off, measured_on: [{ ...named, has: 'Example' }] }),
        rate({ measured_on: 'unnamed' }),
      ],
      session,
      options,
    );
    expect(results.map(({ verdict }) => verdict)).toEqual([
      'not-reproduced',
      'not-reproduced',
      'refuted',
      'reproduced',
    ]);
    expect(results[1]?.reason).toMatch(
      /outside the band; it was measured on other hardware \(needs an i7: .*Example\)/,
    );
  });

  it('is not refuted by a host with other work in a quarter of the blocks, or by another run', () => {
    const verdictWith = (...events: object[]) =>
      judgeClaims(
        [rate({ band: { low: 1.15, high: 1.21 } })],
        sessionOf({ events: events as ClaimSession['events'] }),
        options,
      )[0]?.verdict;
    const steal = (block: number) => ({ kind: 'steal', at: '', block, stealMs: 100, share: 0.1 });
    const pressure = (block: number) => ({ kind: 'pressure', at: '', block, waitedMs: 100, share: 0.3 });
    expect(verdictWith()).toBe('refuted');
    expect(verdictWith(steal(1), pressure(1))).toBe('refuted');
    expect(verdictWith(steal(1), pressure(2), steal(3))).toBe('not-reproduced');
    expect(verdictWith({ kind: 'other-run', at: '', run: 'x' })).toBe('not-reproduced');
  });

  it('about a pair without the baseline is computed from the samples: nested over outer is 1.18 over 1.01', () => {
    const { ours } = one(rate({ numerator_env: 'docker/docker', denominator_env: 'docker' }), session);
    expect(ours?.interval?.low).toBeLessThan(1.18 / 1.01);
    expect(ours?.interval?.high).toBeGreaterThan(1.18 / 1.01);
    expect(ours?.blocks).toBe(6);
  });

  it('on throughput is the one on time turned round, verdict included', () => {
    const time = one(rate({ band: { low: 1 / 1.03, high: 1 / 0.97 } }), session);
    const throughput = one(rate({ metric: 'throughput', band: { low: 0.97, high: 1.03 } }), session);
    expect(throughput.verdict).toBe(time.verdict);
    expect(throughput.timeRatio).toEqual(time.timeRatio);
    expect(throughput.ours).toEqual(invertEstimate(time.ours ?? expect.unreachable()));
    const slower = one(rate({ metric: 'throughput', band: { low: 1.005, high: 1.02 } }), session);
    expect(slower.verdict).toBe('refuted');
  });

  it('is judged on each pair and each workload that it names', () => {
    const results = judgeClaims([rate({ numerator_env: 'container', workload: ['fft', 'lu'] })], session, options);
    expect(results.map(({ pair, workload }) => `${pair?.numerator} ${workload}`)).toEqual([
      'docker fft',
      'docker lu',
      'unshare fft',
      'unshare lu',
    ]);
  });

  it('is left open when the control can not be trusted, or a setting made the sides unequal', () => {
    const ratios = { ...truth.ratios, 'native@control': 1.2 };
    const broken = one(rate(), sessionOf({}, plan, { ...truth, ratios }));
    expect(broken).toMatchObject({ verdict: 'inconclusive', reason: expect.stringMatching(/untrusted: the control/) });
    const inequalities = [{ fact: 'cpu_flags', baseline: 'y', env: 'x', avoidable: true }];
    const reported = sessionOf({ events: [testEvent({ kind: 'unequal', env: 'docker', block: 1, inequalities })] });
    expect(one(rate(), reported)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'untrusted: a setting made the two sides unequal (cpu_flags)',
    });
    expect(one(rate({ allow_unequal: true }), reported).verdict).toBe('reproduced');
  });

  it('is left open with one block, and when an environment gave no data', () => {
    const single = testPlan({ ...plan, blocks: 1 });
    expect(one(rate(), sessionOf({}, single))).toMatchObject({
      verdict: 'inconclusive',
      reason: 'one block gives no interval',
    });
    const samples = [...(session.samples as readonly Sample[])].filter(({ env }) => env !== 'docker');
    expect(one(rate(), sessionOf({ samples }))).toMatchObject({ verdict: 'inconclusive', ours: null });
  });

  it('on the suite needs the five workloads of SciMark, on another workload that workload', () => {
    const two = sessionOf({}, testPlan({ environments: plan.environments, workloads: ['fft', 'lu'] }));
    expect(one(rate(), two).reason).toBe('needs all five workloads of SciMark; missing here: sor, monte-carlo, sparse');
    expect(one(rate({ workload: 'linpack' }), two).reason).toBe(
      'needs the workload linpack (near linpack); here: fft, lu',
    );
    expect(one(rate({ workload: 'lu' }), two).verdict).toBe('reproduced');
  });

  it('names the condition that fails, once for each pair', () => {
    const kvm = { needs: 'KVM', field: 'numerator.traits.kvm', is: true };
    expect(one(rate({ numerator_env: 'vm', applies_if: [kvm] }), session)).toMatchObject({
      verdict: 'not-applicable',
      reason: 'needs KVM: labels of uml: guest kernel (User-mode Linux)',
    });
    const both = one(rate({ numerator_env: 'container', applies_if: [kvm] }), session);
    expect(both.reason).toBe('needs KVM: labels of docker: none; needs KVM: labels of unshare: none');
  });

  it('does not depend on the order of the rows', () => {
    const backwards = sessionOf({
      samples: [...(session.samples as readonly Sample[])].reverse(),
      starts: [...session.starts].reverse(),
    });
    const claims = [rate(), resource()];
    expect(judgeClaims(claims, backwards, options)).toEqual(judgeClaims(claims, session, options));
  });
});

describe('a claim on start-up or memory', () => {
  const session = sessionOf();

  it('as a ratio is paired by block', () => {
    const { ours, verdict, unit } = one(resource(), session);
    expect(verdict).toBe('reproduced');
    expect(unit).toBe('ratio');
    // Both sides vary alike, so that nothing of it is left in the ratio.
    expect(ours?.ratio).toBeCloseTo(2, 12);
    expect((ours?.interval?.high ?? 0) - (ours?.interval?.low ?? 0)).toBeLessThan(1e-9);
  });

  it('without a denominator is in ms or MiB, with an interval over starts', () => {
    const claim = resource({ denominator_env: undefined, value: 125, band: { high: 250 } });
    const { ours, unit, verdict } = one(claim, session);
    expect({ unit, verdict }).toEqual({ unit: 'ms', verdict: 'reproduced' });
    // Six values of 200 and 202 in turn: mean ± t(0.975, 5) · s / √6 in logs, computed by hand.
    expect(ours?.ratio).toBeCloseTo(200 * Math.sqrt(1.01), 9);
    const halfWidth = (2.570581835636 * Math.log(1.01) * Math.sqrt(0.3)) / Math.sqrt(6);
    expect(ours?.interval?.high).toBeCloseTo(200 * Math.sqrt(1.01) * Math.exp(halfWidth), 6);
    expect(one(resource({ denominator_env: undefined, value: 125, band: { high: 125 } }), session).verdict).toBe(
      'refuted',
    );
    const memory = resource({
      metric: 'memory',
      figure: 'peak',
      denominator_env: undefined,
      band: { low: 60, high: 70 },
    });
    expect(one(memory, session)).toMatchObject({ unit: 'MiB', verdict: 'reproduced' });
  });

  it('about idle instances needs a session that held some', () => {
    const claim = resource({
      ...{ metric: 'memory', figure: 'instance-host', denominator_env: undefined },
      ...{ value: 5, band: { low: 3, high: 15 } },
    });
    expect(one(claim, session)).toMatchObject({
      verdict: 'not-applicable',
      reason: 'needs idle instances: a session of --measure footprint or density',
    });
    const footprint = [1, 2, 3].flatMap((block) =>
      [1, 2, 4].map((instances) => ({
        ...{ block, position: 1, env: claim.numerator_env as string, instances },
        ...{ hostDeltaBytes: (100 + (8 + block / 100) * instances) * 2 ** 20, pssBytes: null, cgroupBytes: null },
        ...{ diskBytes: null, imageBytes: null },
      })),
    );
    const held = one(claim, { ...session, footprint });
    expect(held).toMatchObject({ verdict: 'reproduced', unit: 'MiB' });
    expect(held.ours?.ratio).toBeCloseTo(8.02, 2);
  });

  it('says when the figure is unknown, was not read, or has no logarithm', () => {
    expect(one(resource({ figure: 'raedy' }), session)).toMatchObject({
      verdict: 'not-applicable',
      reason: 'needs the start-up figure raedy (near raedy), which no session has',
    });
    const unread = sessionOf({ starts: session.starts.map((start) => ({ ...start, readyMs: null }) as Start) });
    expect(one(resource(), unread)).toMatchObject({ verdict: 'inconclusive', reason: 'no block has the figure ready' });
    const negative = sessionOf({ starts: session.starts.map((start) => ({ ...start, readyMs: -1 }) as Start) });
    expect(one(resource(), negative).reason).toBe('ready is not above 0 in every block');
  });

  it('leaves out starts that did not complete', () => {
    const failed = { status: 'failed', reason: 'x', readyMs: 9e9 } as Partial<Start>;
    const starts = session.starts.map((start) => (start.block === 1 ? ({ ...start, ...failed } as Start) : start));
    expect(one(resource(), sessionOf({ starts }))).toMatchObject({ verdict: 'reproduced', ours: { blocks: 5 } });
  });
});

describe('patterns of environments', () => {
  it.each([
    ['docker', 'docker', true],
    ['docker/docker', 'docker', false],
    ['docker/docker', 'container/docker', true],
    ['unshare/docker', 'container/docker', true],
    ['unshare/unshare', 'container/docker', false],
    ['qemu:tcg', 'qemu', true],
    ['qemu', 'qemu:tcg', false],
    ['qemu:tcg', 'qemu:tcg', true],
    ['uml', 'vm', true],
    ['native', 'vm', false],
    ['native', 'any', true],
    ['later/docker', 'any/docker', true],
    ['later', 'container', false],
    ['constructor', 'toString', false],
  ])('%s matches %s: %s', (path, pattern, expected) => {
    expect(matchesPattern(path, pattern, options.kindOf)).toBe(expected);
  });

  it('compare a nested box with its own outer layer, else with every other that matches', () => {
    const claim = rate({ numerator_env: 'container/container', denominator_env: 'container' });
    const nested = ['docker', 'unshare', 'docker/docker', 'unshare/unshare'];
    expect(pairsOf(claim, nested, options.kindOf)).toEqual([
      { numerator: 'docker/docker', denominator: 'docker' },
      { numerator: 'unshare/unshare', denominator: 'unshare' },
    ]);
    const alike = rate({ numerator_env: 'container', denominator_env: ['docker', 'native'] });
    expect(pairsOf(alike, ['native', 'docker'], options.kindOf)).toEqual([
      { numerator: 'docker', denominator: 'native' },
    ]);
  });
});

describe('conditions', () => {
  const session = sessionOf();
  const pair = { numerator: 'docker', denominator: 'native' };
  const fails = (condition: object) =>
    failingCondition([{ needs: 'it', ...condition } as Condition], session, pair) !== null;

  it.each([
    [{ field: 'size', is: 'small' }, true],
    [{ field: 'size', is: ['tiny', 'large'] }, false],
    [{ field: 'cpus', is: 1 }, true],
    [{ field: 'numerator.cpus', is: '1' }, true],
    [{ field: 'numerator.facts.speculation_store_bypass', is_not: ['thread force mitigated'] }, true],
    [{ field: 'numerator.facts.speculation_store_bypass', has: 'vulnerable' }, true],
    [{ field: 'numerator.facts.speculation_store_bypass', lacks: 'vulnerable' }, false],
    [{ field: 'numerator.facts.odd', is_not: 'x' }, false],
    [{ field: 'numerator.facts.unread', lacks: 'x' }, false],
    [{ field: 'numerator.labels', lacks: 'emulated' }, true],
    [{ field: 'numerator.traits.emulated', is: false }, true],
    [{ field: 'numerator.traits.relaxed', is: true }, false],
    [{ field: 'numerator.versions.docker', at_least: '20.9' }, true],
    [{ field: 'numerator.versions.docker', below: 20 }, false],
    [{ field: 'numerator.versions.docker', below: '20.10.25' }, true],
    [{ field: 'denominator.versions.docker', below: 99 }, false],
    [{ field: 'host.hardware.cpuModel', below: 99 }, false],
    [{ field: 'numerator.cpus', same_as: 'denominator.cpus' }, true],
    [{ field: 'numerator.path', same_as: 'denominator.path' }, false],
    [{ field: 'numerator.facts.odd', same_as: 'denominator.facts.odd' }, false],
    [{ field: 'host.stack.constructor', lacks: 'x' }, false],
  ])('%o holds: %s', (condition, expected) => {
    expect(!fails(condition)).toBe(expected);
  });

  it.each([
    ['v20.20.2', '20', true],
    ['v20.20.2', '20.21', false],
    ['v9.1', '10', false],
    ['6.1.0-13-amd64', '6.1', true],
    ['6.1.0-13-amd64', '6.1.0-14', false],
    ['1.2rc1', '1.2', false],
    ['1.2rc2', '1.2rc1', true],
    ['1.2', '1.2rc1', true],
    ['1.2.0-beta.3', '1.2', false],
    ['20.10.21+dfsg1', '20.10.21', true],
    ['2.0', '2', true],
    ['vendor 3', '1', false],
  ])('of versions: %s is at least %s: %s', (version, limit, expected) => {
    const here = sessionOf({ host: { hardware: {}, stack: { nodeVersion: version } } });
    const asked = { needs: 'it', field: 'host.stack.nodeVersion' };
    expect(failingCondition([{ ...asked, at_least: limit } as Condition], here, pair) === null).toBe(expected);
    const isVersion = /^v?\d/.test(version);
    const isBelow = failingCondition([{ ...asked, below: limit } as Condition], here, pair) === null;
    expect(isBelow).toBe(isVersion && !expected);
  });

  it('fail on what the session does not record, and say so', () => {
    const reason = failingCondition(
      [{ needs: 'a filter', field: 'numerator.facts.seccomp_filters', at_least: 1 }],
      session,
      pair,
    );
    expect(reason).toBe('needs a filter: facts seccomp filters of docker not known');
    const unread = sessionOf({ environments: [] });
    expect(lookUp('numerator.labels', unread, pair)).toBeUndefined();
  });
});

describe('the band', () => {
  const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  const interval = fc.tuple(positive, positive).map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }));

  it('gives exactly one answer, the same for times and for throughputs', () => {
    void fc.assert(
      fc.property(interval, interval, (ours, band) => {
        const place = placeInBand(ours, band);
        expect(['inside', 'disjoint', 'across']).toContain(place);
        const turned = (it: { low: number; high: number }) => ({ low: 1 / it.high, high: 1 / it.low });
        // Rounding may move ends that touch.
        const gap = Math.min(
          ...[ours.low, ours.high].flatMap((a) => [band.low, band.high].map((b) => Math.abs(a / b - 1))),
        );
        if (gap > 1e-9) expect(placeInBand(turned(ours), turned(band))).toBe(place);
      }),
    );
  });

  it('includes its edges and may be open to one side', () => {
    expect(placeInBand({ low: 1, high: 2 }, { low: 1, high: 2 })).toBe('inside');
    expect(placeInBand({ low: 1, high: 2 }, { high: 2 })).toBe('inside');
    expect(placeInBand({ low: 1, high: 2 }, { low: 3 })).toBe('disjoint');
    expect(placeInBand({ low: 1, high: 2 }, { low: 2 })).toBe('across');
  });
});
