/** Docker by hand: a container, and one in the daemon of another; with the daemons, images and folders of the run's preparation. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Image, Workspace } from '../../bench/types.ts';
import { hostClientFile } from '../../runners/engines/docker/client.ts';
import { docker as runner } from '../../runners/engines/docker/runner.ts';
import { scratchFolders } from '../../runners/engines/docker/scratch.ts';
import { dockerArchive, holderImage, storeDir } from '../../runners/image/image.ts';
import { hostBox, hostExec } from '../../runners/kit/process.ts';
import { quote } from '../../runners/kit/shell.ts';
import { HOLDER_INIT, HOLDER_READY, missingCapabilities, relaxedFlags } from '../../runners/oci/holder.ts';
import type { BareStart } from './bare-start.ts';

const PAYLOAD_FLAGS = ['--rm', '-i', '--pull', 'never', '--network', 'none', '--read-only'];
/** In the outer container. */
const INNER = '/boxmark/scratch/docker';

export async function dockerByHand(image: Image, dir: string): Promise<BareStart | string> {
  const socket = await socketOf(dir);
  if (socket === undefined) return 'no daemon to ask';
  const { id } = await dockerArchive(image);
  return () => ({
    argv: ['docker', '-H', `unix://${socket}`, 'run', ...PAYLOAD_FLAGS, id, ...image.payloadArgv],
  });
}

/**
 * What one types: a container that becomes a daemon, and `docker run` in it as soon as the daemon has its socket. The image is
 * in the folder of the daemon already.
 */
export async function nestedByHand(image: Image, workspace: Workspace): Promise<BareStart | string> {
  const { id, dir } = workspace;
  const socket = await socketOf(dir);
  const [scratch] = scratchFolders(dir);
  if (socket === undefined || scratch === undefined) return 'no daemon to ask';
  const outer = await dockerArchive(await holderImage(image, runner.needs.commands));
  const inner = await dockerArchive(image);
  const docker = `docker -H unix://${quote(socket)}`;
  const outerFlags = [
    ...['-d', '--cgroupns', 'private', '--pull', 'never', '--network', 'none', '--log-driver', 'none'],
    // As --privileged, which a host without some capability refuses.
    ...relaxedFlags(await missingCapabilities(hostBox(workspace))),
    ...['--tmpfs', '/tmp:exec', '--tmpfs', '/run:exec', '--tmpfs', '/etc/docker'],
    ...['-v', `${storeDir()}:/boxmark/store:ro`, '-v', `${scratch}:/boxmark/scratch`],
  ];
  const daemon = [
    ...['dockerd', '--data-root', `${INNER}/data`, '--exec-root', '/run/docker', '-H', 'unix:///run/d.sock'],
    ...['--pidfile', '/run/d.pid', '--group', '0', '--bridge=none', '--iptables=false', '--ip6tables=false'],
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs'],
  ];
  const [writable = ''] = HOLDER_INIT.split(`echo ${HOLDER_READY}`);
  const become = `${writable} exec ${words(daemon)}`;
  const client = basename(hostClientFile() ?? 'docker');
  const run = `${client} -H unix:///run/d.sock run ${words([...PAYLOAD_FLAGS, inner.id, ...image.payloadArgv])}`;
  const inside = `until [ -S /run/d.sock ]; do sleep 0.02; done; exec ${run}`;
  return (count) => {
    const name = `boxmark-${id}-bare-${count}`;
    const begin = `${docker} run --name ${name} --label boxmark=${id} ${words(outerFlags)} ${outer.id}`;
    return {
      argv: [
        'sh',
        '-c',
        `${begin} sh -c ${quote(become)} >/dev/null && exec ${docker} exec -i ${name} sh -c ${quote(inside)}`,
      ],
      end: ['docker', '-H', `unix://${socket}`, 'rm', '-f', '-v', name],
    };
  };
}

const words = (argv: readonly string[]) => argv.map(quote).join(' ');

/** Of the run's own daemon, else of the user's when it answers. */
async function socketOf(dir: string): Promise<string | undefined> {
  const own = join(dir, 'docker', 's.sock');
  if (existsSync(own)) return own;
  const { exitCode } = await hostExec(['docker', 'version'], { timeoutMs: 5000 });
  return exitCode === 0 ? '/var/run/docker.sock' : undefined;
}
