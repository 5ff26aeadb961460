/** What `npm start` and `npm test` begin with, tried in a small project with an npm and a program that only keep records. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostExec } from '../../runners/kit/process.ts';
import { noTerminal, onTerminal } from './terminal.ts';

interface Bootstrap {
  nodeIsEnough(version: string): boolean;
  commandsFor(mode: string, args: readonly string[], root: string): { argv: string[]; optional?: boolean }[];
}

const CLI = join(import.meta.dirname, '..', '..', 'cli');
const bootstrap = (await import(pathToFileURL(join(CLI, 'bootstrap', 'bootstrap.mjs')).href)) as Bootstrap;

/** Does what npm does, as far as it matters: `ci` installs what is locked and writes that down, `run build` builds. */
const NPM = `#!/bin/sh
echo "$*" >> npm.log
case "$1" in
ci)
  rm -rf node_modules
  sleep 0.2
  mkdir -p node_modules/left-pad
  node -e 'const fs = require("fs"), lock = JSON.parse(fs.readFileSync("package-lock.json"));
    delete lock.packages[""]; delete lock.packages["node_modules/elsewhere"];
    fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify(lock))' ;;
run)
  [ -e build-fails ] && { echo 'main.ts(1,1): error TS1: broken'; exit 2; }
  mkdir -p dist/cli dist/report
  cp program.mjs dist/cli/main.js
  : > dist/payload.cjs
  : > dist/report/main.js ;;
esac
`;

/** Stands for boxmark: writes down its arguments; waits for signals on request. */
const PROGRAM = `
import { appendFileSync, closeSync } from 'node:fs';
const args = process.argv.slice(2);
appendFileSync('runs.log', args.join(' ') + '\\n');
console.log(args[0] === 'setup' ? 'words of set-up' : 'result');
if (args[0] === 'setup' && args.includes('broken')) process.exit(1);
if (args.includes('--fail')) process.exit(4);
if (args.includes('--wait')) {
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      signals++;
      setTimeout(() => {
        appendFileSync('signals.log', signal + ' ' + signals);
        for (const fd of [0, 1, 2]) closeSync(fd);
        process.exit(130);
      }, 400);
    });
  }
  console.log('waiting');
  setTimeout(() => {}, 20000);
}
`;

let root: string;
let bin: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxmark-bootstrap-'));
  bin = join(root, 'bin');
  mkdirSync(bin);
  mkdirSync(join(root, 'cli', 'bootstrap'), { recursive: true });
  mkdirSync(join(root, 'tmp'));
  cpSync(join(CLI, 'bootstrap'), join(root, 'cli', 'bootstrap'), { recursive: true });
  writeFileSync(join(bin, 'npm'), NPM);
  chmodSync(join(bin, 'npm'), 0o755);
  writeFileSync(join(root, 'program.mjs'), PROGRAM);
  writeFileSync(join(root, 'cli', 'main.ts'), 'export const version = 1;\n');
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  lockPackages('1.0.0');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function lockPackages(version: string): void {
  const packages = {
    '': { name: 'project' },
    'node_modules/left-pad': { version, integrity: `sha512-${version}` },
    'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-x', optional: true },
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
}

function start(...args: string[]) {
  const env = { PATH: `${bin}:${process.env.PATH}`, TMPDIR: join(root, 'tmp') };
  const child = spawn(process.execPath, [join(root, 'cli', 'bootstrap', 'bootstrap.mjs'), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.stderr += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, ...printed }));
  });
  return { child, printed, ended };
}

const linesOf = (name: string) =>
  existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8').trim().split('\n') : [];
const CI = 'ci --no-audit --no-fund --include=dev';
const BUILD = 'run --silent build';

