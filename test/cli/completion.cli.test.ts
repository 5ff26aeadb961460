import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { COMMAND_NAMES } from '../../bench/plan/flag.ts';
import { flagsOf } from '../../bench/plan/read-flags.ts';
import { completion } from '../../cli/commands/completion.ts';

function scriptFor(shell: string): string {
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    expect(completion({}, shell)).toBe(0);
    return spy.mock.calls.map(([text]) => text).join('');
  } finally {
    spy.mockRestore();
  }
}

describe.each(['bash', 'zsh', 'fish'])('the completion for %s', (shell) => {
  const script = scriptFor(shell);

  it('has every command and every flag', () => {
    for (const command of COMMAND_NAMES) {
      for (const word of command.split(' ')) expect(script).toContain(word);
      for (const { name, negated } of flagsOf(command)) expect(script).toContain(`${negated ? 'no-' : ''}${name}`);
    }
  });

  it('passes the shell’s own check, where the shell is installed', (ctx) => {
    const { error, status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    if (error !== undefined) return ctx.skip(`${shell} is not installed`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('in bash', () => {
  const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('a tab gives commands, flags, and the values of a flag or an argument', (ctx) => {
    const typed = ['re', 'run --siz', 'run --size t', 'list wo', 'image export --verb', 'export --as ju'];
    const file = join(dir, 'boxmark');
    writeFileSync(file, scriptFor('bash'));
    const script = `source '${file}'; cd '${dir}'
      try() { COMP_WORDS=(boxmark $1); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _boxmark; echo "\${COMPREPLY[*]}"; }
      ${typed.map((words) => `try '${words}'`).join('; ')}`;
    const { error, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    if (error !== undefined) return ctx.skip('bash is not installed');
    expect(stderr).toBe('');
    const found = stdout.trim().split('\n');
    expect(found).toEqual(['resume report reproduce', '--size', 'tiny', 'workloads', '--verbose', 'junit']);
  });
});
