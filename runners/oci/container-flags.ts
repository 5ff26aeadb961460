/** Flags of `docker run` for a payload's container, from its limits and settings. */

import type { BoxSpec, OpenOptions } from '../../bench/types.ts';
import { SCRATCH_MOUNT } from '../kit/places.ts';
import { cpuList } from '../kit/shell.ts';
import { type BoxSettings, limitsWith } from '../stack/box-settings.ts';

/** The container's settings; `seccomp` is a path in the box where docker is called when it is a profile. */
export interface ContainerSettings extends BoxSettings {
  readonly runtime?: string | undefined;
}

/** Docker's own seccomp profile stays unless another is asked for: it is part of what is measured. */
export function payloadFlags(
  { limits, spec }: Pick<OpenOptions, 'limits' | 'spec'>,
  settings: ContainerSettings,
): string[] {
  const { cpus, memoryBytes, pids, quota } = limitsWith(limits, settings);
  const { seccomp = 'default', network = 'none', capabilities = [], runtime } = settings;
  return [
    ...['--tmpfs', '/tmp:size=64m', '--network', network, '--cpuset-cpus', cpuList(cpus)],
    ...(pids === undefined ? [] : ['--pids-limit', String(pids)]),
    ...(memoryBytes === undefined ? [] : ['--memory', String(memoryBytes), '--memory-swap', String(memoryBytes)]),
    ...(quota === undefined ? [] : ['--cpu-period', '100000', '--cpu-quota', (quota * 100_000).toFixed()]),
    ...['--cap-drop', 'ALL', ...capabilities.flatMap((name) => ['--cap-add', name])],
    ...['--security-opt', 'no-new-privileges'],
    ...(seccomp === 'default' ? [] : ['--security-opt', `seccomp=${seccomp}`]),
    ...dataFlags(spec),
    ...(runtime === undefined ? [] : ['--runtime', runtime]),
  ];
}

/**
 * A volume without a name, which goes with the container: images of databases declare one for their data, so that it is
 * what users have who say nothing. The root stays read-only.
 */
export function dataFlags(spec: BoxSpec | undefined): string[] {
  return spec?.scratch === true ? ['--mount', `type=volume,target=${SCRATCH_MOUNT}`] : [];
}
