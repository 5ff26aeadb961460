/** The commands as help, completion and docs/cli.md show them; their flags are in bench/plan/flags.ts, what they do in actions.ts. */

import type { CommandName } from '../bench/plan/flag.ts';
import { LISTS, SHELLS } from '../bench/plan/flags.ts';

export interface Argument {
  readonly name: string;
  readonly help: string;
  readonly variadic?: true;
  /** What is taken when it is left out. */
  readonly default?: string;
  /** For completion; `path` when left out. */
  readonly choices?: readonly string[];
}

export interface Command {
  readonly summary: string;
  readonly args?: readonly Argument[];
  readonly examples: string;
  /** Further words at the end of the help. */
  readonly note?: string;
  /** Where the documentation says more. */
  readonly more?: string;
}

const SESSION: Argument = { name: 'session', help: 'folder of the session' };
const SESSION_OR_PACK: Argument = { name: 'session', help: 'folder of the session, or an archive of boxmark pack' };

export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  run: {
    summary: 'measure, and write a session',
    args: [
      {
        name: 'program',
        help: 'after --: a program of yours and its arguments, measured as it is',
        variadic: true,
        default: '',
      },
    ],
    examples: `
boxmark run                                      # native, container, nested and vm, in about three minutes
boxmark run -e native,docker,docker/docker -w fft,lu --blocks 12
boxmark run --profile standard --target 0.5% --max-time 20m
boxmark run -e docker,uml --contrast uml..docker --json > comparison.json
boxmark run -w system                            # what the kernel under each box does, instead of the processor
boxmark run -e docker,docker:seccomp=new.json --baseline docker --fail-if 'suite > 2%'   # a gate: exit code 3
boxmark run -e native,docker -- openssl speed -seconds 1 -evp sha256   # a program of yours
boxmark run --measure startup -e native,docker,uml
boxmark run --plan plan.yaml --dry-run`,
  },
  resume: {
    summary: 'continue an interrupted or finished session; its whole blocks are kept',
    args: [SESSION],
    examples: `
boxmark resume results/20261123T170000Z-ab12cd                 # measure the missing blocks
boxmark resume results/20261123T170000Z-ab12cd --target 0.5%   # add blocks until every interval is that narrow`,
  },
  report: {
    summary: 'render one session, or several side by side, as HTML, pictures, text and tables',
    args: [{ name: 'session', help: 'folders of sessions, or archives of boxmark pack', variadic: true }],
    examples: `
boxmark report results/20261123T170000Z-ab12cd                     # report/ in the session's folder
boxmark report results/20261123T170000Z-ab12cd --format svg,csv    # charts and a table
boxmark report results/A results/B -o hosts                        # hosts side by side, in hosts/
boxmark report results/20261123T170000Z-ab12cd --format md -o -    # to standard output`,
    more: 'report.md',
  },
  reproduce: {
    summary: 'measure a session again with the same plan, seed, work and image, and show both side by side',
    args: [SESSION_OR_PACK],
    examples: `
boxmark reproduce their/20261123T170000Z-ab12cd --image their/image.tar
boxmark reproduce results/20261123T170000Z-ab12cd --json > reproduction.json`,
    more: 'compare.md',
  },
  compare: {
    summary: 'the regression gate: is the candidate slower than the baseline?',
    args: [
      { name: 'baseline', help: 'folder of a session, or of sessions, or an archive, to compare with' },
      { name: 'candidate', help: 'session, folder of sessions, or archive, to test' },
    ],
    examples: `
boxmark compare results/20261120T090000Z-12ab34 results/20261123T170000Z-ab12cd
boxmark compare --stored results results/20261123T170000Z-ab12cd     # against all sessions there, measuring nothing
boxmark compare main.session branch.session -e native,docker --blocks 10 || echo "exit code $?"`,
    more: 'compare.md',
  },
  selftest: {
    summary: 'check the ruler: find known differences, and the smallest one this host can show',
    examples: `
boxmark selftest                 # ten blocks, about 5 minutes
boxmark selftest --quick --json
boxmark run -e native,docker,docker/slow:2%    # the same known truth in any other environment`,
    more: 'selftest.md',
  },
  score: {
    summary: "the SciMark score of this host by SciMark's own protocol, next to bursts",
    examples: `
boxmark score                                    # SciMark's own loops, small
boxmark score --kernels wasm --size large --json`,
    note: "SciMark's score is that of one thread. Of several copies at once: boxmark run -e native -w scimark --threads 2.",
  },
  explain: {
    summary: "break an environment's overhead down by setting",
    args: [{ name: 'env', help: 'an environment, such as docker or docker/docker' }],
    examples: `
boxmark explain docker                      # what of its cost comes from which of its parts
boxmark explain docker/docker --blocks 12 -w syscall
boxmark explain docker --dry-run            # the steps, and those that can't be made here`,
    more: 'costs.md#explain',
  },
  capacity: {
    summary: 'how many instances a host takes: at an objective, in its memory, after a restart',
    args: [
      {
        name: 'program',
        help: 'after --: a program of yours and its arguments, which the instances run',
        variadic: true,
        default: '',
      },
    ],
    examples: `
boxmark capacity -e docker,lxc,uml --slo 'p99 slowdown <= 1.5' --reserve 2g --recover 60s
boxmark capacity -e native,docker --max 16 --hosts 20 --spare 1
boxmark capacity -e docker --slo 'p99 latency <= 50ms' -- ./serve-one-request`,
    more: 'capacity.md',
  },
  'plan-hosts': {
    summary: 'the same from a stored session: instances a host takes, or hosts that so many need',
    args: [SESSION_OR_PACK],
    examples: `
boxmark plan-hosts results/20261123T170000Z-ab12cd --need 400 --spare 2
boxmark plan-hosts results/20261123T170000Z-ab12cd --slo 'median slowdown <= 2' --json`,
    more: 'capacity.md#hosts',
  },
  doctor: {
    summary: "what can run here and what can't, why, and the remedy; what makes noise",
    examples: `
boxmark doctor`,
  },
  setup: {
    summary: 'install the engines that are missing',
    examples: `
boxmark setup --all --dry-run`,
  },
  list: {
    summary: `list ${LISTS.join(', ')}`,
    args: [{ name: 'kind', help: LISTS.join(', '), choices: LISTS }],
    examples: `
boxmark list environments -v`,
  },
  check: {
    summary: 'verify a session: manifest, digests, schema, states that agree',
    args: [SESSION_OR_PACK],
    examples: `
boxmark check results/20261123T170000Z-ab12cd
boxmark check /srv/results --nagios --max-age 26h    # is the newest session there alive, recent and whole?`,
    note: 'With --nagios the exit code is 0 for OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.',
    more: 'monitoring.md',
  },
  watch: {
    summary: 'follow running and recent sessions, and warn when one goes silent',
    args: [{ name: 'dir', help: 'folder of sessions', default: 'results' }],
    examples: `
boxmark watch                          # until Ctrl-C
boxmark watch /srv/results --json      # what is there now; exit code 1 when one is silent, gone or failed`,
    more: 'monitoring.md',
  },
  pack: {
    summary: 'put a session, its report and its plan into one archive, to be published or sent',
    args: [SESSION],
    examples: `
boxmark pack results/20261123T170000Z-ab12cd                              # 20261123T170000Z-ab12cd.tar.gz
boxmark pack results/20261123T170000Z-ab12cd --anonymous -o session.tar.gz
boxmark pack results/20261123T170000Z-ab12cd --image --sign ~/.ssh/id_ed25519
boxmark check session.tar.gz`,
    more: 'security.md#packs',
  },
  verify: {
    summary: 'check published claims against a session: reproduced, refuted, inconclusive, not applicable',
    args: [SESSION_OR_PACK],
    examples: `
boxmark verify results/20261123T170000Z-ab12cd                        # the published claims
boxmark verify results/20261123T170000Z-ab12cd --claims mine.yaml     # your own (docs/claims.md)`,
    note: 'Exit code 3 when a claim is refuted that is not marked historical.',
    more: 'claims.md',
  },
  history: {
    summary: 'ratios and times over sessions, by machine, with change points',
    args: [{ name: 'dir', help: 'folder of sessions', default: 'results' }],
    examples: `
boxmark history                                        # all sessions in results/
boxmark history /srv/results --json                    # one JSON document, every point in it
boxmark history --format html -o history.html          # one page with charts`,
    more: 'history.md',
  },
  export: {
    summary: "write a session in another tool's format",
    args: [
      {
        name: 'session',
        help: 'folder or archive of the session; for otava several, or a folder of sessions',
        variadic: true,
      },
    ],
    examples: `
boxmark export results/20261123T170000Z-ab12cd --as benchfmt | benchstat -col env /dev/stdin
boxmark export results/20261123T170000Z-ab12cd --as junit -o boxmark.xml
boxmark export results/20261123T170000Z-ab12cd --as criterion -o target/criterion
boxmark export results --as otava -o history.csv           # all sessions there, a row each`,
    more: 'exports.md',
  },
  'image export': {
    summary: 'write the image to a file',
    args: [{ name: 'file', help: 'a tar archive that is made or replaced' }],
    examples: `
boxmark image export boxmark-image.tar`,
  },
  'image import': {
    summary: 'verify an exported image and keep it',
    args: [{ name: 'file', help: 'what boxmark image export wrote' }],
    examples: `
boxmark image import boxmark-image.tar`,
  },
  'fleet run': {
    summary: 'measure a plan on every node of a Docker Swarm, or on hosts over ssh; a session of each comes back',
    examples: `
boxmark fleet run --plan plan.yaml                                  # node after node
boxmark fleet run --plan plan.yaml --nodes kind=worker --parallel 4
boxmark fleet run --plan plan.yaml --inventory hosts.yaml           # over ssh
boxmark fleet run --plan plan.yaml --host ssh:node1,ssh:root@node2
boxmark fleet run --plan plan.yaml --at-once --json > fleet.json`,
    more: 'fleet.md',
  },
  'fleet resume': {
    summary: 'measure again on the hosts of a fleet that have no session yet',
    args: [{ name: 'fleet', help: 'folder of the fleet' }],
    examples: `
boxmark fleet resume results/fleet-20261129T170000Z-ab12cd --plan plan.yaml`,
    more: 'fleet.md',
  },
  'fleet report': {
    summary: 'what the hosts of a fleet say together: mean, spread between hosts, hosts that stand out',
    args: [{ name: 'dir', help: 'folders of fleets, or of sessions of several hosts', variadic: true }],
    examples: `
boxmark fleet report fleets/nightly
boxmark fleet report fleets/nightly --by cpu --format html,md     # report/ in the fleet's folder
boxmark fleet report results-of-all-hosts --json                  # any folders of sessions`,
    more: 'fleet.md',
  },
  'fleet compare': {
    summary: 'the regression gate over hosts: did ratios change, host by host?',
    args: [
      { name: 'before', help: 'fleet, or folder of sessions, to compare with' },
      { name: 'after', help: 'fleet, or folder of sessions, to test' },
    ],
    examples: `
boxmark fleet compare fleets/main fleets/branch --margin 1%
boxmark fleet compare fleets/main fleets/branch --by kernel || echo "exit code $?"`,
    more: 'fleet.md#compare',
  },
  'fleet export': {
    summary: 'every figure of every host as one table: Parquet, CSV or lines of JSON',
    args: [{ name: 'dir', help: 'folders of fleets, or of sessions of several hosts', variadic: true }],
    examples: `
boxmark fleet export fleets/nightly --as parquet -o fleet.parquet
boxmark fleet export fleets/nightly fleets/weekly --as csv > fleets.csv`,
    more: 'fleet.md#export',
  },
  'fleet image': {
    summary: 'write the image that nodes of a fleet run, for docker load',
    args: [{ name: 'file', help: 'a docker archive that is made or replaced' }],
    examples: `
boxmark fleet image boxmark-node.tar
boxmark fleet image /dev/stdout | ssh node7 docker load`,
    more: 'fleet.md',
  },
  'fleet node': {
    summary: 'measure the job of a fleet on this host; fleet run starts it',
    examples: `
boxmark fleet node --job /run/boxmark-job`,
    more: 'fleet.md',
  },
  'fleet manifest': {
    summary: 'write the Kubernetes objects that have every node measure a plan',
    examples: `
boxmark fleet manifest --plan plan.yaml --image registry.example/boxmark-node:1 -o fleet.yaml   # a DaemonSet
boxmark fleet manifest --plan plan.yaml --image registry.example/boxmark-node:1 --indexed 5 --selector pool=bench`,
    more: 'fleet.md#on-kubernetes',
  },
  'fleet collect': {
    summary: 'put sessions of many hosts into the folder of a fleet: from logs, archives or folders',
    args: [
      {
        name: 'log',
        help: 'what hosts said, one file a host or kubectl logs --prefix, - for standard input; archives of boxmark pack; folders of either, or of sessions',
        variadic: true,
      },
    ],
    examples: `
kubectl logs --prefix -c measure -l boxmark.dev/fleet=nightly-1 --tail=-1 | boxmark fleet collect - -o nightly-1
boxmark fleet collect node1.log node2.log -o nightly-1
boxmark fleet collect /srv/volume -o nightly-1     # session folders and archives in it`,
    note: 'Exit code 1 when the session of a host did not arrive whole; the others are there all the same.',
    more: 'fleet.md#collecting',
  },
  clean: {
    summary: 'remove what a killed run left on the host, and nothing else',
    examples: `
boxmark clean --dry-run`,
  },
  completion: {
    summary: 'print a script that completes commands and flags in a shell',
    args: [{ name: 'shell', help: SHELLS.join(', '), choices: SHELLS }],
    examples: `
boxmark completion bash > ~/.local/share/bash-completion/completions/boxmark
source <(boxmark completion bash)    # in this shell alone`,
  },
};

/** Commands that only hold others. */
export const GROUPS: Readonly<Record<string, string>> = {
  image: 'export or import the content-addressed image',
  fleet: 'one plan on many hosts',
};
