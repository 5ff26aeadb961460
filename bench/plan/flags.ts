/**
 * Every flag of every command, defined once. Command-line options, help, completion, docs/cli.md, the settings of a plan file and
 * its JSON Schema all come from this table. It loads only the units, so help appears at once.
 */

import { formatPercent } from '../units.ts';
import { CAPACITY } from './capacity-flags.ts';
import { CLUSTERS } from './cluster-flags.ts';
import { ANY, type Flag, flag } from './flag.ts';
import { READING_FLEETS, RUNNING_FLEETS } from './fleet-flags.ts';
import { DEFAULT_MARGIN } from './profiles.ts';
import { THRESHOLD } from './threshold.ts';
import { CPUS, choice, choices, count, DIGEST, names, ON, PERCENT, SIZE, text, time, WEB } from './values.ts';
import { HOW_MUCH, WHAT } from './what-flags.ts';

/** No plan has a longer number, and every seed is exact. */
const MOST_SEED = Number.MAX_SAFE_INTEGER;

/** Names of the formats in reports/, which are not loaded for help; a test compares them. */
export const REPORT_FORMATS = {
  terminal: '',
  json: '',
  md: '',
  csv: '',
  html: '',
  png: '',
  svg: '',
  latex: '',
} as const;
export const EXPORT_FORMATS = {
  ...{
    hyperfine: '',
    pyperf: '',
    benchfmt: '',
    'github-action': '',
    openmetrics: '',
    junit: '',
    otava: '',
    criterion: '',
    bencher: '',
    'google-benchmark': '',
  },
} as const;
/** What `list` lists. */
export const LISTS = ['environments', 'workloads', 'reports', 'exports', 'claims', 'sessions'] as const;
/** What `completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
const HISTORY_FORMATS = { text: '', json: '', html: '' } as const;

const JUDGING = [
  flag('margin', PERCENT, {
    help: 'differences up to this count as none',
    default: formatPercent(DEFAULT_MARGIN),
    commands: {
      run: ANY,
      compare: { otherwise: "the baseline's" },
      history: { help: 'changes that are sure to be smaller are left out' },
      'fleet compare': { otherwise: "the plan's" },
    },
    kinds: ['workloads'],
    plan: true,
  }),
  flag('allow-unequal', ON, {
    help: 'give verdicts although a setting gave the boxes unequal CPUs, CPU flags or bytes',
    commands: { run: ANY },
    plan: true,
  }),
  flag('fail-if', THRESHOLD, {
    repeats: true,
    help: 'exit 3 when this threshold is shown to be exceeded, and 4 when that is not ruled out; may be repeated',
    commands: { run: ANY, resume: ANY },
    kinds: ['workloads'],
  }),
  flag('strict', ON, {
    help: 'exit 4 when a verdict is inconclusive or untrusted',
    commands: {
      run: ANY,
      resume: ANY,
      selftest: { help: 'exit 4 when too few intervals contain the truth, or no slowdown shows' },
    },
  }),
  flag('stored', ON, { help: 'compare what is stored; measure nothing', commands: { compare: ANY } }),
  flag('claims', text('file', 'mine.yaml'), {
    help: 'claims of your own (YAML)',
    otherwise: 'the published ones',
    commands: { verify: ANY },
  }),
] as const;

/** Commands that measure a session on this host. */
const SESSIONS = { run: ANY, resume: ANY, reproduce: ANY, compare: ANY, selftest: ANY, explain: ANY, capacity: ANY };
const FLEET_RUNS_WAIT = {
  'fleet run': { help: 'how long each host waits for another run on it to end' },
  'fleet resume': ANY,
  'fleet manifest': { help: 'how long each node waits for another run on it to end', otherwise: 'its pod fails' },
};
/** Commands that time something on this host. */
const MEASURING = { ...SESSIONS, score: ANY };

