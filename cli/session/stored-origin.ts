/** Environments and programs that a file of results names: which of them run only when the user names them too, and what is said before they run. */

import { BoxmarkError, usageError } from '../../bench/errors.ts';
import { IMAGE_MARK } from '../../bench/payload/image-files.ts';
import { commandText, writtenCommand } from '../../bench/plan/exec.ts';
import { rootText } from '../../bench/plan/root.ts';
import type { CommandWorkload, Plan, PlannedRoot } from '../../bench/types.ts';
import { isAlias } from '../../runners/aliases.ts';
import { userName } from '../../runners/host/ownership.ts';
import { RUNNERS } from '../../runners/index.ts';
import { quote } from '../../runners/kit/shell.ts';
import { risksOf } from '../../runners/stack/path.ts';
import { asCalled } from '../terminal/called-as.ts';

/** Where environments come from: a session's folder, which may be a stranger's. */
export interface StoredOrigin {
  readonly dir: string;
  /** Environments of it that the user has named as well. */
  readonly allowed: readonly string[];
  /** Programs that its plan holds, and those of them that the user has named as well. */
  readonly commands: readonly CommandWorkload[];
  /** The container image in which they run. */
  readonly root?: PlannedRoot;
  readonly allowedCommands: readonly string[];
}

/** What flags say of a stored session. */
export interface Allowing {
  readonly allowEnv?: readonly string[] | undefined;
  readonly allowCommand?: readonly string[] | undefined;
}

export function originOf(
  dir: string,
  { commands: programs = [], with: shared = [], root }: Pick<Plan, 'commands' | 'with' | 'root'>,
  flags: Allowing,
): StoredOrigin {
  const commands = programs.map((one) => ({ ...one, files: [...(one.files ?? []), ...shared] }));
  const { allowEnv: allowed = [], allowCommand: allowedCommands = [] } = flags;
  return { dir, allowed, commands, allowedCommands, ...(root === undefined ? {} : { root }) };
}

/** Throws a usage error that names what the user has to allow, and the command that does. */
export function assertAllowed(paths: readonly string[], origin: StoredOrigin): void {
  const { dir, allowed, commands, allowedCommands } = origin;
  const unknown = allowed.find((path) => !paths.includes(path));
  if (unknown !== undefined) {
    throw usageError('--allow-env: no environment of this name would run.', unknown, [...new Set(paths)].join(', '));
  }
  const ids = commands.map(({ id }) => id);
  const stray = allowedCommands.find((id) => !ids.includes(id));
  if (stray !== undefined) {
    throw usageError('--allow-command: the session has no program of this name.', stray, ids.join(', ') || 'none');
  }
  const refused = riskyOf(paths).filter(({ path }) => !allowed.includes(path));
  const programs = commands.filter(({ id }) => !allowedCommands.includes(id));
  const call = () =>
    commandLine(['boxmark', ...process.argv.slice(2), ...allowing(refused), ...allowingPrograms(programs)]);
  if (programs.length > 0) {
    throw usageError(
      `A program of the session ${dir} runs only if you name it yourself with --allow-command; read first what it is.`,
      programs.map((program) => whatRuns(program, origin.root)).join('; '),
      call(),
    );
  }
  if (refused.length === 0) return;
  const why = [...new Set(refused.flatMap(({ risks }) => risks))].join(', ');
  throw usageError(
    `An environment of the session ${dir} runs only if you name it yourself with --allow-env: ${why}.`,
    refused.map(({ path }) => path).join(', '),
    call(),
  );
}

/** How the session in this folder goes on, with what the user has to allow. */
export function resumeCall(dir: string, { environments, baseline, commands = [] }: Plan): string {
  const paths = [baseline, ...environments.map(({ path }) => path)];
  const allowed = [...allowing(riskyOf(paths)), ...allowingPrograms(commands)];
  return asCalled(commandLine(['boxmark', 'resume', dir, ...allowed]));
}

export interface Announced {
  readonly paths: readonly string[];
  /** Null: the user named the environments. */
  readonly origin: StoredOrigin | null;
  readonly imageFile: string | undefined;
}

/** What somebody else has named or made, and runs here now; nothing when the user named it all. */
export function announcement({ paths, origin, imageFile }: Announced): string[] {
  const user = userName();
  return [
    ...(origin === null ? [] : [`${origin.dir} names what runs here as ${user}: ${paths.join(', ')}`]),
    ...(origin?.commands ?? []).map((command) => `it runs here as ${user}: ${whatRuns(command, origin?.root)}`),
    ...(imageFile === undefined ? [] : [`the Node.js in ${imageFile} runs here natively as ${user}, outside any box`]),
  ];
}

/** Programs of a plan file, said before they are tried. */
export function announcePrograms(file: string, { commands = [], root }: Pick<Plan, 'commands' | 'root'>): string[] {
  const user = userName();
  return commands.map((command) => `${file} names what runs here as ${user}: ${whatRuns(command, root)}`);
}

function riskyOf(paths: readonly string[]): { readonly path: string; readonly risks: readonly string[] }[] {
  return [...new Set(paths)].flatMap((path) => {
    const risks = isAlias(path) ? [] : risksIn(path);
    return risks.length === 0 ? [] : [{ path, risks }];
  });
}

/** A path that can't be read does not run: whoever prepares it says why. */
function risksIn(path: string): string[] {
  try {
    return risksOf(path, RUNNERS, () => '');
  } catch (error) {
    if (error instanceof BoxmarkError) return [];
    throw error;
  }
}

function allowing(risky: readonly { readonly path: string }[]): string[] {
  return risky.flatMap(({ path }) => ['--allow-env', path]);
}

function allowingPrograms(programs: readonly CommandWorkload[]): string[] {
  return programs.flatMap(({ id }) => ['--allow-command', id]);
}

/**
 * Everything that is run for a program. Its words as they were typed run where this host makes the image, those of the
 * box where the session's own image is used; whoever wrote the session may have made them differ, so both are shown.
 */
function whatRuns(program: CommandWorkload, root: PlannedRoot | undefined): string {
  const { argv, files = [], env = {}, workdir, stdin, setup, prepare, cleanup } = program;
  const steps = Object.entries({ setup, prepare, cleanup }).filter(([, text]) => text !== undefined);
  const words = argv.map((word) => (word.startsWith(IMAGE_MARK) ? `/${word.slice(IMAGE_MARK.length)}` : word));
  return [
    writtenCommand(program),
    ...(argv.length === 0 ? [] : [`in its image ${commandText(words)}`]),
    ...(root === undefined ? [] : [`in the container image ${rootText(root)}`]),
    ...Object.entries(env).map(([name, value]) => `with ${name}=${value}`),
    ...(workdir === undefined ? [] : [`in the folder ${workdir}`]),
    ...[...files, ...(stdin === undefined ? [] : [stdin])].map((file) => `reading ${file}`),
    ...steps.map(([name, text]) => `${name}: ${text}`),
  ].join(', ');
}

function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))).join(' ');
}
