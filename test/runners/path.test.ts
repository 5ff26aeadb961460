import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BoxmarkError, EXIT, nearest } from '../../bench/errors.ts';
import type { Runner } from '../../bench/types.ts';
import { native } from '../../runners/engines/native/runner.ts';
import { RUNNERS } from '../../runners/index.ts';
import { layerNames, parsePath, risksOf } from '../../runners/stack/path.ts';
import { defineSettings, harmless, riskOf } from '../../runners/stack/settings.ts';

const suggest = (name: string, known: readonly string[] = RUNNERS.map((runner) => runner.name)) => nearest(name, known);

/** Names of the layers that a path stands for. */
function namesOf(path: string): string[] {
  return parsePath(path, RUNNERS, suggest).map(({ name }) => name);
}

function refusal(path: string, runners: readonly Runner[] = RUNNERS): BoxmarkError {
  try {
    parsePath(path, runners, suggest);
  } catch (error) {
    if (error instanceof BoxmarkError) return error;
    throw error;
  }
  throw new Error(`${path} was taken`);
}

/** A layer that returns its settings as its summary. */
const talker: Runner = {
  ...native,
  name: 'talker',
  holds: true,
  settings: defineSettings({
    layer: 'talker',
    schema: z.strictObject({
      word: z.string().optional().describe('any word'),
      memory: z
        .string()
        .regex(/^\d+[mg]$/, 'takes an amount of memory')
        .optional()
        .describe('how much memory'),
    }),
    examples: { word: 'hello', memory: '1g' },
    risks: { word: harmless, memory: riskOf('9g', 'takes all of it') },
    bare: 'word',
    bind: (values) => ({ ...talker, summary: JSON.stringify(values) }),
  }),
};

function settingsIn(path: string): unknown {
  return JSON.parse(parsePath(path, [native, talker], suggest).at(-1)?.summary ?? '');
}

