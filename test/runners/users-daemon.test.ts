/** The Docker daemons that users have: which is measured, how, and which is not Docker at all. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Box, BoxProcess, ExecResult, OpenOptions } from '../../bench/types.ts';
import { payloadBox } from '../../runners/engines/docker/box.ts';
import type { DockerClient } from '../../runners/engines/docker/client.ts';
import { runtimeByName } from '../../runners/engines/docker/daemon.ts';
import { placeLabels, placeOf } from '../../runners/engines/docker/place.ts';
import { findUsersDaemon } from '../../runners/engines/docker/users-daemon.ts';
import { UnavailableError } from '../../runners/stack/stack.ts';

const CLIENT: DockerClient = { file: '/usr/bin/docker', cpus: [0] };

interface Answers {
  readonly version?: Partial<ExecResult>;
  readonly info?: Partial<ExecResult>;
}

/** A host on which the docker command gives these answers. */
function hostWith({ version, info }: Answers): Box {
  const answer = (given: Partial<ExecResult> = {}): ExecResult => ({
    exitCode: 0,
    stdout: '',
    stderr: '',
    timedOut: false,
    ...given,
  });
  const exec = async (argv: readonly string[]) => answer(argv.includes('version') ? version : info);
  return { path: 'host', exec } as unknown as Box;
}

const facts = (changes: { runtimes?: string; standard?: string }): Partial<ExecResult> => ({
  stdout: `27.0\toverlay2\tcgroupfs\t${release()}\t[]\t${changes.runtimes ?? 'runc '}\t${changes.standard ?? 'runc'}\n`,
});
const VERSION = { stdout: '27.0 {"Components":[{"Name":"Engine"}]}\n' };
const find = (answers: Answers) => findUsersDaemon(hostWith({ version: VERSION, ...answers }), CLIENT, {});

