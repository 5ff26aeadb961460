/**
 * The two static programs of a payload's box on the host: one enters the control group, one makes the box out of new
 * namespaces. Where they can't be used, shell scripts do the same by a program for each step.
 */

import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box } from '../../../bench/types.ts';
import type { Hierarchy } from '../../cgroup/tree.ts';
import { callProgram } from '../../image/call-program.ts';
import { findCommand } from '../../kit/commands.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { type Entry, enterProgram } from '../../stack/enter-program.ts';
import { type BoxCalls, boxCalls } from './calls.ts';
import { namespaces } from './script.ts';

const TRIAL_LIMIT_MS = 15_000;
/** Of a box that is made, but has no such program. */
const NO_PROGRAM = 127;

export interface BoxPrograms {
  /** Words that make a payload's box of a command with its variables; undefined for a start that they were not made for. */
  command(start: ProgramStart): string[] | undefined;
}

export interface ProgramStart extends Omit<Entry, 'env'> {
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Folder for the payload's data. */
  readonly data: string | undefined;
}

export interface ProgramPlan extends Omit<BoxCalls, 'lastCapability'> {
  readonly folder: string;
  readonly hierarchies: readonly Hierarchy[];
  readonly cpus: readonly number[];
  readonly network: 'none' | 'host' | undefined;
}

/** Writes the programs and tries them. Undefined where they don't run, or make no box. */
export async function boxPrograms(parent: Box, plan: ProgramPlan): Promise<BoxPrograms | undefined> {
  const { folder, data, hierarchies, cpus } = plan;
  const lastCapability = lastKnownCapability();
  const unshare = findCommand('unshare');
  if (parent.path !== 'host' || lastCapability === undefined || unshare === undefined) return undefined;
  const box = callProgram(process.arch, boxCalls({ ...plan, lastCapability }));
  if (box === undefined) return undefined;
  const file = join(folder, 'box');
  await writeFile(file, box, { mode: 0o700 });
  const userns = plan.userns ? 'yes' : undefined;
  const made = [unshare, ...namespaces({ network: plan.network, userns }), '--cgroup', '--', file];
  const tried = await parent.exec([...made, data ? folder : '-', '--', '/none'], { timeoutMs: TRIAL_LIMIT_MS });
  if (tried.exitCode !== NO_PROGRAM) return undefined;
  const enter = await enterProgram(parent, folder, hierarchies, cpus);
  return {
    command: ({ argv, env, data: given, ...entry }) => {
      // The kernel looks for no program on a path.
      if (!argv[0]?.startsWith('/') || data !== (given !== undefined)) return undefined;
      const variables = Object.entries({ ...PAYLOAD_ENV, ...env }).map(([name, value]) => `${name}=${value}`);
      return enter.command({ ...entry, env: {}, argv: [...made, given ?? '-', ...variables, '--', ...argv] });
    },
  };
}

function lastKnownCapability(): number | undefined {
  try {
    const number = Number.parseInt(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'), 10);
    return number >= 0 && number < 64 ? number : undefined;
  } catch {
    return undefined;
  }
}
