/** Engines that can't run here: their probes are real, and the commands that they would be given are recorded by a stand-in. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Box, Image } from '../../bench/types.ts';
import {
  CLOUD_HYPERVISOR,
  cloudHypervisor,
  cloudHypervisorArguments,
} from '../../runners/engines/cloud-hypervisor/runner.ts';
import { FIRECRACKER, firecracker, firecrackerConfig } from '../../runners/engines/firecracker/runner.ts';
import { openvz } from '../../runners/engines/openvz/runner.ts';
import { guestBox } from '../../runners/guest/box.ts';
import { GUEST_MARK } from '../../runners/guest/init.ts';
import { type Lab, openLab, talk } from '../lab.ts';
import { type Recorded, recorded } from './recorded.ts';

const TIMEOUT_MS = 120_000;

let lab: Lab;
let host: Box;
let image: Image;
let programs: Recorded | undefined;

beforeAll(async () => {
  lab = await openLab();
  ({ host, image } = lab);
}, TIMEOUT_MS);
afterEach(() => {
  programs?.dispose();
  programs = undefined;
});
afterAll(() => lab.dispose());

/** Where the stand-in runs a command, the payload itself runs, so that a conversation is possible. */
const PAYLOAD =
  'exec /usr/bin/env -i PATH=/usr/bin:/bin node -e \'console.log("@boxmark {\\"value\\":{},\\"monoNs\\":0}");\'';

describe('openvz', { timeout: TIMEOUT_MS }, () => {
  it('says that this is no such host where neither of the commands is there', async () => {
    if (existsSync('/usr/sbin/vzctl') || existsSync('/usr/bin/prlctl')) return;
    expect(await openvz.probe(host, lab.workspace)).toMatchObject({
      available: false,
      reason: expect.stringMatching(/neither prlctl nor vzctl/),
      remedy: expect.stringMatching(/lxc/),
    });
  });

  it.each([
    ['prlctl', 'prlctl version 7.0.1', (id: string) => `boxmark-${id}-b1-vz-1`],
    ['vzctl', 'vzctl version 4.11', () => expect.stringMatching(/^\d{7,10}$/)],
  ] as const)('%s makes, limits, starts, fills, uses, ends and removes a container', async (tool, version, named) => {
    const script = `case "$1" in --version) echo '${version}';; exec*) case "$*" in *tar*) cat >/dev/null;; *payload*) ${PAYLOAD};; esac;; esac`;
    programs = recorded({ [tool]: script });
    const box = programs.on(host);
    const { limits, signal, id } = lab.workspace;
    const prepared = await openvz.prepare(box, image, lab.workspace);
    expect(prepared).toMatchObject({ version, labels: ['system container'] });
    const opened = await openvz.open(box, prepared, { name: 'b1-vz-1', limits, signal });
    expect(await (await talk(opened, [...image.payloadArgv, "it's"])).process.exited).toMatchObject({ exitCode: 0 });
    await opened.close();
    await opened.close();
    const calls = programs.calls().filter(([, word]) => word !== '--version');
    const name = named(id);
    for (const call of calls) expect(call[2]).toEqual(name);
    expect(calls.map(([, word]) => word)).toEqual(
      tool === 'prlctl'
        ? ['create', 'set', 'set', 'set', 'start', 'exec', 'exec', 'stop', 'delete']
        : ['create', 'set', 'start', 'exec2', 'exec2', 'stop', 'destroy'],
    );
    const text = calls.map((call) => call.join(' ')).join('\n');
    expect(text).toContain(`--cpumask ${limits.cpus.join(',')}`);
    expect(text).toContain(tool === 'prlctl' ? '--memsize 512M' : '--ram 512M');
    expect(text).toContain(`--numproc ${limits.pids}`);
    const run = calls.findLast(([, word]) => word?.startsWith('exec')) ?? [];
    const words = ['env', '-i', 'PATH=/usr/bin:/bin', 'HOME=/', 'chroot', '/boxmark-root', ...image.payloadArgv];
    if (tool === 'prlctl') expect(run.slice(3)).toEqual([...words, "it's"]);
    else expect(run.slice(3)).toEqual([`${words.map((word) => `'${word}'`).join(' ')} 'it'\\''s'`]);
  });

  it('says what the command said when no container comes up, and removes it', async () => {
    programs = recorded({
      vzctl: "case $1 in --version) echo 4.11;; start) echo 'no kernel support' >&2; exit 3;; esac",
    });
    expect(await openvz.probe(programs.on(host), lab.workspace)).toMatchObject({
      available: false,
      reason: expect.stringMatching(/`vzctl start \d+` failed: no kernel support/),
    });
    expect(programs.calls().at(-1)?.[1]).toBe('destroy');
  });
});

