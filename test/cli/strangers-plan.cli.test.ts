import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureImage } from '../../runners/image/image.ts';
import { PAYLOAD } from '../bench/boxes.ts';
import { boxmark, sessions } from './program.ts';
import { writeSession } from './stored-session.ts';

let dir: string;
let marker: string;
let evil: string;
beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-');
  marker = join(dir, 'ran');
  const config = join(dir, 'theirs', 'notes.txt');
  mkdirSync(join(dir, 'theirs'));
  writeFileSync(config, `Host *\n  ProxyCommand touch ${marker}\n`);
  evil = `ssh:nowhere.invalid:config=${config.replaceAll('/', '%2F')}`;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A stranger's session that could run here at once. */
async function strangersSession(environments: readonly string[] = ['native', evil]): Promise<string> {
  const { digest, nodeDigest: node, payloadDigest: payload } = await ensureImage(PAYLOAD);
  return writeSession({
    out: join(dir, 'theirs'),
    name: '20261101T000000Z-theirs',
    plan: {
      environments: environments.map((path) => ({ path })),
      limits: { cpus: [0], housekeeping: [0], memoryBytes: 2 ** 30, pids: 256 },
      workloads: ['fft'],
      size: 'tiny',
      blocks: 1,
      rounds: 2,
      burstNs: 1e6,
      longNs: 0,
    },
    truth: { ratios: Object.fromEntries(environments.slice(1).map((path) => [path, 1.1])) },
    info: { image: { digest, node, payload }, work: { fft: 100 } },
  });
}

const resume = ['resume', '--max-blocks', '2', '--allow-different-hosts', '--keep-going'];
const reproduce = () => ['reproduce', '-o', join(dir, 'ours')];

describe("a stranger's session with a layer ssh", () => {
  it.each([['resume'], ['reproduce']])('is not run by %s: code 2, with the command that runs it', async (name) => {
    const args = [...(name === 'resume' ? resume : reproduce()), await strangersSession()];
    const ended = await boxmark(...args);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/ssh connects to another host, config of ssh names a file of this host/);
    expect(ended.stderr).toContain(`received: ${evil}\n`);
    expect(ended.stderr).toContain(`try: boxmark ${args.join(' ')} --allow-env ${evil}\n`);
    expect(existsSync(marker)).toBe(false);
    expect(sessions(join(dir, 'ours'))).toEqual([]);
  });

  it('as its baseline alone is not run either', async () => {
    const session = await strangersSession([evil, 'native']);
    const ended = await boxmark(...reproduce(), session, '-q');
    expect(ended.code).toBe(2);
    expect(existsSync(marker)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0 || !existsSync('/usr/bin/ssh'))(
    'is run when the user names that environment, and what runs is said first',
    async () => {
      const ended = await boxmark(...reproduce(), await strangersSession(), '--allow-env', evil);
      expect(ended.stderr).toMatch(/^\S+theirs\S* names what runs here as root: native, ssh:/m);
      expect(existsSync(marker)).toBe(true);
    },
  );

  it('is not run for the name of another environment', async () => {
    const ended = await boxmark(...reproduce(), await strangersSession(), '--allow-env', 'ssh:nowhere.invalid');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/--allow-env: no environment of this name would run/);
    expect(existsSync(marker)).toBe(false);
  });
});

describe("a stranger's session with", () => {
  it.each([
    ['unshare:network=host', "network of unshare is the host's network"],
    ['runc:seccomp=unconfined', 'seccomp of runc lets every system call through'],
    ['runc:seccomp=%2Fetc%2Fshadow', 'seccomp of runc names a file of this host'],
    ['docker:runtime=sh', 'runtime of docker names a program of this host'],
    ['unshare/unshare:memory=none', 'memory of unshare takes the memory limit away'],
  ])('%s is refused', async (path, why) => {
    const ended = await boxmark(...reproduce(), await strangersSession(['native', path]), '-q');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(why);
    expect(ended.stderr).toContain(`--allow-env ${path}\n`);
  });

  it('a name that a terminal would act on is shown without what it acts on', async () => {
    const path = 'runc:seccomp=%2Fx\u001b]0;title\u0007\u001b[2J';
    const ended = await boxmark(...reproduce(), await strangersSession(['native', path]), '-q');
    expect(ended.code).toBe(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(ended.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