const WHERE = [
  flag('seed', count(0, MOST_SEED), {
    help: 'seed of all random orders',
    otherwise: 'drawn, and recorded',
    commands: { run: ANY, capacity: ANY, explain: ANY, selftest: ANY },
    plan: true,
  }),
  flag('cpu', CPUS, {
    help: 'CPUs of the workload, such as 1 or 2-3',
    otherwise: 'an isolated one, or the last of the fastest kind',
    commands: {
      run: ANY,
      capacity: ANY,
      explain: ANY,
      selftest: ANY,
      score: ANY,
      reproduce: { otherwise: "the session's, where this host has them" },
      compare: { help: 'CPUs of a paired run', otherwise: "the baseline's, where this host has them" },
    },
    plan: true,
  }),
  flag('memory', SIZE, {
    help: 'memory limit of each box',
    default: '1g',
    commands: { run: ANY, capacity: ANY, explain: ANY },
    plan: true,
  }),
  flag('timeout', time({ least: '1ms', most: '24h' }), {
    help: 'limit for each start and each request, longer for slow layers',
    default: '60s',
    commands: { run: ANY, capacity: ANY },
    plan: true,
  }),
  flag('image', text('file', 'boxmark-image.tar'), {
    help: "run the bytes of an exported image instead of this host's",
    commands: {
      run: ANY,
      capacity: ANY,
      reproduce: { help: 'its image, as boxmark image export wrote it', otherwise: 'the one in the image store' },
    },
  }),
  flag('image', ON, { help: 'with the image that was measured, some 100 MB', commands: { pack: ANY } }),
  flag('allow-env', names('env', 'docker:network=host'), {
    repeats: true,
    help: 'run this environment of the session, which reaches another host or a file, or isolates less; may be repeated',
    commands: { resume: ANY, reproduce: ANY, compare: ANY },
  }),
  flag('allow-command', names('program', 'openssl'), {
    repeats: true,
    help: 'run this program of the session, which it names and you do not; may be repeated',
    commands: { resume: ANY, reproduce: ANY, compare: ANY },
  }),
  flag('wait', time({ least: '1s', most: '168h' }), {
    help: 'how long to wait for another run on this host to end',
    otherwise: 'refuse to start',
    commands: { ...MEASURING, ...FLEET_RUNS_WAIT },
  }),
  flag('allow-other-runs', ON, {
    help: 'measure although another run measures on this host; the session records it',
    commands: MEASURING,
  }),
  flag('guard', ON, {
    negated: true,
    help: 'start boxes although the host is short of memory or disk, or overloaded',
    commands: SESSIONS,
  }),
  flag('on-event', text('command', 'notify-me'), {
    help: 'run this shell command when the session starts, ends or has a problem; JSON on its standard input',
    commands: SESSIONS,
  }),
  flag('webhook', WEB, {
    help: 'post the same JSON to this URL; recorded without its path',
    otherwise: '$BOXMARK_WEBHOOK',
    commands: SESSIONS,
  }),
  flag('allow-different-hosts', ON, {
    help: "continue although the hardware differs from the session's",
    commands: { resume: ANY, compare: { help: 'compare although the hardware is not the same' } },
  }),
] as const;

const SETTING_UP = [
  flag('all', ON, { help: 'every engine that the distribution has', commands: { setup: ANY } }),
  flag('for', names('list', 'docker,vm'), {
    help: 'engines or environments, joined by commas',
    default: 'container,nested,vm',
    commands: { setup: ANY },
  }),
  flag('yes', ON, { short: 'y', help: "don't ask", commands: { setup: ANY } }),
  flag('setup', ON, { negated: true, help: 'accepted for npm start; no effect here', commands: { run: ANY } }),
] as const;

