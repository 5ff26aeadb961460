/** Set-up: what is missing on this host, and installing it without leaving a service running that was not there before. */

import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../bench/errors.ts';
import type { ExecResult } from '../../bench/types.ts';
import { fetchGuestKernel, findGuestKernel } from '../guest/kernel.ts';
import { findCommand } from '../kit/commands.ts';
import { hostExec } from '../kit/process.ts';
import { type Installation, PACKAGE_MANAGERS, type PackageManager } from './packages.ts';
import { abandonedPolicy, disableNewServices, installedServices, withoutServices } from './service-policy.ts';

export interface EngineSetup {
  readonly engine: string;
  /** Commands that are not there. */
  readonly missing: readonly string[];
  /** Packages that bring them; empty when the manager has none for this engine. */
  readonly packages: readonly string[];
  /** Everything that it needs, missing or not. */
  readonly commands: readonly string[];
}

export interface SetupPlan {
  /** `apt`, `dnf` …; null when none is known here. */
  readonly manager: string | null;
  /** Engines with something missing. */
  readonly engines: readonly EngineSetup[];
  /** All packages, each once. */
  readonly packages: readonly string[];
  /** A kernel for virtual machines is to be fetched (about 30 MB, unpacked into the cache, not installed). */
  readonly guestKernel: boolean;
  /** What would be run, as one would type it; with `sudo` when this process isn't root. */
  readonly commands: readonly string[];
  /** Can this process do it? Otherwise the commands are for the user. */
  readonly canRun: boolean;
  /** Nothing to do. */
  readonly complete: boolean;
}

export interface SetupOutcome {
  readonly installed: readonly string[];
  /** What is still missing and why, one sentence each; empty when all went well. */
  readonly problems: readonly string[];
}

const DAY_MS = 86_400_000;
const LISTS_AGE_MS = 7 * DAY_MS;
const INSTALL_TIMEOUT_MS = 30 * 60_000;
/** Downloads need the proxy that the user has set; nothing else of the user's environment is passed on. */
const PROXY_VARIABLES = /^(https?|ftp|no|all)_proxy$/i;

/** Looks for the commands that the engines need and plans how to get those that are missing. Changes nothing. */
export async function setupPlan(engines: readonly Installation[]): Promise<SetupPlan> {
  const manager = PACKAGE_MANAGERS.find(({ command }) => hasCommand(command));
  const incomplete: EngineSetup[] = [];
  for (const engine of engines) {
    const commands = engine.commands(process.arch);
    const missing = commands.filter((command) => !hasCommand(command));
    if (missing.length === 0) continue;
    const row = manager === undefined ? undefined : engine.packages(process.arch)[manager.name];
    const { packages = [], optional = [] } = row ?? {};
    const known: string[] = [];
    for (const name of optional) {
      if ((await hostExec([...(manager?.knows ?? ['false']), name])).exitCode === 0) known.push(name);
    }
    // A package is left out when all that is missing comes from others of the same engine: busybox is the usual case.
    const needed = packages.filter((name) => !name.startsWith('busybox') || missing.includes('busybox'));
    incomplete.push({ engine: engine.name, missing, packages: [...needed, ...known], commands });
  }
  const packages = [...new Set(incomplete.flatMap((setup) => setup.packages))];
  const guestKernel = engines.some(({ guestKernel }) => guestKernel === true) && 'missing' in (await findGuestKernel());
  const root = process.getuid?.() === 0;
  const commands =
    manager === undefined || packages.length === 0
      ? []
      : [...(listsAreOld(manager) ? [manager.refresh] : []), [...manager.install, ...packages]];
  return {
    manager: manager?.name ?? null,
    engines: incomplete,
    packages,
    guestKernel,
    commands: commands.map((argv) => `${root ? '' : 'sudo '}${argv.join(' ')}`),
    canRun: (root && manager !== undefined) || packages.length === 0,
    complete: incomplete.length === 0 && !guestKernel,
  };
}

/**
 * Carries a plan out. Never throws: what didn't work is in `problems`. Without root nothing is installed.
 * @param log called before each step with one line
 */
