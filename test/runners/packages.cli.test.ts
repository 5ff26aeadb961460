/** Set-up: the tables of packages, the plan for this host, and installing without starting services. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INSTALLATIONS } from '../../runners/index.ts';
import { hostExec } from '../../runners/kit/process.ts';
import { PACKAGE_MANAGERS } from '../../runners/upkeep/packages.ts';
import { abandonedPolicy, withoutServices } from '../../runners/upkeep/service-policy.ts';
import { runSetup, type SetupPlan, setupPlan } from '../../runners/upkeep/setup.ts';

const installationOf = (engine: string) => {
  const found = INSTALLATIONS.find(({ name }) => name === engine);
  if (found === undefined) throw new Error(`${engine} can't be installed`);
  return found;
};

describe('what engines need of package managers', () => {
  it.each(PACKAGE_MANAGERS.map((manager) => [manager.name, manager] as const))(
    'of %s: packages for containers and virtual machines',
    (name, manager) => {
      for (const architecture of ['x64', 'arm64']) {
        for (const engine of ['unshare', 'docker', 'qemu'])
          expect(installationOf(engine).packages(architecture)[name]?.packages ?? [], engine).not.toHaveLength(0);
      }
      expect(manager.install[0]).toBe(manager.command);
    },
  );

  it('offers User-mode Linux on x86-64 only', () => {
    const { packages } = installationOf('uml');
    expect(packages('x64').apt?.packages).toEqual(['user-mode-linux', 'busybox-static']);
    expect(packages('arm64')).toEqual({});
  });

  it('lets apt neither ask, upgrade, remove nor add what is only recommended', () => {
    const apt = PACKAGE_MANAGERS.find(({ name }) => name === 'apt');
    for (const flag of ['-y', '--no-upgrade', '--no-remove', '--no-install-recommends', 'DPkg::Lock::Timeout=120']) {
      expect(apt?.install).toContain(flag);
    }
    expect(apt?.env).toMatchObject({ DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', NEEDRESTART_MODE: 'l' });
  });

  it('looks for the emulator of the architecture', () => {
    expect(installationOf('qemu').commands('arm64')).toContain('qemu-system-aarch64');
    expect(installationOf('qemu').commands('x64')).toContain('qemu-system-x86_64');
  });
});

describe('the plan for this host', () => {
  it('lists exactly the commands that a shell does not find', async () => {
    const plan = await setupPlan(INSTALLATIONS);
    for (const { name, commands } of INSTALLATIONS) {
      const missing: string[] = [];
      for (const command of commands(process.arch)) {
        const found = await hostExec(['sh', '-c', 'command -v "$1"', 'sh', command]);
        if (found.exitCode !== 0) missing.push(command);
      }
      expect(plan.engines.find((setup) => setup.engine === name)?.missing ?? [], name).toEqual(missing);
    }
    expect(plan.complete).toBe(plan.engines.length === 0 && !plan.guestKernel);
    if (plan.packages.length > 0) expect(plan.commands.at(-1)).toContain(plan.packages.join(' '));
    else expect(plan.commands).toEqual([]);
  });

  it('asks for nothing when nothing is wanted', async () => {
    expect(await setupPlan([])).toMatchObject({ engines: [], packages: [], guestKernel: false, complete: true });
  });

  it('installs nothing without root, but says what to run', async () => {
    const plan: SetupPlan = {
      manager: 'apt',
      engines: [],
      packages: ['boxmark-no-such-package'],
      guestKernel: false,
      commands: ['sudo apt-get install boxmark-no-such-package'],
      canRun: false,
      complete: false,
    };
    const logged: string[] = [];
    const { installed, problems } = await runSetup(plan, (line) => logged.push(line));
    expect(installed).toEqual([]);
    expect(logged).toEqual([]);
    expect(problems.join()).toContain('sudo apt-get install boxmark-no-such-package');
  });

  it('says what is still missing when no package brings it', async () => {
    // An engine whose commands are not there, whatever this host has: another architecture's emulator can't be planned here.
    const incomplete = INSTALLATIONS.map(({ name, commands }) => ({
      engine: name,
      missing: ['x'],
      packages: [],
      commands: commands(process.arch),
    }));
    const plan = { ...(await setupPlan([])), manager: null, engines: incomplete, complete: false };
    const { problems } = await runSetup(plan, () => {});
    const present = await setupPlan(INSTALLATIONS);
    expect(problems.map((text) => text.split(' ')[0])).toEqual(present.engines.map(({ engine }) => engine));
  });
});

describe('installing without starting services', () => {
  let folder: string;
  let policyFile: string;
  const options = () => ({ policyFile, timeoutMs: 30_000, env: {} });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'boxmark-policy-'));
    policyFile = join(folder, 'policy-rc.d');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('forbids them while the command runs and leaves no trace', async () => {
    const asked = await withoutServices(
      ['sh', '-c', '"$1" docker start; echo "answer $?"; exit 7', 'sh', policyFile],
      options(),
    );
    expect(asked).toMatchObject({ exitCode: 7, stdout: 'answer 101\n' });
    expect(existsSync(policyFile)).toBe(false);
  });

  it("leaves the host's own hook as it is", async () => {
    writeFileSync(policyFile, '#!/bin/sh\nexit 42\n', { mode: 0o755 });
    const asked = await withoutServices(['sh', '-c', '"$1"; echo $?', 'sh', policyFile], options());
    expect(asked.stdout).toBe('42\n');
    expect(readFileSync(policyFile, 'utf8')).toBe('#!/bin/sh\nexit 42\n');
    expect(abandonedPolicy(policyFile)).toEqual([]);
  });

  it('finishes what it began when it is interrupted', async () => {
    const marker = join(folder, 'done');
    const running = withoutServices(['sh', '-c', 'sleep 1; : > "$1"', 'sh', marker], options());
    const owner = () =>
      Number(/process (\d+)/.exec(existsSync(policyFile) ? readFileSync(policyFile, 'utf8') : '')?.[1]);
    await expect.poll(owner, { timeout: 5000 }).toBeGreaterThan(0);
    expect(abandonedPolicy(policyFile)).toEqual([]);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(-owner(), signal);
    expect((await running).exitCode).toBe(0);
    expect(existsSync(marker)).toBe(true);
    expect(existsSync(policyFile)).toBe(false);
  });

  it('is harmless when it was killed, is found, and is replaced by the next one', async () => {
    const running = withoutServices(['sleep', '20'], options());
    const owner = () =>
      Number(/process (\d+)/.exec(existsSync(policyFile) ? readFileSync(policyFile, 'utf8') : '')?.[1]);
    await expect.poll(owner, { timeout: 5000 }).toBeGreaterThan(0);
    process.kill(-owner(), 'SIGKILL');
    await running;
    expect(abandonedPolicy(policyFile)).toEqual([policyFile]);
    expect((await hostExec([policyFile, 'ssh', 'restart'])).exitCode).toBe(0);
    const next = await withoutServices(['sh', '-c', '"$1"; echo $?', 'sh', policyFile], options());
    expect(next.stdout).toBe('101\n');
    expect(existsSync(policyFile)).toBe(false);
  });

  it('waits for another set-up instead of taking its hook away', async () => {
    const first = withoutServices(['sleep', '2'], options());
    await expect.poll(() => existsSync(policyFile), { timeout: 5000 }).toBe(true);
    const second = await withoutServices(['sh', '-c', '"$1"; echo $?', 'sh', policyFile], options());
    expect(second.stdout).toBe('101\n');
    expect((await first).exitCode).toBe(0);
    expect(existsSync(policyFile)).toBe(false);
  });
});
