/**
 * `npm run test:emulated [-- --only x64|arm64 --cache DIR --keep]`: emulates whole hosts with their own kernels, one that
 * has KVM and one with another processor, measures on them, and checks what they bring out. Needs root, Debian, its package
 * mirror and the npm registry. Emulation shows that paths work and that answers are right; its times mean nothing.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { doctorProblems, figuresOf, problemsOf, type Sums, sessionIn, unequalSums } from './checks.ts';
import { type GuestRun, minutes, runGuest } from './guest.ts';
import { type EmulatedHost, HOSTS, type HostName } from './hosts.ts';
import { jobScript, OUT, type Step } from './job.ts';
import { MAIN, Pack, SUMS } from './program.ts';
import { rootOf } from './root.ts';
import { StepFailed, Work } from './work.ts';

const BLOCKS = 2;
const CHECK_LIMIT_MS = 10 * 60_000;
const NAMES = Object.keys(HOSTS) as HostName[];
/** Commands on this host, with Debian's package of each. */
const TOOLS: readonly (readonly [command: string, packaged: string])[] = [
  ['apt-get', 'apt'],
  ['mmdebstrap', 'mmdebstrap'],
  ['mkfs.ext4', 'e2fsprogs'],
  ['depmod', 'kmod'],
  ['setpriv', 'util-linux'],
  ['tar', 'tar'],
];

interface Options {
  readonly hosts: readonly EmulatedHost[];
  readonly cache: string | undefined;
  readonly keep: boolean;
}

class Unusable extends Error {}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, cache: { type: 'string' }, keep: { type: 'boolean', default: false } },
  });
  const names = values.only?.split(',') ?? NAMES;
  const unknown = names.find((name) => !NAMES.some((known) => known === name));
  if (unknown !== undefined) throw new Unusable(`--only takes ${NAMES.join(' or ')}, not ${unknown}`);
  return { hosts: names.map((name) => HOSTS[name as HostName]), cache: values.cache, keep: values.keep };
}

function assertUsable(hosts: readonly EmulatedHost[]): void {
  if (process.getuid?.() !== 0)
    throw new Unusable('it needs root, for the files of a root\n  try: sudo npm run test:emulated');
  const wanted = [...TOOLS, ...hosts.map(({ qemu, qemuPackage }) => [qemu, qemuPackage] as const)];
  const missing = wanted.filter(([command]) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, packaged]) => packaged))];
  throw new Unusable(
    `not installed: ${missing.map(([command]) => command).join(', ')}\n  try: apt-get install ${packages.join(' ')}`,
  );
}

/** The run comes first: what it finds out about KVM with more patience, `doctor` then knows. */
function stepsFor({ environments }: EmulatedHost): Step[] {
  const boxmark = (name: string, limitMinutes: number, args: string): Step => ({
    name,
    argv: ['node', MAIN, ...args.split(' ')],
    limitSeconds: limitMinutes * 60,
  });
  const small = `-w sor --size tiny --blocks ${BLOCKS} --rounds 2 --burst 10ms --timeout 900s`;
  return [
    { name: 'sums', argv: ['node', ...SUMS], limitSeconds: 20 * 60 },
    boxmark('run', 60, `run -e ${environments.join(',')} ${small} --seed 1 -o ${OUT}/results`),
    boxmark('doctor', 30, 'doctor --json -q'),
  ];
}

class Campaign {
  readonly #work: Work;
  readonly #options: Options;
  readonly problems: string[] = [];

  constructor(work: Work, options: Options) {
    this.#work = work;
    this.#options = options;
  }

  async run(): Promise<void> {
    const pack = await Pack.make(this.#work);
    const here: Sums = JSON.parse(
      await this.#work.call(process.execPath, pack.sums, { limitMs: CHECK_LIMIT_MS, codes: [0, 1] }),
    );
    for (const host of this.#options.hosts) {
      const begunMs = performance.now();
      const found = await this.#tryOne(host, pack, here);
      const took = minutes((performance.now() - begunMs) / 1000);
      for (const problem of found) say(`${host.name}: ${problem}`);
      process.stdout.write(`${found.length === 0 ? 'ok      ' : 'FAILED  '}${host.name}, ${took}\n`);
      this.problems.push(...found);
    }
  }

  async #tryOne(host: EmulatedHost, pack: Pack, here: Sums): Promise<string[]> {
    try {
      const cache = resolve(this.#options.cache ?? join(this.#work.dir, 'roots'));
      const begunMs = performance.now();
      const root = await rootOf(host, this.#work, cache);
      const steps = stepsFor(host);
      const program = await pack.install(host, jobScript(host, steps), this.#work);
      const took = minutes((performance.now() - begunMs) / 1000);
      say(`${host.name}: root ${root.fresh ? 'made' : 'found'} and program packed in ${took}`);
      const guest = await runGuest({ host, root, program, steps }, this.#work, say);
      return await this.#look(host, guest, here);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      return [error.message];
    }
  }

  async #look(host: EmulatedHost, { out, ends }: GuestRun, here: Sums): Promise<string[]> {
    const textOf = (name: string) => (existsSync(join(out, name)) ? readFileSync(join(out, name), 'utf8') : '');
    const failed = stepsFor(host).flatMap(({ name }) => {
      const code = ends.get(name)?.code;
      return code === 0 ? [] : [`${name} ended with ${code ?? 'nothing'}: ${textOf(`${name}.err`).slice(-1500)}`];
    });
    const problems = [...failed, ...doctorProblems(textOf('doctor.out'), host.environments)];
    const sums = textOf('sums.out').trim();
    problems.push(...(sums === '' ? ['no checksums'] : unequalSums(here, JSON.parse(sums))));
    const session = sessionIn(join(out, 'results'));
    if (session === null) return [...problems, 'no session came out'];
    problems.push(...(await problemsOf(session, { environments: host.environments, blocks: BLOCKS })));
    const check = [resolve('dist/cli/main.js'), 'check', session];
    const checked = await this.#work.call(process.execPath, check, { limitMs: CHECK_LIMIT_MS, codes: [0, 1] });
    process.stdout.write(`${host.name}: ${checked.trim()}\n${(await figuresOf(session)).join('\n')}\n`);
    process.stdout.write(`  ${Object.keys(here).length} checksums compared with this host's\n`);
    return checked.includes(OK) ? problems : [...problems, `check: ${checked}`];
  }
}

/** How `boxmark check` begins when it finds nothing. */
const OK = 'whole and unchanged';

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
    assertUsable(options.hosts);
  } catch (error) {
    say(`test:emulated: ${error instanceof Error ? error.message : error}`);
    return 2;
  }
  const work = new Work();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => work.interrupt());
  try {
    const campaign = new Campaign(work, options);
    await campaign.run();
    return campaign.problems.length === 0 ? 0 : 1;
  } catch (error) {
    say(`test:emulated: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    await work.end(options);
    if (options.keep) say(`kept: ${work.dir}`);
  }
}

process.exitCode = await main();
