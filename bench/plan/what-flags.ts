/** The flags that say what is measured and how much of it; `flags.ts` has them all. */

import {
  AGGRESSORS,
  type Aggressor,
  type Expectation,
  type KernelEngine,
  PROFILES,
  type Profile,
  type Schedule,
  type Size,
} from '../types.ts';
import { formatPercent } from '../units.ts';
import { AGGRESSOR_SPECS, DEFAULT_AGGRESSORS } from './aggressors.ts';
import { METRICS, WORKLOADS } from './exec.ts';
import { ANY, flag, type Measure } from './flag.ts';
import {
  blocksText,
  CAP_WITH_TARGET,
  DEFAULT_PROFILE,
  LEAD_IN,
  LEAST_LEAD_IN,
  LEAST_WITH_TARGET,
  PROFILE_NUMBERS,
} from './profiles.ts';
import { ROOT } from './root.ts';
import {
  choice,
  choices,
  count,
  counts,
  names,
  ON,
  PAIRS,
  PERCENT,
  PERCENTS,
  percentWithin,
  rates,
  text,
  time,
} from './values.ts';
/** Bounds are far beyond what anyone would plan; they keep a slip from filling the disk. */
export const MOST_BLOCKS = 100_000;
export const MOST_INSTANCES = 1024;
export const MOST_THREADS = 1024;
export const MOST_RATE = 100_000;
/** Idle instances that are started one after another, where no number is asked for. */
export const MOST_HELD = 100;
/** Boxes that are started at once, where no number is asked for. */
export const STORM_BOXES = 50;

/** Instances that work at once at most, where no number is asked for. */
export const INSTANCES_PER_CPU = 4;

/** Kinds of measurement in which boxes run workloads. */
const RUN_WORKLOADS: readonly Measure[] = ['workloads', 'scale', 'storm', 'load', 'neighbour', 'capacity'];

/** Length of a window of instances, and of a victim's visit, where none is asked for. */
export const WINDOW_NS = 1e9;
export const VISIT_NS = 2.5e8;

const MEASURES: Readonly<Record<Measure, string>> = {
  workloads: '',
  startup: 'many short starts',
  footprint: 'memory and disk of idle instances',
  scale: 'more and more instances that work at once',
  load: 'latency of requests that arrive at random',
  capacity: 'what a host takes',
  density: 'how many idle instances fit',
  storm: 'many starts at once',
  neighbour: 'a victim beside a neighbour that wears out what they share',
};
const AGGRESSOR_CHOICES = Object.fromEntries(AGGRESSORS.map((name) => [name, AGGRESSOR_SPECS[name].meaning])) as Record<
  Aggressor,
  string
>;
const SIZES: Readonly<Record<Size, string>> = { tiny: '', small: 'as in SciMark', large: '' };
const KERNELS: Readonly<Record<KernelEngine, string>> = {
  reference: "SciMark's own loops",
  tuned: 'restructured loops',
  wasm: 'WebAssembly with vectors',
};
const EXPECTED: Readonly<Record<Expectation, string>> = {
  'same-output': 'the same everywhere',
  any: 'anything, which is not kept',
};
const SCHEDULES: Readonly<Record<Schedule, string>> = {
  interleaved: 'all environments in turns',
  sequential: 'one after the other',
};

const ofProfiles = Object.fromEntries(
  PROFILES.map((name) => {
    const { rounds, ...blocks } = PROFILE_NUMBERS[name];
    return [name, `${blocksText(blocks)} blocks × ${rounds} rounds`];
  }),
) as Record<Profile, string>;

/** `standard 0.99%, publish 0.5%`. */
const targets = PROFILES.flatMap((name) => {
  const { target } = PROFILE_NUMBERS[name];
  return target === null ? [] : [`${name} ${formatPercent(target)}`];
}).join(', ');

