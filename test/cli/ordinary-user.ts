/** A user without root for the time of a test file, with a copy of the built program in a home that nobody else has. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, MAIN } from './program.ts';

const isRoot = process.getuid?.() === 0;

export class OrdinaryUser {
  readonly home = mkdtempSync(join(tmpdir(), 'boxmark-user-'));
  readonly uid: number;

  /** @param id nobody's: without a name, a home or ids for user namespaces. Without root, the user is who runs the tests. */
  constructor(id: number) {
    this.uid = isRoot ? id : (process.getuid?.() ?? 0);
    cpSync(join(MAIN, '../..'), join(this.home, 'dist'), { recursive: true });
    cpSync(join(MAIN, '../../../package.json'), join(this.home, 'package.json'));
    if (isRoot) execFileSync('chown', ['-hR', `${this.uid}:${this.uid}`, this.home]);
  }

  start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const become = ['setpriv', '--reuid', `${this.uid}`, '--regid', `${this.uid}`, '--clear-groups'];
    const [file = '', ...rest] = [...(isRoot ? become : []), ...argv];
    const own = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: this.home, BOXMARK_CACHE: join(this.home, 'cache') };
    const lock = process.env.BOXMARK_LOCK ?? 'ordinary-user';
    return spawn(file, rest, {
      cwd: this.home,
      env: { ...own, BOXMARK_LOCK: lock, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }

  boxmark(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = this.start([process.execPath, join(this.home, 'dist/cli/main.js'), ...args], env);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (text) => {
      stdout += text;
    });
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return { child, ended };
  }

  leave(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
