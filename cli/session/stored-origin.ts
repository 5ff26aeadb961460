/** Environments that a file of results names: which of them run only when the user names them too, and what is said before they run. */

import { BoxmarkError, usageError } from '../../bench/errors.ts';
import type { Plan } from '../../bench/types.ts';
import { isAlias } from '../../runners/aliases.ts';
import { userName } from '../../runners/host/ownership.ts';
import { RUNNERS } from '../../runners/index.ts';
import { quote } from '../../runners/kit/shell.ts';
import { risksOf } from '../../runners/stack/path.ts';

/** Where environments come from: a session's folder, which may be a stranger's. */
export interface StoredOrigin {
  readonly dir: string;
  /** Environments of it that the user has named as well. */
  readonly allowed: readonly string[];
}

/** Throws a usage error that names what the user has to allow, and the command that does. */
export function assertAllowed(paths: readonly string[], { dir, allowed }: StoredOrigin): void {
  const unknown = allowed.find((path) => !paths.includes(path));
  if (unknown !== undefined) {
    throw usageError('--allow-env: no environment of this name would run.', unknown, [...new Set(paths)].join(', '));
  }
  const refused = riskyOf(paths).filter(({ path }) => !allowed.includes(path));
  if (refused.length === 0) return;
  const why = [...new Set(refused.flatMap(({ risks }) => risks))].join(', ');
  const call = ['boxmark', ...process.argv.slice(2), ...allowing(refused)];
  throw usageError(
    `An environment of the session ${dir} runs only if you name it yourself with --allow-env: ${why}.`,
    refused.map(({ path }) => path).join(', '),
    commandLine(call),
  );
}

/** How the session in this folder goes on, with what the user has to allow. */
export function resumeCall(dir: string, { environments, baseline }: Plan): string {
  const paths = [baseline, ...environments.map(({ path }) => path)];
  return commandLine(['boxmark', 'resume', dir, ...allowing(riskyOf(paths))]);
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
    ...(imageFile === undefined ? [] : [`the Node.js in ${imageFile} runs here natively as ${user}, outside any box`]),
  ];
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

function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))).join(' ');
}