const OUTPUT = [
  flag('plan', text('file', 'plan.yaml'), {
    help: 'the same settings from a YAML file; flags win',
    commands: { run: ANY },
  }),
  flag('out', text('dir', 'results'), {
    short: 'o',
    help: 'parent folder of the session',
    default: 'results',
    commands: {
      run: ANY,
      capacity: ANY,
      explain: ANY,
      selftest: ANY,
      reproduce: { help: 'parent folder of the new session' },
      compare: { help: 'parent folder of the sessions of a paired run' },
      'fleet run': { help: "parent folder of the fleet's" },
      report: { help: 'folder of the files; - prints', otherwise: 'report/ in the session, or here for several' },
      'fleet report': { help: 'folder of the files; - prints', otherwise: 'report/ in the fleet, or here' },
    },
    plan: true,
  }),
  flag('out', text('file', 'history.html'), {
    short: 'o',
    help: 'write to this file',
    otherwise: 'standard output',
    commands: { history: ANY },
  }),
  flag('output', text('path', 'boxmark.xml'), {
    short: 'o',
    help: 'write to this file; for criterion the folder',
    otherwise: 'standard output',
    commands: {
      export: ANY,
      pack: { help: 'the archive', otherwise: 'SESSION.tar.gz here' },
      'fleet manifest': { help: 'write to this file' },
      'fleet export': { help: 'write to this file' },
    },
  }),
  flag('as', choice(EXPORT_FORMATS, 'format'), { required: true, help: 'the format', commands: { export: ANY } }),
  flag('format', choices(REPORT_FORMATS), {
    help: 'formats, joined by commas',
    default: 'html,md,png',
    commands: { report: ANY },
  }),
  flag('format', choice(HISTORY_FORMATS), { help: 'the format', default: 'text', commands: { history: ANY } }),
  flag('keep-going', ON, {
    help: 'exit 0 although an environment asked for by name gave no data, and measure the baseline alone where nothing else can run',
    commands: {
      ...{ run: ANY, capacity: ANY, resume: { help: 'continue without an environment that can no longer run' } },
      'fleet run': { help: 'exit 0 although some hosts gave no session' },
      'fleet resume': { help: 'exit 0 although some hosts gave no session' },
    },
  }),
  flag('dry-run', ON, {
    help: 'show what would be done, and stop',
    commands: {
      capacity: ANY,
      run: { help: 'print the plan with its time estimate, and stop' },
      explain: { help: 'print the steps, and stop' },
      setup: ANY,
      clean: ANY,
    },
  }),
  flag('seal', DIGEST, {
    help: 'the seal that an article or a colleague gave for this session; another one is a finding',
    commands: { check: ANY },
  }),
  flag('key', text('file', 'allowed_signers'), {
    help: 'who must have signed the session: a PEM or .pub file, or OpenSSH allowed signers; no such signature is a finding',
    commands: { check: ANY },
  }),
  flag('sign', text('file', 'id_ed25519'), {
    help: 'sign the finished session with this Ed25519 private key, PEM or OpenSSH, not encrypted',
    commands: {
      run: ANY,
      capacity: ANY,
      resume: ANY,
      pack: { help: 'sign the session in the archive with this Ed25519 private key' },
    },
  }),
  flag('anonymous', ON, {
    help: 'leave out names of hosts, users, files and devices; the copy gets a seal of its own',
    commands: { pack: ANY },
  }),
  flag('nagios', ON, {
    help: 'one line and the exit code of a monitoring plug-in, about a session or the newest one of a folder',
    commands: { check: ANY },
  }),
  flag('max-age', time({ least: '1s', most: '10000h' }), {
    help: 'with --nagios: how long ago the newest session may have ended',
    otherwise: 'any time',
    commands: { check: ANY },
  }),
  flag('once', ON, { help: 'print what is there now, and stop', commands: { watch: ANY } }),
  flag('json', ON, {
    help: 'print the result as one JSON document',
    commands: {
      ...{ run: ANY, resume: ANY, reproduce: ANY, compare: ANY, selftest: ANY, score: ANY, explain: ANY, doctor: ANY },
      ...{ capacity: ANY, 'plan-hosts': ANY, 'fleet run': ANY, 'fleet resume': ANY },
      watch: { help: 'print what is there now as one JSON document, and stop, as with --once' },
      ...{ setup: ANY, list: ANY, check: ANY, verify: ANY, clean: ANY, 'fleet collect': ANY },
      history: { help: 'the same as --format json' },
      ...{ 'fleet report': ANY, 'fleet compare': ANY },
    },
  }),
  flag('json-lines', ON, {
    help: 'print one JSON object a line while it measures: plan, blocks with the ratios so far, events, the result',
    excludes: 'json',
    commands: SESSIONS,
  }),
  flag('quiet', ON, {
    short: 'q',
    help: 'no progress',
    commands: {
      run: ANY,
      capacity: ANY,
      resume: ANY,
      reproduce: ANY,
      compare: ANY,
      selftest: ANY,
      score: ANY,
      explain: ANY,
      doctor: ANY,
      'fleet run': ANY,
      'fleet resume': ANY,
    },
  }),
  flag('verbose', ON, {
    short: 'v',
    help: 'details with errors',
    commands: {
      run: { help: 'show how each box is isolated; details with errors' },
      list: { help: 'with details' },
      ...{
        capacity: ANY,
        'plan-hosts': ANY,
        resume: ANY,
        report: ANY,
        pack: ANY,
        reproduce: ANY,
        compare: ANY,
        selftest: ANY,
        score: ANY,
        explain: ANY,
        doctor: ANY,
      },
      ...{ setup: ANY, check: ANY, verify: ANY, watch: ANY, history: ANY, export: ANY, clean: ANY },
      ...{ completion: ANY, 'image export': ANY, 'image import': ANY, 'fleet image': ANY, 'fleet node': ANY },
      ...{ 'fleet run': ANY, 'fleet resume': ANY, 'fleet report': ANY, 'fleet compare': ANY, 'fleet export': ANY },
      ...{ 'fleet manifest': ANY, 'fleet collect': ANY },
    },
  }),
] as const;

const TABLE = [
  ...WHAT,
  ...HOW_MUCH,
  ...CAPACITY,
  ...JUDGING,
  ...WHERE,
  ...RUNNING_FLEETS,
  ...CLUSTERS,
  ...READING_FLEETS,
  ...SETTING_UP,
  ...OUTPUT,
] as const;
/** A line of the table with the type of its value, from which the types of flags and plan files follow. */
export type Row = (typeof TABLE)[number];
export const FLAGS: readonly Flag[] = TABLE;