const publish = PROFILE_NUMBERS.publish;
export const WHAT = [
  flag('env', names('list', 'native,docker'), {
    short: 'e',
    help: 'environments or aliases, joined by commas',
    default: 'native,container,nested,vm',
    commands: { run: ANY, capacity: ANY },
    plan: true,
  }),
  flag('env', names('list', 'native,docker'), {
    short: 'e',
    help: 'only these environments, joined by commas',
    otherwise: 'all',
    commands: { compare: ANY },
  }),
  flag('workload', WORKLOADS, {
    short: 'w',
    repeats: true,
    help: 'workloads (boxmark list workloads) or the groups scimark, system, all (both), disk and beyond-caches, joined by commas',
    default: 'scimark',
    commands: {
      capacity: { default: 'fft' },
      run: {
        help: "workloads (boxmark list workloads) or the groups scimark, system, all (both), disk and beyond-caches, joined by commas; or a program: 'exec:PROGRAM ARG…', 'sh:TEXT', 'NAME=exec:…'; may be repeated. Where several instances work at once, fft unless one is named; under load, lu",
      },
      explain: ANY,
      selftest: { help: 'kernels (boxmark list workloads), joined by commas' },
    },
    kinds: RUN_WORKLOADS,
    plan: true,
  }),
  flag('with', names('SRC[:DEST]', 'data.csv'), {
    repeats: true,
    help: 'a file or folder that the programs need, put into every box: read-only at an absolute path, or copied into the working folder of each start; may be repeated',
    commands: { run: ANY, capacity: ANY },
    kinds: RUN_WORKLOADS,
    plan: true,
  }),
  flag('root', ROOT, {
    excludes: 'image',
    help: 'a container image in which the programs run, in every environment',
    commands: { run: ANY, capacity: ANY },
    kinds: RUN_WORKLOADS,
    plan: true,
  }),
  flag('metric', METRICS, {
    repeats: true,
    help: "a figure that the program prints, as 'NAME:UNIT:higher=PATTERN' or 'NAME:UNIT:lower=.json.path'; may be repeated",
    commands: { run: ANY },
    kinds: ['workloads'],
  }),
  flag('expect', choice<Expectation>(EXPECTED, 'output'), {
    help: 'what the programs must print',
    otherwise: 'what a trial on the baseline shows',
    commands: { run: ANY, capacity: ANY },
    kinds: RUN_WORKLOADS,
  }),
  flag('prepare', text('text', ': > out.db'), {
    help: 'shell text that a box runs before every burst of the programs given here, not timed; setup and cleanup stand in a plan file',
    commands: { run: ANY, capacity: ANY },
    kinds: RUN_WORKLOADS,
  }),
  flag('size', choice<Size>(SIZES, 'size'), {
    help: 'size of the workloads',
    default: 'small',
    commands: { run: ANY, capacity: ANY, explain: ANY, selftest: ANY, score: ANY },
    kinds: RUN_WORKLOADS,
    plan: true,
  }),
  flag('profile', choice<Profile>(ofProfiles), {
    help: 'how much is measured',
    default: DEFAULT_PROFILE,
    commands: { run: ANY, capacity: ANY, explain: ANY },
    plan: true,
  }),
  flag('measure', choice<Measure>(MEASURES, 'what'), {
    help: 'what is measured',
    default: 'workloads',
    commands: { run: ANY },
    plan: true,
  }),
  flag('baseline', text('env', 'native'), {
    help: 'what the others are compared with',
    default: 'native',
    commands: { run: ANY, capacity: ANY, explain: ANY },
    plan: true,
  }),
  flag('contrast', PAIRS, {
    repeats: true,
    help: 'a further pair to compare; may be repeated',
    commands: { run: ANY },
    plan: true,
  }),
  flag('kernels', choice<KernelEngine>(KERNELS, 'engine'), {
    help: 'how the kernels are computed, always to the same bits',
    default: 'reference',
    commands: { run: ANY, capacity: ANY, score: ANY },
    kinds: RUN_WORKLOADS,
    plan: true,
  }),
  flag('slow', PERCENTS, {
    help: 'known slowdowns, joined by commas',
    default: '1%,2%,5%,10%',
    commands: { selftest: ANY },
  }),
] as const;

const VISITS = { help: 'interleaved visits in each block, rounded up to a balanced number' };

