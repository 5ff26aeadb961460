/** Hosts of a fleet for tests: each a real sshd in a network namespace of its own, on a bridge that is in a namespace too. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshHost } from '../../fleet/ssh/inventory.ts';
import { type SshServer, startServer } from '../runners/ssh-server.ts';

/** Reaches a host from the bridge's namespace. */
const RELAY = `const [host, port] = process.argv.slice(2);
const socket = require('node:net').connect(Number(port), host);
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('error', (error) => { console.error(error.message); process.exit(1); });
`;

export interface TestHost extends SshHost {
  readonly server: SshServer;
  /** Takes its cable out, without a word to either side. */
  cut(): void;
  /** Ends the connections that its sshd serves, by their processes. */
  dropConnections(): number;
}

export interface TestHosts {
  readonly hosts: readonly TestHost[];
  stop(): Promise<void>;
}

/** What is different on a host. */
export interface HostSetting {
  /** Who logs in; root by default. */
  readonly user?: string;
  /** Shell text that runs before its sshd, in a mount namespace of its own. */
  readonly before?: string;
}

export async function startHosts(settings: readonly HostSetting[]): Promise<TestHosts> {
  const folder = mkdtempSync('/var/tmp/boxmark-test-hosts-');
  const relay = join(folder, 'relay.cjs');
  writeFileSync(relay, RELAY);
  const keepers: ChildProcess[] = [];
  const servers: SshServer[] = [];
  const stop = async (): Promise<void> => {
    for (const server of servers) {
      dropConnections(server);
      await server.stop();
    }
    for (const keeper of keepers) await ended(keeper);
    rmSync(folder, { recursive: true, force: true });
  };
  const namespace = async (): Promise<number> => {
    const keeper = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    keepers.push(keeper);
    await new Promise((resolve, reject) => {
      keeper.stdout?.once('data', resolve);
      keeper.once('exit', () => reject(new Error('no network namespace can be made')));
    });
    return keeper.pid ?? 0;
  };
  try {
    const hub = await namespace();
    inside(hub, 'ip', 'link', 'add', 'hub', 'type', 'bridge');
    inside(hub, 'ip', 'addr', 'add', '10.77.0.254/24', 'dev', 'hub');
    inside(hub, 'ip', 'link', 'set', 'hub', 'up');
    const hosts: TestHost[] = [];
    for (const [index, { user = 'root', before = ':' }] of settings.entries()) {
      const number = index + 1;
      const pid = await namespace();
      const [link, address] = [`host${number}`, `10.77.0.${number}`];
      inside(hub, 'ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${pid}`);
      inside(hub, 'ip', 'link', 'set', link, 'master', 'hub', 'up');
      inside(pid, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      inside(pid, 'ip', 'link', 'set', 'eth0', 'up');
      inside(pid, 'ip', 'link', 'set', 'lo', 'up');
      const proxy = ['nsenter', `--net=/proc/${hub}/ns/net`, '--', process.execPath, relay, '%h', '%p'].join(' ');
      const server = await startServer({
        address,
        wrap: [
          ...['nsenter', `--net=/proc/${pid}/ns/net`, '--'],
          ...['unshare', '--mount', 'sh', '-c', `${before}; exec "$@"`, 'sh'],
        ],
        client: [`ProxyCommand ${proxy}`],
      });
      servers.push(server);
      const { port, identity, config } = server;
      hosts.push({
        name: link,
        address: `${address}:${port}`,
        target: { host: address, port, user, identity, config },
        labels: { rack: `r${number}` },
        server,
        cut: () => inside(hub, 'ip', 'link', 'set', link, 'down'),
        dropConnections: () => dropConnections(server),
      });
    }
    return { hosts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function dropConnections({ pid }: SshServer): number {
  const children = childrenOf(pid);
  for (const child of children) process.kill(child, 'SIGKILL');
  return children.length;
}

function inside(pid: number, ...words: string[]): void {
  execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, '--', ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, ppid] = /\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return Number(ppid) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