describe('the docker command of the host', () => {
  it("is not Podman's stand-in, whether that says so or keeps quiet", async () => {
    const template = {
      exitCode: 125,
      stderr: `Error: template: info:1:2: executing "info" at <.ServerVersion>: can't evaluate field ServerVersion in type *define.Info`,
    };
    const loud = {
      stdout: '4.3.1 null\n',
      stderr: 'Emulate Docker CLI using podman. Create /etc/containers/nodocker\n',
    };
    const unknown = {
      exitCode: 125,
      stderr: "Error: template: version: can't evaluate field Server in type *define.Version",
    };
    for (const version of [loud, { stdout: '4.3.1 null\n' }, unknown])
      await expect(find({ version, info: template })).rejects.toThrow(/Podman's stand-in[\s\S]*-e native,podman/);
  });

  it('says what the daemon says when that gives no information for another reason', async () => {
    await expect(find({ info: { exitCode: 1, stderr: 'Error: it burns' } })).rejects.toThrow('it burns');
  });
});

describe('the default runtime of a daemon', () => {
  it('is left alone when it is runc, and else runc is asked for by its name', async () => {
    const runtime = async (standard: string) => {
      const found = await find({ info: facts({ standard, runtimes: 'io.containerd.runc.v2 nvidia runc runsc ' }) });
      return found && runtimeByName(found, {});
    };
    expect(await runtime('runc')).toBeUndefined();
    expect(await runtime('io.containerd.runc.v2')).toBeUndefined();
    expect(await runtime('')).toBeUndefined();
    expect(await runtime('nvidia')).toBe('runc');
    expect(await runtime('runsc')).toBe('runc');
  });

  it('is what a setting of the layer says', async () => {
    const found = await find({ info: facts({ standard: 'nvidia', runtimes: 'nvidia runc runsc' }) });
    expect(found && runtimeByName(found, { runtime: 'runsc' })).toBe('runsc');
  });
});

describe('a daemon without root', () => {
  it('is known by what it says of itself, with the limits that it can not set', async () => {
    const rootless = '["name=seccomp,profile=builtin","name=rootless","name=cgroupns"]';
    const info = facts({});
    const found = await find({ info: { stdout: `${info.stdout?.trim()}\t${rootless}\tfalse true false\n` } });
    expect(found).toMatchObject({ rootless: true, unlimited: ['CPUs', 'processes'] });
    expect(await find({ info })).toMatchObject({ rootless: false, unlimited: [] });
  });
});

describe('the place of a daemon', () => {
  const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const dir = mkdtempSync(join(tmpdir(), 'boxmark-place-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  /** A daemon whose containers see these folders and this boot. */
  const daemon = (boot: string, sees: 'the folder' | 'an empty folder' | 'no folder'): Box => {
    const exec = async (argv: readonly string[]): Promise<ExecResult> => {
      const source = /source=([^,]+)/.exec(argv.join(' '))?.[1];
      const ended = { exitCode: 0, stdout: `${boot}\n`, stderr: '', timedOut: false };
      if (source === undefined || sees === 'an empty folder') return ended;
      if (sees === 'no folder')
        return { ...ended, exitCode: 125, stdout: '', stderr: `bind source path does not exist: ${source}` };
      return { ...ended, stdout: `${boot}\n${readFileSync(join(source, 'mark'), 'utf8')}` };
    };
    return { path: 'host', exec } as unknown as Box;
  };
  const place = (box: Box) =>
    placeOf(box, { client: CLIENT, workspace: { id: 'ab', dir }, image: 'i', tools: false, runtime: undefined });

  it('is here when a container has our boot and our file, and leaves nothing in the folder', async () => {
    expect(await place(daemon(BOOT, 'the folder'))).toBe('here');
    expect(readdirSync(dir)).toEqual([]);
    expect(placeLabels('here', true)).toEqual([]);
  });

  it('is outside of our container when the work folder is not there', async () => {
    for (const sees of ['no folder', 'an empty folder'] as const)
      expect(await place(daemon(BOOT, sees))).toBe('outside');
    expect(placeLabels('outside', false)).toEqual(['daemon outside of this container']);
    expect(() => placeLabels('outside', true)).toThrow(/can hold no others/);
  });

  it('is elsewhere when the boot is another, whatever the kernel', async () => {
    expect(await place(daemon('8c3c7d1e-0000-4000-8000-000000000001', 'no folder'))).toBe('elsewhere');
    expect(() => placeLabels('elsewhere', false)).toThrow(/another machine/);
  });

  it('is not in doubt when no container starts', async () => {
    const exec = async (): Promise<ExecResult> => ({ exitCode: 126, stdout: '', stderr: 'burns', timedOut: false });
    expect(await place({ path: 'host', exec } as unknown as Box)).toBe('here');
  });

  it('is not asked further where an outer container stops the runtime, and the remedy is for that', async () => {
    const stderr =
      'OCI runtime create failed: runc create failed: unable to start container process: error during container init: open sysctl net.ipv4.ip_unprivileged_port_start file: reopen fd 8: permission denied';
    const exec = async (): Promise<ExecResult> => ({ exitCode: 126, stdout: '', stderr, timedOut: false });
    const asked = place({ path: 'host', exec } as unknown as Box);
    await expect(asked).rejects.toThrow(/No container starts: .*permission denied/);
    expect(new UnavailableError({ path: 'docker', reason: stderr, remedy: 'boxmark doctor' }).unavailable).toEqual({
      path: 'docker',
      reason: stderr,
      remedy: expect.stringMatching(/update LXC, Incus or Proxmox/),
    });
  });
});

it('a container of the payload has no variable of the proxies that the user has configured', async () => {
  let argv: readonly string[] = [];
  const parent = {
    path: 'host',
    exec: async (): Promise<ExecResult> => ({ exitCode: 0, stdout: '', stderr: '', timedOut: false }),
    spawn: async (command: readonly string[]) => {
      argv = command;
      return { kill: () => {}, exited: Promise.resolve({ exitCode: 0, signal: null }) } as unknown as BoxProcess;
    },
  } as unknown as Box;
  const limits = { cpus: [1], housekeeping: [0], memoryBytes: 2 ** 30, pids: 512 };
  const options = { name: 'b1-docker', limits, signal: new AbortController().signal } as unknown as OpenOptions;
  const box = payloadBox({
    ...{ parent, client: CLIENT, image: 'sha256:0', run: 'ab', options, settings: {} },
    ...{ groupParent: undefined, hostGroup: undefined, afterRemoval: async () => {} },
  });
  await box.spawn(['node']);
  const taken = argv.flatMap((word, at) => (argv[at - 1] === '-e' ? [word] : []));
  expect(taken).toEqual(
    expect.arrayContaining(['HOSTNAME', 'http_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY', 'ALL_PROXY', 'FTP_PROXY']),
  );
});