export const HOW_MUCH = [
  flag('blocks', count(1, MOST_BLOCKS), {
    help: 'exactly this many blocks: fresh starts of every environment, the unit of the intervals',
    otherwise: "the profile's",
    commands: {
      run: ANY,
      capacity: ANY,
      explain: ANY,
      selftest: { help: 'blocks to measure', default: '10' },
      reproduce: { help: 'blocks to measure', otherwise: "the session's plan" },
    },
    plan: true,
  }),
  flag('blocks', count(2, MOST_BLOCKS), {
    help: 'blocks of a paired run',
    otherwise: "the baseline's plan",
    commands: { compare: ANY },
  }),
  flag('quick', ON, { help: 'six blocks', commands: { selftest: ANY } }),
  flag('target', PERCENT, {
    help: 'end when every interval is at most ± this wide',
    otherwise: targets,
    commands: { run: ANY, resume: { otherwise: "the session's" } },
    kinds: ['workloads'],
    plan: true,
  }),
  flag('min-blocks', count(2, MOST_BLOCKS), {
    help: 'with a target: measure at least this many blocks',
    otherwise: `${LEAST_WITH_TARGET}; publish: ${publish.minBlocks}`,
    commands: { run: ANY },
    kinds: ['workloads'],
    plan: true,
  }),
  flag('max-blocks', count(2, MOST_BLOCKS), {
    help: 'with a target: measure at most this many blocks',
    otherwise: `${CAP_WITH_TARGET}; publish: ${publish.maxBlocks}`,
    commands: {
      run: ANY,
      resume: { help: 'at most this many blocks, those already measured included', otherwise: "the session's" },
    },
    kinds: ['workloads'],
    plan: true,
  }),
  flag('rounds', count(1, MOST_BLOCKS), {
    help: 'interleaved visits or starts in each block, rounded up to a balanced number; or pairs of visits of a victim',
    otherwise: "the profile's",
    commands: { run: ANY, explain: VISITS, selftest: VISITS },
    kinds: ['workloads', 'startup', 'neighbour'],
    plan: true,
  }),
  flag('burst', time({ least: '1us', most: '1000s' }), {
    help: 'length of a timed burst on the baseline',
    default: '10ms',
    commands: { run: { otherwise: '10ms; load: 5ms' }, capacity: ANY, explain: ANY, selftest: ANY },
    kinds: RUN_WORKLOADS,
    plan: true,
  }),
  flag('lead-in', percentWithin({ least: LEAST_LEAD_IN, most: 1, example: formatPercent(LEAD_IN) }), {
    help: 'passes of the lead-in before each timed burst, as a share of its own',
    default: formatPercent(LEAD_IN),
    commands: { run: ANY },
    kinds: ['workloads'],
    plan: true,
  }),
  flag('threads', count(1, MOST_THREADS), {
    help: 'copies of every workload that run at once, one a CPU',
    default: '1',
    commands: { run: ANY, explain: ANY, selftest: ANY },
    kinds: ['workloads'],
    plan: true,
  }),
  flag('schedule', choice<Schedule>(SCHEDULES, 'kind'), {
    help: 'order of the environments in a block',
    default: 'interleaved',
    commands: { run: ANY },
    kinds: ['workloads'],
    plan: true,
  }),
  flag('instances', counts(1, MOST_INSTANCES, '1,2,4,8'), {
    help: 'numbers of boxes held, at work, or started at a time',
    otherwise: 'footprint 1,2,4,8; scale 1,2,3,4,6,8,12,… and density 1,2,5,10,… up to --max; storm --max',
    commands: { run: ANY },
    kinds: ['footprint', 'scale', 'density', 'storm', 'capacity'],
    plan: true,
  }),
  flag('max', count(1, MOST_INSTANCES), {
    excludes: 'instances',
    help: 'most boxes at a time',
    otherwise: `scale and capacity ${INSTANCES_PER_CPU} for each CPU, density ${MOST_HELD}, storm ${STORM_BOXES}`,
    commands: { run: ANY, capacity: ANY },
    kinds: ['scale', 'density', 'storm', 'capacity'],
    plan: true,
  }),
  flag('window', time({ least: '10ms', most: '1000s' }), {
    help: 'length of a window in which all instances work at once, or of a visit of a victim',
    otherwise: `scale and capacity ${WINDOW_NS / 1e9}s, neighbour ${VISIT_NS / 1e6}ms`,
    commands: { run: ANY, capacity: ANY },
    kinds: ['scale', 'neighbour', 'capacity'],
    plan: true,
  }),
  flag('rates', rates(MOST_RATE, '10,50,100'), {
    help: 'requests a second that arrive, one level after the other',
    otherwise: 'shares of what the baseline can do, from 0.2 to 1.1',
    commands: { run: ANY },
    kinds: ['load'],
    plan: true,
  }),
  flag('level', time({ least: '10ms', most: '2h' }), {
    help: 'how long requests arrive at a rate',
    otherwise: "the profile's, and until there are enough of them",
    commands: { run: ANY },
    kinds: ['load'],
    plan: true,
  }),
  flag('aggressors', choices<Aggressor>(AGGRESSOR_CHOICES), {
    help: 'what the neighbours of the victim do, joined by commas',
    otherwise: `${DEFAULT_AGGRESSORS.slice(0, -1).join(', ')} and ${DEFAULT_AGGRESSORS.at(-1)}`,
    commands: { run: ANY },
    kinds: ['neighbour'],
    plan: true,
  }),
  flag('cold', ON, {
    negated: true,
    help: 'keep the page cache; skip cold starts',
    commands: { run: ANY },
    kinds: ['startup'],
    plan: true,
  }),
  flag('max-time', time(), {
    help: "don't start a block that would finish after this time, such as 10m",
    commands: {
      run: ANY,
      capacity: ANY,
      explain: ANY,
      reproduce: ANY,
      resume: { help: "don't start a block that would finish after this time, counted from now, such as 10m" },
    },
    plan: true,
  }),
  flag('min-time', time(), {
    help: 'double the passes until a series lasts this long; 2s in SciMark',
    default: '2s',
    commands: { score: ANY },
  }),
] as const;
