import { describe, expect, it } from 'vitest';
import { BoxmarkError, nearest } from '../../bench/errors.ts';
import { describePlan, estimateSeconds } from '../../bench/kinds/index.ts';
import { metricOf, runOf } from '../../bench/plan/commands.ts';
import { checkPlanInput, makePlan, planSettings } from '../../bench/plan/plan.ts';
import { planSchema } from '../../bench/plan/plan-schema.ts';
import { blockSteps } from '../../bench/plan/steps.ts';
import { writtenPlan } from '../../bench/plan/written-plan.ts';

const defaults = {
  workloads: ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'],
  seed: 42,
  limitsFor: (cpus: readonly number[] | undefined, memoryBytes: number) => ({
    cpus: cpus ?? [1],
    housekeeping: [0],
    memoryBytes,
    pids: 512,
  }),
};
const environments = [
  { path: 'native' },
  { path: 'docker', alias: 'container' },
  { path: 'docker/docker', alias: 'nested' },
];
/** The plan of a file with this content. */
const plan = (content: Readonly<Record<string, unknown>> = {}) =>
  makePlan(planSettings(checkPlanInput(content, 'plan.yaml'), defaults), environments, 'native');

describe('a plan', () => {
  it('is the same for the same input, and frozen', () => {
    expect(plan()).toEqual(plan());
    expect(Object.isFrozen(plan())).toBe(true);
    expect(blockSteps(plan(), 3)).toEqual(blockSteps(plan(), 3));
    expect(blockSteps(plan(), 3)).not.toEqual(blockSteps(plan(), 4));
  });

  it('takes its blocks and rounds from the profile, rounds up to a balanced number, and lets flags win', () => {
    expect(plan()).toMatchObject({ profile: 'quick', minBlocks: 6, maxBlocks: 6, rounds: 32, longVisits: 1 });
    expect(plan({ profile: 'standard' })).toMatchObject({ minBlocks: 10, rounds: 40, longVisits: 2 });
    expect(plan({ profile: 'glance' })).toMatchObject({ minBlocks: 3, maxBlocks: 3, rounds: 12, longVisits: 0 });
    expect([plan({ profile: 'glance' }).pilotBursts, plan().pilotBursts]).toEqual([10, 20]);
    const fixed = plan({ profile: 'publish', blocks: '3', rounds: '1' });
    expect(fixed).toMatchObject({ minBlocks: 3, maxBlocks: 3, target: null, rounds: 4 });
  });

  it('asks for the CPUs of the program with the most copies, which only a run of workloads has', () => {
    const asked: unknown[] = [];
    const limitsFor: typeof defaults.limitsFor = (cpus, memoryBytes, ...rest) => {
      asked.push(...rest);
      return defaults.limitsFor(cpus, memoryBytes);
    };
    const settings = (content: object) =>
      planSettings(checkPlanInput(content, 'plan.yaml'), { ...defaults, programs: true, limitsFor });
    const workloads = [{ command: 'sort data', threads: 3 }, { command: 'gzip data' }];
    expect(settings({ workloads }).commands).toMatchObject([{ threads: 3 }, {}]);
    settings({ workloads, threads: 4 });
    expect(asked).toEqual([3, 4]);
    expect(() => settings({ workloads, measure: 'scale' })).toThrow(
      /threads of a program has no effect with --measure scale/,
    );
    expect(() => settings({ workloads: [{ command: 'ls', threads: 0 }] })).toThrow(/at 0.threads/);
  });

  it('lets more and more instances work at once, on all CPUs and on one workload unless others are named', () => {
    expect(plan({ measure: 'scale', max: '16', workload: undefined })).toMatchObject({
      ...{ measure: 'scale', instances: [1, 2, 3, 4, 6, 8, 12, 16], windowNs: 1e9, workloads: ['fft'], rounds: 1 },
      ...{ minBlocks: 6, maxBlocks: 6, target: null },
    });
    expect(plan({ measure: 'scale', max: '5', workload: 'sor', window: '200ms' })).toMatchObject({
      ...{ instances: [1, 2, 3, 4, 5], windowNs: 2e8, workloads: ['sor'] },
    });
    expect(plan({ measure: 'scale', max: '1' }).instances).toEqual([1]);
    expect(plan({ measure: 'scale', instances: [1, 7] }).instances).toEqual([1, 7]);
  });

  it('gives a victim every neighbour but the one that wears a device, on all CPUs, unless some are named', () => {
    expect(plan({ measure: 'neighbour', workload: undefined })).toMatchObject({
      ...{ measure: 'neighbour', workloads: ['fft'], rounds: 2, windowNs: 2.5e8, minBlocks: 6, maxBlocks: 6 },
      aggressors: ['cpu', 'memory', 'cache', 'forks', 'files'],
    });
    expect(plan({ measure: 'neighbour', aggressors: 'disk,cpu', rounds: 5, window: '1s' })).toMatchObject({
      ...{ aggressors: ['disk', 'cpu'], rounds: 5, windowNs: 1e9 },
    });
    expect(plan({ measure: 'neighbour', profile: 'publish' })).toMatchObject({ rounds: 4, maxBlocks: 16 });
  });

  it('compares every environment with the baseline, and further pairs by path or alias', () => {
    expect(plan({ contrast: ['nested..container'] }).contrasts).toEqual([
      { env: 'docker', baseline: 'native' },
      { env: 'docker/docker', baseline: 'native' },
      { env: 'docker/docker', baseline: 'docker' },
    ]);
  });

  it('reads times, sizes and CPUs with their units', () => {
    const made = plan({ burst: '3ms', memory: '512m', cpu: '0,2-3', timeout: '2m', 'max-time': '1h', seed: '9' });
    expect(made).toMatchObject({ burstNs: 3e6, timeoutMs: 120_000, maxTimeMs: 3_600_000, seed: 9 });
    expect(made.limits).toMatchObject({ cpus: [0, 2, 3], memoryBytes: 2 ** 29 });
  });

  it('of load has short bursts of one kernel, levels by the profile, and shares as rates', () => {
    const made = plan({ measure: 'load' });
    expect(made).toMatchObject({
      measure: 'load',
      workloads: ['lu'],
      burstNs: 5e6,
      rounds: 1,
      minBlocks: 3,
      maxBlocks: 3,
    });
    expect(made).toMatchObject({ levelNs: 2e9, levelArrivals: 100 });
    expect(made).not.toHaveProperty('rates');
    const longer = plan({ measure: 'load', profile: 'publish', workload: ['fft', 'sor'], burst: '1ms' });
    expect(longer).toMatchObject({ workloads: ['fft', 'sor'], burstNs: 1e6, levelNs: 10e9, levelArrivals: 1000 });
    const guess = () => ({ startSeconds: 1, factor: 1 });
    const lines = describePlan(made, guess).join('\n');
    expect(lines).toContain('rates         0.2, 0.4, 0.6, 0.8, 0.9, 1.1 of what the baseline can do');
    // Three environments and the control: a start and six levels each, in three blocks; the lowest rate takes 2.5 s.
    expect(estimateSeconds(made, guess)).toBeCloseTo(3 * 4 * (1 + 5 * 2 + 2.5), 6);
  });

  it('of load takes rates in any order, each once, and a length that is the whole length', () => {
    const made = plan({ measure: 'load', rates: '100,0.5,100,20', level: '500ms' });
    expect(made).toMatchObject({ rates: [0.5, 20, 100], levelNs: 5e8, levelArrivals: 1 });
    expect(writtenPlan(made)).toMatchObject({ rates: [0.5, 20, 100], level: '500000000ns' });
    expect(planSchema.parse(made)).toEqual(made);
  });

  it('holds further workloads by their own groups, each with its figures behind it, and never in all', () => {
    const system = ['syscall'];
    const groups = { disk: ['disk-sync', 'disk-read'], 'beyond-caches': ['disk-sync', 'disk-read', 'random-access'] };
    const p99 = { id: 'disk-sync.p99', unit: 'µs', better: 'lower' as const };
    const further = { ...defaults, system, groups, metrics: { 'disk-sync': [p99] } };
    const of = (workload: string[]) => planSettings({ workload }, further);
    expect(of(['disk', 'lu'])).toMatchObject({
      workloads: ['lu', 'disk-sync', 'disk-sync.p99', 'disk-read'],
      suite: ['lu'],
      metrics: { 'disk-sync': [p99] },
    });
    expect(of(['beyond-caches']).workloads).toEqual(['disk-sync', 'disk-sync.p99', 'disk-read', 'random-access']);
    expect(of(['random-access'])).not.toHaveProperty('metrics');
    expect(of(['all']).workloads).toEqual([...defaults.workloads, 'syscall']);
    expect(() => of(['disk-sync.p99'])).toThrow(/did you mean "disk-sync"/);
    const named = { workload: [{ id: 'disk-sync.p99', command: ['x'] }] };
    expect(() => planSettings(named, { ...further, programs: true })).toThrow(BoxmarkError);
  });

  it('runs the workloads without their figures, and stores both', () => {
    const p99 = { id: 'disk-sync.p99', unit: 'µs', better: 'lower' as const };
    const further = { ...defaults, groups: { disk: ['disk-sync'] }, metrics: { 'disk-sync': [p99] } };
    const made = makePlan(planSettings({ workload: ['disk'] }, further), environments, 'native');
    expect(runOf(made)).toEqual(['disk-sync']);
    expect(metricOf(made, 'disk-sync.p99')).toEqual(p99);
    expect(planSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect(writtenPlan(made)).toMatchObject({ workload: ['disk-sync'] });
  });

  it('holds the kernels, and workloads of the system when they are named, alone or by group', () => {
    const system = ['syscall', 'spawn'];
    const of = (workload?: string[]) => {
      const { workloads, suite } = planSettings(workload ? { workload } : {}, { ...defaults, system });
      return [workloads, suite];
    };
    const kernels = defaults.workloads;
    expect(of()).toEqual([kernels, undefined]);
    expect(of(['scimark'])).toEqual([kernels, undefined]);
    expect(of(['spawn', 'lu', 'fft'])).toEqual([
      ['fft', 'lu', 'spawn'],
      ['fft', 'lu'],
    ]);
    expect(of(['system'])).toEqual([system, []]);
    expect(of(['all'])).toEqual([[...kernels, ...system], kernels]);
    expect(() => of(['system', 'spawn'])).toThrow(/listed twice/);
    expect(() => of(['sycall'])).toThrow(/did you mean "syscall"/);
    expect(() => of(['systme'])).toThrow(/did you mean "system"/);
  });

  it.each([
    [{ blocks: 'many' }, /plan.yaml: --blocks takes a whole number from 1 to 100000/],
    [{ blocks: '0' }, /--blocks takes a whole number/],
    [{ burst: '10' }, /--burst takes a time with its unit/],
    [{ memory: 'lots' }, /--memory takes an amount/],
    [{ memory: '1024' }, /--memory takes an amount of memory with its unit/],
    [{ memory: 1024 }, /--memory takes an amount of memory with its unit/],
    [{ burst: '1ns' }, /--burst takes a time from 1us to 1000s/],
    [{ size: 'larg' }, /--size takes tiny, small or large \(did you mean "large"\?\)/],
    [{ size: { toString: 1 } }, /--size takes tiny, small or large\.\n/],
    [{ size: 'huge' }, /--size takes tiny, small or large\.\n/],
    [{ kernels: 'tuend' }, /--kernels takes reference, tuned or wasm \(did you mean "tuned"/],
    [{ blocks: [6] }, /plan.yaml: --blocks takes a whole number/],
    [{ env: [''] }, /--env takes names/],
    [{ cold: 'no' }, /--cold is true or false/],
    [{ profil: 'quick' }, /no setting of this name \(did you mean "profile"/],
    [{ measure: 'startup', target: '1%' }, /--target has no effect with --measure startup/],
    [{ instances: '1,2' }, /--instances has no effect with --measure workloads/],
    [{ measure: 'footprint', instances: '1' }, /two numbers or more/],
    [{ measure: 'scale', instances: '2,4' }, /must have 1 among its numbers/],
    [{ measure: 'scale', threads: 2 }, /--threads has no effect with --measure scale/],
    [{ window: '1s' }, /--window has no effect with --measure workloads/],
    [{ aggressors: 'cpu' }, /--aggressors has no effect with --measure workloads/],
    [{ measure: 'neighbour', aggressors: 'cpus' }, /did you mean "cpu"/],
    [{ measure: 'neighbour', instances: '1,2' }, /--instances has no effect with --measure neighbour/],
    [{ measure: 'footprint', instances: [1, 3000] }, /--instances takes a whole number from 1 to 1024/],
    [{ measure: 'density', rounds: 2 }, /--rounds has no effect with --measure density/],
    [{ measure: 'startup', max: 2 }, /--max has no effect with --measure startup/],
    [{ measure: 'storm', rounds: 2 }, /--rounds has no effect with --measure storm/],
    [{ measure: 'density', max: 0 }, /--max takes a whole number from 1 to 1024/],
    [{ measure: 'load', rates: '10,0' }, /--rates takes numbers above 0/],
    [{ measure: 'load', rates: '1e3' }, /--rates takes numbers above 0/],
    [{ measure: 'load', rates: [100_001] }, /--rates takes numbers above 0/],
    [{ measure: 'load', threads: 2 }, /--threads has no effect with --measure load/],
    [{ measure: 'load', rounds: 2 }, /--rounds has no effect with --measure load/],
    [{ rates: '10' }, /--rates has no effect with --measure workloads/],
    [{ measure: 'startup', level: '2s' }, /--level has no effect with --measure startup/],
    [{ cpu: 'x' }, /--cpu takes a list/],
    [{ workload: ['fftt'] }, /did you mean "fft"/],
    [{ workload: ['fft', 'fft'] }, /listed twice/],
    [{ contrast: ['docker'] }, /--contrast takes a pair/],
    [{ contrast: ['dockr..native'] }, /did you mean "docker"/],
  ])('refuses %j with a message that names the flag or the nearest name', (input, message) => {
    expect(() => plan(input)).toThrow(message);
    try {
      plan(input);
    } catch (error) {
      expect(error).toBeInstanceOf(BoxmarkError);
      expect((error as BoxmarkError).exitCode).toBe(2);
      expect((error as BoxmarkError).value).toBeDefined();
      expect((error as BoxmarkError).remedy).toBeDefined();
    }
  });

  it.each([
    ['text', /plan.yaml/],
    [null, /plan.yaml/],
    [{ workloads: [{ command: 'ls', timeuot: '3s' }] }, /workloads\.0 has no setting .*"timeout"\?/],
    [{ workloads: [{ command: 'ls', timeout: '3' }] }, /workloads.*timeout/],
    [{ workloads: [{ command: 'ls', timeout: '0.1ms' }] }, /timeout takes a time from 1ms/],
  ])('a plan file that holds %j is refused by name', (content, message) => {
    expect(() => checkPlanInput(content, 'plan.yaml')).toThrow(message);
  });

  it('says what it will do in lines of at most 80 columns, with an estimate that grows with the work', () => {
    const guess = () => ({ startSeconds: 1, factor: 1 });
    // 4 boxes × (6 blocks × (1 s start + 5 × 32 × 1.25 bursts of 10 ms + 5 long visits of 0.25 s) + 5 × (20 + 5 × 20 ÷ 3) warm-up bursts)
    expect(estimateSeconds(plan(), guess)).toBeCloseTo(4 * (6 * (1 + 2 + 1.25) + 5 * (160 / 3) * 0.01));
    // 40 bursts a workload, lead-ins counted by their length, and a third of the pilot's warm-up.
    expect(estimateSeconds(plan(), guess, 7) - estimateSeconds(plan(), guess, 6)).toBeCloseTo(
      4 * (1 + 5 * (0.4 + 0.2 / 3) + 1.25),
    );
    const wide = plan({ profile: 'publish', 'max-time': '1h', contrast: ['nested..container'] });
    for (const line of [...describePlan(plan(), guess), ...describePlan(wide, guess)]) {
      expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
});

describe('the description of a plan', () => {
  const count = { id: 'count', command: ['sort data.txt | uniq -c'], argv: ['sort data.txt | uniq -c'], shell: true };

  it.each(['workloads', 'scale', 'neighbour'] as const)('of %s names what boxes run, and by what', (measure) => {
    const made = { ...plan({ measure, workload: ['fft'] }), workloads: ['fft', 'count'], commands: [count] };
    const lines = describePlan(made, () => ({ startSeconds: 1, factor: 1 }));
    expect(lines).toContain('workloads     fft (small, kernels: reference)');
    expect(lines).toContain("program       count: sh -c 'sort data.txt | uniq -c'");
  });

  it.each(['startup', 'footprint', 'scale', 'load', 'density', 'storm', 'neighbour'] as const)(
    'of %s counts its blocks',
    (measure) => {
      const designOf = (blocks: number) =>
        describePlan(plan({ measure, blocks }), () => ({ startSeconds: 1, factor: 1 })).find((line) =>
          line.startsWith('design'),
        );
      expect(designOf(1)).toMatch(/^design {8}1 block /);
      expect(designOf(2)).toMatch(/^design {8}2 blocks /);
    },
  );
});

describe('the steps of a block', () => {
  it('start every box, visit each once per workload and round, verify the states, close every box', () => {
    const steps = blockSteps(plan(), 1);
    const boxes = ['native', 'docker', 'docker/docker', 'native@control'].sort();
    const of = (kind: string) => steps.flatMap((step) => (step.kind === kind && 'box' in step ? [step.box] : []));
    expect(of('start').sort()).toEqual(boxes);
    expect(of('close').sort()).toEqual(boxes);
    expect(of('visit')).toHaveLength(32 * 5 * 4);
    expect(of('long')).toHaveLength(5 * 4);
    expect(steps.findIndex(({ kind }) => kind === 'verify')).toBeLessThan(
      steps.findIndex(({ kind }) => kind === 'close'),
    );
    expect(steps.findLastIndex(({ kind }) => kind === 'long')).toBeLessThan(
      steps.findIndex(({ kind }) => kind === 'verify'),
    );
  });

  it('of a sequential plan are the same visits, one box after the other', () => {
    const interleaved = blockSteps(plan(), 1).filter(({ kind }) => kind === 'visit');
    const sequential = blockSteps(plan({ schedule: 'sequential' }), 1);
    const visits = sequential.filter(({ kind }) => kind === 'visit');
    expect(new Set(visits.map((step) => JSON.stringify(step)))).toEqual(
      new Set(interleaved.map((step) => JSON.stringify(step))),
    );
    const changes = sequential
      .flatMap((step) => ('box' in step ? [step.box] : []))
      .filter((box, i, all) => box !== all[i - 1]);
    expect(changes).toHaveLength(4);
  });

  it('put long visits after the rounds, every box in turn, once for each of their number', () => {
    const steps = blockSteps(plan({ profile: 'standard' }), 1);
    const first = steps.findIndex(({ kind }) => kind === 'long');
    expect(steps.findLastIndex(({ kind }) => kind === 'visit')).toBeLessThan(first);
    const long = steps.flatMap((step) => (step.kind === 'long' ? [`${step.visit} ${step.workload} ${step.box}`] : []));
    expect(new Set(long).size).toBe(2 * 5 * 4);
    expect(long).toHaveLength(2 * 5 * 4);
    const visits = long.map((one) => one[0]);
    expect(visits).toEqual([...visits].sort());
  });
});

describe('the nearest known name', () => {
  it('is offered for a slip, not for another word', () => {
    expect(nearest('dokcer', ['docker', 'qemu'])).toMatch(/docker/);
    expect(nearest('zzzzzz', ['docker', 'qemu'])).toBe('');
  });
});