describe('paths', () => {
  it('name the layers from the host inwards', () => {
    expect(namesOf('docker/unshare')).toEqual(['docker', 'unshare']);
    expect(layerNames('docker/slow:2%')).toEqual(['docker', 'slow']);
  });

  it('a layer that creates no box wraps a payload box, or the host natively', () => {
    expect(namesOf('slow:2%')).toEqual(['native', 'slow']);
    expect(namesOf('native/slow:2%')).toEqual(['native', 'slow']);
    expect(namesOf('uml/slow:2%')).toEqual(['uml', 'slow']);
    expect(namesOf('unshare/quota:50%/slow:0.5%')).toEqual(['unshare', 'quota', 'slow']);
  });

  it.each([
    ['slow:2%/docker', /creates no box/],
    ['slow:1%/slow:2%', /once/],
    ['docker/native', /can't be nested/],
    ['native/docker', /can't hold another/],
    ['', /no environment of this name/],
    ['dokcer', /did you mean "docker"/],
    ['docker/slwo:2%', /did you mean "slow"/],
  ])('%s is refused as a usage error that says why', (path, why) => {
    const error = refusal(path);
    expect(error.what).toMatch(why);
    expect(error.exitCode).toBe(EXIT.usage);
    expect(error.value).toBe(path);
  });
});

describe('settings of a layer', () => {
  it('are read by name and as the bare first value, with the separators decoded', () => {
    expect(settingsIn('talker')).toEqual({});
    expect(settingsIn('talker:hello')).toEqual({ word: 'hello' });
    expect(settingsIn('talker:hello:memory=2g')).toEqual({ word: 'hello', memory: '2g' });
    expect(settingsIn('talker:memory=2g:word=a=b')).toEqual({ word: 'a=b', memory: '2g' });
    expect(settingsIn('talker:word=a%2Cb%2fc%3Ad%25')).toEqual({ word: 'a,b/c:d%' });
    expect(settingsIn('talker:100%')).toEqual({ word: '100%' });
  });

  it.each([
    ['talker:memroy=1g', /no setting memroy \(did you mean "memory"\?\)/, /talker:hello, talker:memory=1g/],
    ['talker:memory=lots', /memory takes an amount/, /talker:memory=1g/],
    ['talker:one:two', /has no name/, /talker:memory=1g/],
    ['talker:memory=', /memory has no value/, /talker/],
    ['talker:', /word has no value/, /talker/],
    ['talker:memory=1g:memory=2g', /memory is set twice/, /talker/],
    ['talker:one:word=two', /word is set twice/, /talker/],
    ['native:fast', /takes no settings/, /native/],
  ])('%s is refused as a usage error that names the setting', (path, what, remedy) => {
    const error = refusal(path, [native, talker]);
    expect(error.what).toMatch(what);
    expect(error.remedy).toMatch(remedy);
    expect(error.exitCode).toBe(EXIT.usage);
  });

  it.each(['slow', 'quota'])('%s can not do without its percentage, above 0 and up to 100', (name) => {
    expect(refusal(name).what).toMatch(/needs its/);
    for (const value of ['0%', '101%', '-1%', '2', 'two%', '1e1%']) {
      expect(refusal(`${name}:${value}`).what, value).toMatch(/percentage above 0/);
    }
    for (const value of ['100%', '0.5%', '2%25']) expect(namesOf(`${name}:${value}`)).toEqual(['native', name]);
  });

  it('every setting of every layer is listed with a summary and an example that it takes', () => {
    for (const { name, settings } of RUNNERS) {
      for (const { name: key, summary, example } of settings?.known ?? []) {
        expect(summary.length, `${name} ${key}`).toBeGreaterThan(5);
        const [setting] = settings?.known ?? [];
        const required = settings?.known.filter((it) => it.required && it.name !== key) ?? [];
        const values = Object.fromEntries([...required.map((it) => [it.name, it.example]), [key, example]]);
        expect(settings?.bind(values).name, setting?.name).toBe(name);
      }
    }
  });
});

describe('what a path could do to the host of who runs it', () => {
  const risks = (path: string) => risksOf(path, RUNNERS, suggest);

  it.each([
    ['ssh:bench.example', ['ssh connects to another host']],
    [
      'ssh:h:config=%2Fproc%2Fself%2Fcwd%2Fx',
      ['ssh connects to another host', 'config of ssh names a file of this host'],
    ],
    ['docker/runc:seccomp=%2Fetc%2Fshadow', ['seccomp of runc names a file of this host']],
    ['docker:seccomp=new.json', ['seccomp of docker names a file of this host']],
    [
      'unshare:network=host:memory=none',
      ["network of unshare is the host's network", 'memory of unshare takes the memory limit away'],
    ],
    ['lxc:seccomp=unconfined/slow:2%', ["seccomp of lxc lets every system call through to the host's kernel"]],
    ['docker:sh', ['runtime of docker names a program of this host']],
    ['firecracker:kernel=%2Fboot%2Fx', ['kernel of firecracker names a file of this host']],
  ])('%s is said', (path, expected) => {
    expect(risks(path)).toEqual(expected);
  });

  it.each([
    'native/slow:2%',
    'docker/docker',
    'docker:runsc:memory=1g:pids=256:cpus=0.5',
    'runc:seccomp=default:network=none:userns=yes',
    'podman:rootless=yes:storage=vfs',
    'qemu:tcg:cpu=max',
  ])('%s has none', (path) => {
    expect(risks(path)).toEqual([]);
  });

  const settings = RUNNERS.flatMap((runner) => (runner.settings?.known ?? []).map((setting) => ({ runner, setting })));

  it.each(settings.map(({ runner, setting }) => [runner.name, setting.name, { runner, setting }] as const))(
    'of %s: a value of %s that is a path, or leads to the host, is never without one',
    (_, __, { runner, setting }) => {
      const required = Object.fromEntries(
        (runner.settings?.known ?? []).filter((one) => one.required).map((one) => [one.name, one.example]),
      );
      for (const value of ['/etc/passwd', '%2Fetc%2Fpasswd', 'host', 'unconfined', 'none', 'privileged', 'sh']) {
        try {
          runner.settings?.bind({ ...required, [setting.name]: value });
        } catch {
          continue; // It takes no such value.
        }
        // `none` is the network that a box has by itself; names of hosts, users and models are words like any other.
        const isWord =
          ['host', 'user', 'cpu'].includes(setting.name) || (setting.name === 'network' && value === 'none');
        if (!isWord) expect(setting.risk(value), `${setting.name}=${value}`).not.toBeNull();
      }
    },
  );
});
