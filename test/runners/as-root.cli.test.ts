/** The command that users without root are given: it is run here as it stands, by a sudo with a search path of its own. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asRoot } from '../../runners/kit/as-root.ts';
import { findCommand } from '../../runners/kit/commands.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(PROJECT, 'dist/cli/main.js');
const SYSTEM = '/usr/bin:/bin';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync('/tmp/boxmark-as-root-');
  script('sbin/sudo', `exec env -i PATH=${folder}/secure:${SYSTEM} HOME=/ "$@"`);
  // As on a host without Node.js in the folders of the system.
  for (const name of ['node', 'npx', 'npm', 'boxmark'])
    script(`secure/${name}`, `echo "${name}: not found" >&2; exit 127`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

/** Runs the advice in a shell whose path has these folders, as its user would, in the folder of the project. */
function follow(...folders: readonly string[]) {
  const PATH = [join(folder, 'sbin'), ...folders, SYSTEM].join(':');
  // A process of npx has the programs of the project in its path, which the shell that it was started from has not.
  const advice = asRoot('list environments', { env: { PATH: `${PROJECT}node_modules/.bin:${PATH}` } });
  const { status, stdout, stderr } = spawnSync('sh', ['-c', advice], {
    cwd: PROJECT,
    env: { PATH, HOME: folder },
    encoding: 'utf8',
  });
  return { advice, status, stdout, stderr };
}

describe('the command that runs Boxmark as root', () => {
  it('finds a Node.js and a program that only the path of the user has, as nvm keeps them', () => {
    script('nvm/bin/node', `exec ${process.execPath} "$@"`);
    script('nvm/bin/boxmark', `exec node ${MAIN} "$@"`);
    const { advice, status, stdout } = follow(join(folder, 'nvm/bin'));
    expect(advice).toBe('sudo env "PATH=$PATH" boxmark list environments');
    expect(stdout).toMatch(/^native /m);
    expect(status).toBe(0);
  });

  it('finds the program by npx where it is not installed', (ctx) => {
    const npx = findCommand('npx');
    if (npx === undefined) return ctx.skip('npx is not installed');
    script('nvm/bin/node', `exec ${process.execPath} "$@"`);
    script('nvm/bin/npx', `exec ${npx} "$@"`);
    const { advice, status, stdout, stderr } = follow(join(folder, 'nvm/bin'));
    expect(advice).toBe('sudo env "PATH=$PATH" npx boxmark list environments');
    expect(stderr).not.toContain('not found');
    expect(stdout).toMatch(/^native /m);
    expect(status).toBe(0);
  });

  it('is plain sudo only where everything is in folders that every sudo searches', () => {
    const at = (...files: readonly string[]) => ({
      env: { PATH: '/usr/local/bin:/usr/bin' },
      isThere: (path: string) => files.includes(path),
    });
    expect(asRoot('…', at('/usr/bin/node', '/usr/bin/boxmark'))).toBe('sudo boxmark …');
    expect(asRoot('…', at('/usr/bin/node', '/usr/bin/npx'))).toBe('sudo npx boxmark …');
    expect(asRoot('…', at('/usr/bin/node', '/usr/local/bin/boxmark'))).toBe('sudo env "PATH=$PATH" boxmark …');
    expect(asRoot('…', at('/usr/local/bin/node', '/usr/bin/node', '/usr/bin/boxmark'))).toBe(
      'sudo env "PATH=$PATH" boxmark …',
    );
  });
});
