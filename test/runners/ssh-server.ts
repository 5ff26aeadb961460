/** A real sshd for tests, on the loopback interface or elsewhere: a port, keys and configuration of its own, nothing of the host's service. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** sshd changes into this empty folder, and refuses to start where it isn't there. */
const PRIVILEGE_FOLDER = '/run/sshd';
const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((file) => existsSync(file));

export interface SshServer {
  /** The layer that reaches it, with its settings. */
  readonly layer: string;
  readonly port: number;
  /** File for `ssh -F`. */
  readonly config: string;
  /** File with the private key that it takes. */
  readonly identity: string;
  /** Of sshd, whose children are its connections. */
  readonly pid: number;
  /** The client's file of known hosts. */
  readonly known: string;
  stop(): Promise<void>;
}

interface ServerPlace {
  readonly address?: string;
  /** Words in front of sshd's. */
  readonly wrap?: readonly string[];
  /** More lines for its configuration, and for that of the client. */
  readonly server?: readonly string[];
  readonly client?: readonly string[];
}

/** Why there can be no server here; undefined when there can. */
export function whyNoServer(): string | undefined {
  if (process.getuid?.() !== 0) return 'sshd that lets the user in needs root here';
  return SSHD === undefined ? 'sshd is not installed (package openssh-server)' : undefined;
}

export async function startServer(place: ServerPlace = {}): Promise<SshServer> {
  const { address = '127.0.0.1', wrap = [], server: more = [], client: further = [] } = place;
  const folder = mkdtempSync(join(tmpdir(), 'boxmark-test-sshd-'));
  // sshd reads the list of keys as the user who logs in.
  chmodSync(folder, 0o711);
  const madePrivilegeFolder = !existsSync(PRIVILEGE_FOLDER);
  if (madePrivilegeFolder) mkdirSync(PRIVILEGE_FOLDER, { mode: 0o755 });
  for (const name of ['host', 'user']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'boxmark-test', '-f', join(folder, name)]);
  }
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user.pub')), { mode: 0o644 });
  const port = await freePort();
  const lines = [
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'PrintMotd no',
    ...more,
  ];
  writeFileSync(join(folder, 'sshd_config'), `${lines.join('\n')}\n`);
  const known = readFileSync(join(folder, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(join(folder, 'known_hosts'), `[${address}]:${port} ${known}\n`);
  const config = join(folder, 'ssh_config');
  const client = [
    `UserKnownHostsFile ${join(folder, 'known_hosts')}`,
    'StrictHostKeyChecking yes',
    'IdentityAgent none',
    ...further,
  ];
  writeFileSync(config, `Host *\n${client.map((line) => `  ${line}\n`).join('')}`);
  const [file = '', ...words] = [...wrap, SSHD ?? '', '-D', '-e', '-f', join(folder, 'sshd_config')];
  const server = spawn(file, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-4000);
  });
  const stop = async (): Promise<void> => {
    await ended(server);
    rmSync(folder, { recursive: true, force: true });
    if (madePrivilegeFolder) {
      try {
        rmdirSync(PRIVILEGE_FOLDER);
      } catch {
        // Gone, or another sshd uses it by now.
      }
    }
  };
  for (let tries = 0; !printed.includes('Server listening on'); tries++) {
    if (tries < 200 && server.exitCode === null) await sleep(50);
    else {
      await stop();
      throw new Error(`sshd did not start: ${printed}`);
    }
  }
  const identity = join(folder, 'user');
  const settings = { port, user: userInfo().username, identity, config };
  const encoded = Object.entries(settings).map(([key, value]) => `${key}=${String(value).replaceAll('/', '%2F')}`);
  return {
    layer: `ssh:${address}:${encoded.join(':')}`,
    port,
    config,
    identity,
    pid: server.pid ?? 0,
    known: join(folder, 'known_hosts'),
    stop,
  };
}

/** Its sessions are processes of their own, which end with their connections. */
async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
