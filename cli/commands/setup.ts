/** `boxmark setup`: installs the engines that are missing, from the distribution's packages, and says before what it will do. */

import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { EXIT, nearest, usageError } from '../../bench/errors.ts';
import { defaultFor, type FlagValues } from '../../bench/plan/read-flags.ts';
import { INSTALLATIONS } from '../../runners/index.ts';
import { asRoot } from '../../runners/kit/as-root.ts';
import type { Installation } from '../../runners/upkeep/packages.ts';
import { runSetup, type SetupPlan, setupPlan } from '../../runners/upkeep/setup.ts';
import { documentText } from '../conclude.ts';
import { stderr, stdout } from '../terminal/streams.ts';

export async function setup(flags: FlagValues<'setup'>): Promise<number> {
  const engines = flags.all ? INSTALLATIONS : enginesFor(flags.for ?? defaultFor('setup', 'for'));
  const plan = await setupPlan(engines);
  if (flags.json) stdout.write(documentText({ ...plan }));
  else say(describe(plan));
  if (plan.complete || flags.dryRun) return EXIT.ok;
  if (!plan.canRun) {
    const again = flags.all ? '--all' : `--for ${(flags.for ?? defaultFor('setup', 'for')).join(',')}`;
    say([
      'As this user nothing is installed. What can run without it is measured all the same.',
      `To install it, run the commands above, or: ${asRoot(`setup ${again}`)}`,
    ]);
    return EXIT.ok;
  }
  if (!flags.yes && process.stdin.isTTY && !(await confirmed())) {
    say(['Nothing was installed.']);
    return EXIT.ok;
  }
  const { installed, problems } = await runSetup(plan, (line) => stderr.write(`setup: ${line}\n`));
  if (installed.length > 0) say([`installed: ${installed.join(', ')}`]);
  for (const problem of problems) stderr.write(`boxmark: ${problem}\n`);
  return problems.length > 0 ? EXIT.failed : EXIT.ok;
}

function describe(plan: SetupPlan): string[] {
  if (plan.complete) return ['setup: nothing is missing'];
  const lines = plan.engines.map(({ engine, missing, packages }) => {
    const from = packages.length === 0 ? 'no package is known here' : `from ${packages.join(', ')}`;
    return `setup: ${engine} still needs ${missing.join(', ')}: ${from}`;
  });
  if (plan.guestKernel)
    lines.push('setup: a kernel for virtual machines is fetched into the cache (about 30 MB), not installed');
  for (const command of plan.commands) lines.push(`setup: ${command}`);
  return lines;
}

/** Engines behind names of layers and aliases. A virtual machine means QEMU only where the processor offers hardware help. */
function enginesFor(environments: readonly string[]): Installation[] {
  const engines = new Set<string>();
  const installable = INSTALLATIONS.map(({ name }) => name);
  const known = [...installable, 'native', 'container', 'nested', 'vm'];
  for (const layer of environments.flatMap((path) => path.split('/'))) {
    const [name = '', ...settings] = layer.split(':');
    if (settings.some((setting) => setting.endsWith('runsc'))) engines.add('gvisor');
    if (name === 'container' || name === 'nested') engines.add('docker').add('unshare');
    else if (name === 'vm') engines.add(hardwareVirtualisation() || process.arch !== 'x64' ? 'qemu' : 'uml');
    else if (installable.includes(name)) engines.add(name);
    else if (name !== 'native')
      throw usageError(`There is nothing to install for this name${nearest(name, known)}.`, name, known.join(', '));
  }
  return [...engines].flatMap((name) => INSTALLATIONS.filter((installation) => installation.name === name));
}

function hardwareVirtualisation(): boolean {
  if (!existsSync('/dev/kvm')) return false;
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

async function confirmed(): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(y|yes|)$/i.test((await prompt.question('setup: go on? [Y/n] ')).trim());
  } finally {
    prompt.close();
  }
}

function say(lines: readonly string[]): void {
  stderr.write(`${lines.join('\n')}\n`);
}