export async function runSetup(plan: SetupPlan, log: (line: string) => void): Promise<SetupOutcome> {
  const manager = PACKAGE_MANAGERS.find(({ name }) => name === plan.manager);
  const problems: string[] = [];
  if (plan.packages.length > 0 && manager !== undefined && plan.canRun) {
    await installPackages(plan, manager, log, problems);
  } else if (plan.packages.length > 0) {
    problems.push(`Packages can be installed by root only; run: ${plan.commands.join(' && ')}`);
  }
  if (plan.guestKernel) {
    try {
      if (manager !== undefined && process.getuid?.() === 0 && listsAreOld(manager)) await refresh(manager, log);
      await fetchGuestKernel(log);
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  for (const { engine, packages, commands } of plan.engines) {
    const missing = commands.filter((command) => !hasCommand(command));
    if (missing.length === 0) continue;
    const why =
      packages.length === 0 ? `: ${plan.manager ?? 'no known package manager'} has no package for it here` : '';
    problems.push(`${engine} still needs ${missing.join(', ')}${why}`);
  }
  const done = plan.engines.filter(isComplete).flatMap(({ packages }) => packages);
  return { installed: [...new Set(done)], problems };
}

async function installPackages(
  plan: SetupPlan,
  manager: PackageManager,
  log: (line: string) => void,
  problems: string[],
): Promise<void> {
  const services = installedServices();
  try {
    if (listsAreOld(manager)) await refresh(manager, log);
    log(`installing ${plan.packages.join(', ')}`);
    const all = await install(manager, plan.packages, log);
    if (all.exitCode === 0) return;
    // One engine that can't be installed must not prevent the others.
    for (const setup of plan.engines) {
      const { packages } = setup;
      if (packages.length === 0 || isComplete(setup)) continue;
      const one = plan.engines.length === 1 ? all : await install(manager, packages, log);
      if (one.exitCode !== 0) problems.push(`${packages.join(', ')} could not be installed: ${reasonOf(one)}`);
    }
  } finally {
    for (const file of abandonedPolicy()) await rm(file, { force: true });
    const quiet = await disableNewServices(services);
    if (quiet.length > 0) log(`not started and not enabled at boot: ${quiet.join(', ')}`);
  }
}

/** Installs; when the lists turn out to be out of date, refreshes them and tries once more. */
async function install(
  manager: PackageManager,
  packages: readonly string[],
  log: (line: string) => void,
): Promise<ExecResult> {
  const options = { timeoutMs: INSTALL_TIMEOUT_MS, env: environment(manager) };
  const first = await withoutServices([...manager.install, ...packages], options);
  if (first.exitCode === 0 || !manager.outdated.test(first.stdout + first.stderr)) return first;
  await refresh(manager, log);
  return withoutServices([...manager.install, ...packages], options);
}

async function refresh(manager: PackageManager, log: (line: string) => void): Promise<void> {
  log(`refreshing the package lists (${manager.refresh.join(' ')})`);
  for (let attempt = 0; attempt < 10; attempt++) {
    const result = await hostExec(manager.refresh, { timeoutMs: 5 * 60_000, env: environment(manager) });
    // Unlike dpkg's lock, the lists' lock isn't waited for by the manager itself.
    if (result.exitCode === 0 || !/Could not get lock|Unable to lock/.test(result.stderr)) return;
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
}

/** Lists that are missing or older than a week name versions that the mirrors no longer have. */
function listsAreOld({ lists }: PackageManager): boolean {
  if (lists === undefined) return false;
  try {
    const times = readdirSync(lists)
      .filter((name) => /_(Packages|InRelease|Release)(\.|$)/.test(name))
      .map((name) => statSync(join(lists, name)).mtimeMs);
    const hasPackages = readdirSync(lists).some((name) => /_Packages(\.|$)/.test(name));
    return !hasPackages || Date.now() - Math.max(...times, statSync(lists).mtimeMs) > LISTS_AGE_MS;
  } catch {
    return true;
  }
}

function environment(manager: PackageManager): Record<string, string> {
  const proxies = Object.entries(process.env).filter(
    ([name, value]) => PROXY_VARIABLES.test(name) && value !== undefined,
  );
  return { ...(Object.fromEntries(proxies) as Record<string, string>), ...manager.env };
}

function isComplete({ commands }: EngineSetup): boolean {
  return commands.every(hasCommand);
}

function hasCommand(name: string): boolean {
  return findCommand(name) !== undefined;
}

/** The last line that says what was wrong, else the last line. */
function reasonOf({ stdout, stderr, timedOut }: ExecResult): string {
  if (timedOut) return 'it took too long';
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.findLast((line) => /^(E:|Error)/.test(line)) ?? lines.at(-1) ?? 'no reason given';
}