describe('npm start', () => {
  it('installs, builds, sets up and measures on a fresh clone, and does only what is left the next time', async () => {
    const locked = readFileSync(join(root, 'package-lock.json'), 'utf8');
    const first = await start('start', '--seed', '7').ended;
    const says = 'Installing the locked dependencies …\nBuilding …\n';
    expect(first).toEqual({ code: 0, stdout: 'result\n', stderr: `${says}words of set-up\n` });
    expect(linesOf('npm.log')).toEqual([CI, BUILD]);
    expect(linesOf('runs.log')).toEqual([
      'setup --for native,container,nested,vm',
      'run -e native,container,nested,vm --profile quick --seed 7',
    ]);

    const second = await start('start').ended;
    expect(linesOf('npm.log'), 'nothing has changed').toEqual([CI, BUILD]);
    expect(second.stderr).toBe('words of set-up\n');

    appendFileSync(join(root, 'cli', 'main.ts'), '// changed\n');
    await start('start').ended;
    expect(linesOf('npm.log'), 'a source has changed').toEqual([CI, BUILD, BUILD]);

    lockPackages('1.0.1');
    await start('start').ended;
    expect(linesOf('npm.log'), 'a dependency has changed').toEqual([CI, BUILD, BUILD, CI, BUILD]);

    rmSync(join(root, 'dist', 'payload.cjs'));
    await start('start').ended;
    expect(linesOf('npm.log').slice(5), 'a product is gone').toEqual([BUILD]);

    rmSync(join(root, 'node_modules', 'left-pad'), { recursive: true });
    await start('start').ended;
    expect(linesOf('npm.log').slice(6), 'a package is gone').toEqual([CI]);
    lockPackages('1.0.0');
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).toBe(locked);
  });

  it('shows the whole output of a build that fails, and tries again the next time', async () => {
    writeFileSync(join(root, 'build-fails'), '');
    const { code, stdout, stderr } = await start('start').ended;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('Building failed (exit code 2)');
    expect(stderr).toContain('main.ts(1,1): error TS1: broken');
    expect(linesOf('runs.log')).toEqual([]);
    rmSync(join(root, 'build-fails'));
    expect((await start('start', '--no-setup').ended).code).toBe(0);
    expect(linesOf('npm.log')).toEqual([CI, BUILD, BUILD]);
  });

  it('installs and builds once when it is started twice at once', async () => {
    const both = await Promise.all([start('start', '--no-setup').ended, start('start', '--no-setup').ended]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(linesOf('npm.log')).toEqual([CI, BUILD]);
    expect(linesOf('runs.log')).toHaveLength(2);
  });

  it('goes on after one that was killed, but not before the npm that it left has ended', async () => {
    const held = start('start', '--no-setup');
    const locks = () => (existsSync(join(root, 'npm.log')) ? 1 : 0);
    await expect.poll(locks, { timeout: 10_000, interval: 20 }).toBe(1);
    held.child.kill('SIGKILL');
    await held.ended;
    expect((await start('start', '--no-setup').ended).code).toBe(0);
    expect(linesOf('npm.log'), 'what the killed one had begun was finished first').toEqual([CI, BUILD]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'leaves a lock that another user has planted alone, and does not wait for it (needs root)',
    async () => {
      const key = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 12);
      const lock = join(root, 'tmp', `boxmark-build-0-${key}`);
      mkdirSync(lock, { mode: 0o700 });
      // Reading it would wait for a writer for ever.
      expect((await hostExec(['mkfifo', join(lock, 'pids')])).exitCode).toBe(0);
      const longAgo = new Date(0);
      utimesSync(lock, longAgo, longAgo);
      chownSync(lock, 12345, 12345);
      const { code, stderr } = await start('start', '--no-setup').ended;
      expect(code).not.toBe(0);
      expect(stderr).toContain(lock);
      expect(stderr).toContain('another user');
      expect(readdirSync(join(root, 'tmp')), 'not moved aside').toEqual([basename(lock)]);
      expect(readdirSync(lock)).toEqual(['pids']);
      expect(linesOf('npm.log')).toEqual([]);
    },
  );

  it('takes over the lock of one that has ended, and leaves none', async () => {
    const key = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 12);
    const lock = join(root, 'tmp', `boxmark-build-${process.getuid?.()}-${key}`);
    mkdirSync(lock, { mode: 0o700 });
    // No process has a higher id than this (PID_MAX_LIMIT).
    writeFileSync(join(lock, 'pids'), '4194305 ');
    expect((await start('start', '--no-setup').ended).code).toBe(0);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  it('goes on when set-up fails, and passes the exit code of the run on', async () => {
    expect(await start('start', '-e', 'broken', '--fail').ended).toMatchObject({ code: 4 });
    expect(linesOf('runs.log')).toEqual(['setup --for broken', 'run --profile quick -e broken --fail']);
  });

  it('passes a Ctrl-C that arrives several times to the program once, and ends as it does', async () => {
    const running = start('start', '--no-setup', '--wait');
    await expect.poll(() => running.printed.stdout, { timeout: 15_000 }).toContain('waiting');
    // A terminal and npm both send it.
    running.child.kill('SIGINT');
    setTimeout(() => running.child.kill('SIGINT'), 30);
    expect((await running.ended).code).toBe(130);
    expect(readFileSync(join(root, 'signals.log'), 'utf8')).toBe('SIGINT 1');
  });

  it('waits for the program also when its terminal hangs up, and ends by itself', async (context) => {
    if (noTerminal !== '') return context.skip(noTerminal);
    const env = { PATH: `${bin}:${process.env.PATH}`, TMPDIR: join(root, 'tmp') };
    const shell = 'exec "$@" > printed.log';
    const argv = [
      'sh',
      '-c',
      shell,
      'sh',
      process.execPath,
      join(root, 'cli', 'bootstrap', 'bootstrap.mjs'),
      'start',
      '--no-setup',
    ];
    const terminal = await onTerminal([...argv, '--wait'], { cwd: root, env });
    await expect.poll(() => linesOf('printed.log'), { timeout: 15_000 }).toContain('waiting');
    expect(await terminal.hangUp()).toBe('code 130');
    expect(linesOf('signals.log')).toEqual(['SIGHUP 1']);
  });

  it('passes SIGTERM on', async () => {
    const running = start('start', '--no-setup', '--wait');
    await expect.poll(() => running.printed.stdout, { timeout: 15_000 }).toContain('waiting');
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(130);
    expect(readFileSync(join(root, 'signals.log'), 'utf8')).toBe('SIGTERM 1');
  });
});

describe('what is run', () => {
  const commands = (...args: string[]) =>
    bootstrap.commandsFor('start', args, '/r').map(({ argv }) => argv.slice(1).join(' '));

  it("leaves the user's own flags alone", () => {
    expect(commands('--env=native,qemu:tcg/docker', '--profile', 'standard')).toEqual([
      'setup --for native,qemu,docker',
      'run --env=native,qemu:tcg/docker --profile standard',
    ]);
    expect(commands('-enative', '--no-setup')).toEqual(['run --profile quick -enative']);
    expect(commands('--plan', 'p.yaml', '--no-setup'), 'flags would win over the plan').toEqual(['run --plan p.yaml']);
  });

  it('changes nothing on the machine for a look', () => {
    for (const flag of ['--help', '-h', '--dry-run']) expect(commands(flag)).toHaveLength(1);
  });

  it('refuses a Node.js that is too old, and any other mode', async () => {
    expect(['v20.19.0', 'v20.20.2', 'v22.0.0', 'v24.1.0'].every(bootstrap.nodeIsEnough)).toBe(true);
    expect(['v18.20.4', 'v20.18.3', 'v12.22.0'].some(bootstrap.nodeIsEnough)).toBe(false);
    expect(await start('strat').ended).toMatchObject({ code: 2 });
  });

  it('runs the tests through the installed vitest', () => {
    const repository = join(CLI, '..');
    const [command] = bootstrap.commandsFor('test', ['-t', 'name'], repository);
    expect(command?.argv.slice(1)).toEqual(['run', '-t', 'name']);
    expect(existsSync(command?.argv[0] ?? '')).toBe(true);
  });
});
