/** Seccomp profiles as Docker and Podman write them, turned into what OCI runtimes take. */

import * as z from 'zod';
import { BoxmarkError } from '../../bench/errors.ts';

/** Where the packages of Podman put the profile that is the default of all these engines. */
export const COMMON_PROFILE = '/usr/share/containers/seccomp.json';

const Condition = z.object({
  caps: z.array(z.string()).optional(),
  arches: z.array(z.string()).optional(),
  minKernel: z.string().optional(),
});
const Rule = z.object({
  names: z.array(z.string()).min(1),
  action: z.string(),
  args: z.array(z.record(z.string(), z.unknown())).nullish(),
  errnoRet: z.number().optional(),
  includes: Condition.optional(),
  excludes: Condition.optional(),
});
const Profile = z.object({
  defaultAction: z.string(),
  defaultErrnoRet: z.number().optional(),
  architectures: z.array(z.string()).optional(),
  archMap: z.array(z.object({ architecture: z.string(), subArchitectures: z.array(z.string()).nullish() })).optional(),
  syscalls: z.array(Rule),
});

export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly object[];
}

/** Names of an architecture of Node.js in the profiles' conditions, and in libseccomp. */
const ARCHITECTURES: Readonly<Record<string, readonly [condition: string, native: string]>> = {
  x64: ['amd64', 'SCMP_ARCH_X86_64'],
  arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
  arm: ['arm', 'SCMP_ARCH_ARM'],
  ppc64: ['ppc64le', 'SCMP_ARCH_PPC64LE'],
  s390x: ['s390x', 'SCMP_ARCH_S390X'],
  riscv64: ['riscv64', 'SCMP_ARCH_RISCV64'],
};

/**
 * The rules of a profile that hold for a box without capabilities on this architecture and kernel.
 * @param text JSON of the profile
 * @param kernel release, such as `6.1.0-13-amd64`
 * @throws BoxmarkError when it is no profile
 */
export function ociSeccomp(text: string, architecture: string, kernel: string): OciSeccomp {
  const { defaultAction, defaultErrnoRet, architectures, archMap, syscalls } = parse(text);
  const [condition, native] = ARCHITECTURES[architecture] ?? [architecture, ''];
  const applies = ({ includes, excludes }: z.output<typeof Rule>) =>
    (includes?.caps ?? []).length === 0 &&
    (includes?.arches === undefined || includes.arches.length === 0 || includes.arches.includes(condition)) &&
    (includes?.minKernel === undefined || isAtLeast(kernel, includes.minKernel)) &&
    !(excludes?.arches ?? []).includes(condition) &&
    (excludes?.minKernel === undefined || !isAtLeast(kernel, excludes.minKernel));
  const mapped = archMap?.find((entry) => entry.architecture === native);
  return {
    defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    architectures: mapped ? [mapped.architecture, ...(mapped.subArchitectures ?? [])] : (architectures ?? [native]),
    syscalls: syscalls.filter(applies).map(({ names, action, args, errnoRet }) => ({
      names,
      action,
      ...(args === undefined || args === null || args.length === 0 ? {} : { args }),
      ...(errnoRet === undefined ? {} : { errnoRet }),
    })),
  };
}

function parse(text: string): z.output<typeof Profile> {
  const bad = (value: string) =>
    new BoxmarkError({
      what: 'The seccomp profile is not in the format of Docker or OCI.',
      value,
      remedy: `a file such as ${COMMON_PROFILE}`,
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw bad((error as Error).message);
  }
  const result = Profile.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw bad(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** Compares the first two numbers of kernel releases. */
function isAtLeast(kernel: string, least: string): boolean {
  const numbers = (text: string) => (/^(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
  const [major = 0, minor = 0] = numbers(kernel);
  const [leastMajor = 0, leastMinor = 0] = numbers(least);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