describe('small hypervisors', { timeout: TIMEOUT_MS }, () => {
  const machine = {
    kernel: '/k/vmlinux',
    initramfs: '/k/initramfs',
    cpus: 1,
    memoryBytes: 512 << 20,
    disk: '/s/root.erofs',
    name: 'b1-vm-1',
    argv: ['/usr/bin/node', 'a b'],
    folder: '',
  };

  it.each([
    ['firecracker', firecracker],
    ['cloud-hypervisor', cloudHypervisor],
  ] as const)('%s is not offered inside another box, nor where it is not installed', async (name, runner) => {
    const inside = { ...host, path: 'docker' };
    expect(await runner.probe(inside, lab.workspace)).toMatchObject({
      available: false,
      reason: expect.stringMatching(/inside docker/),
    });
    const here = await runner.probe(host, lab.workspace);
    if (!here.available) expect(here.reason).toMatch(new RegExp(`${name}|kvm|KVM|guest|installed`));
  });

  it('firecracker gets its machine in a file', () => {
    const config = firecrackerConfig(machine);
    expect(config['boot-source']).toMatchObject({ kernel_image_path: '/k/vmlinux', initrd_path: '/k/initramfs' });
    expect(config['boot-source'].boot_args).toMatch(
      /boxmark\.root=erofs:\/dev\/vda boxmark\.argv=\/usr\/bin\/node,a%20b,$/,
    );
    expect(config.drives).toEqual([
      { drive_id: 'root', path_on_host: '/s/root.erofs', is_root_device: false, is_read_only: true },
    ]);
    expect(config['machine-config']).toEqual({ vcpu_count: 1, mem_size_mib: 512, smt: false });
  });

  it('the disk for data is the second one, and a sync of the guest reaches it', () => {
    const data = { file: '/run/data', direct: true };
    const config = firecrackerConfig({ ...machine, data });
    expect(config['boot-source'].boot_args).toMatch(/ boxmark\.data=\/dev\/vdb /);
    expect(config.drives[1]).toEqual({
      drive_id: 'data',
      path_on_host: '/run/data',
      is_root_device: false,
      is_read_only: false,
      cache_type: 'Writeback',
    });
    const line = cloudHypervisorArguments({ ...machine, data });
    expect(line.join(' ')).toMatch(/ --disk path=\/s\/root\.erofs,readonly=on path=\/run\/data,direct=on /);
    expect(line.join(' ')).toMatch(/ boxmark\.data=\/dev\/vdb /);
  });

  it.each([
    ['firecracker', FIRECRACKER],
    ['cloud-hypervisor', CLOUD_HYPERVISOR],
  ] as const)('%s is started, spoken to through its console, and ended', async (name, hypervisor) => {
    const answers = `echo "${GUEST_MARK} b1-vm-1"; read -r line; echo "@boxmark $line"; exit 0`;
    programs = recorded({ [name]: answers });
    const argv = hypervisor.command({ ...machine, folder: programs.folder });
    expect(argv[0]).toBe(name);
    const box = guestBox({
      path: name,
      group: undefined,
      lineLimitBytes: 3900,
      cpus: lab.workspace.limits.cpus,
      command: () => [join(programs?.folder ?? '', name), ...argv.slice(1)],
    });
    const child = await box.spawn(machine.argv);
    const line = new Promise((resolve) => {
      child.onLine((text) => {
        if (text.startsWith('@boxmark ')) resolve(text);
      });
    });
    child.write('hello');
    expect(await line).toBe('@boxmark hello');
    expect((await child.exited).exitCode).toBe(0);
    await box.close();
    const [call = []] = programs.calls();
    if (name === 'firecracker') {
      const config = join(programs.folder, 'machine.json');
      expect(call).toEqual(['firecracker', '--no-api', '--config-file', config]);
      expect(JSON.parse(readFileSync(config, 'utf8'))['boot-source'].kernel_image_path).toBe('/k/vmlinux');
    } else {
      expect(call.slice(0, 5)).toEqual(['cloud-hypervisor', '--kernel', '/k/vmlinux', '--initramfs', '/k/initramfs']);
      expect(call.slice(7)).toEqual([
        '--cpus',
        'boot=1',
        '--memory',
        'size=512M',
        '--disk',
        'path=/s/root.erofs,readonly=on',
        '--serial',
        'tty',
        '--console',
        'off',
      ]);
    }
  });
});
