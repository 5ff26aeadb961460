import { describe, expect, it } from 'vitest';
import { asCalled, programName } from '../../cli/terminal/called-as.ts';

const NPM = { npm_config_user_agent: 'npm/10.8.2 node/v20.20.2 linux x64 workspaces/false' };
const PNPM = { npm_config_user_agent: 'pnpm/10.1.0 npm/? node/v20.20.2 linux x64' };
const YARN = { npm_config_user_agent: 'yarn/1.22.22 npm/? node/v20.20.2 linux x64' };

describe('the program is called', () => {
  it.each([
    ['boxmark', 'from the PATH', '/usr/local/bin/boxmark', {}],
    ['boxmark', 'by npx, which found it in the PATH', '/usr/local/bin/boxmark', { ...NPM, npm_command: 'exec' }],
    ['boxmark', 'by its file in a checkout', '/src/boxmark/dist/cli/main.js', {}],
    ['boxmark', 'by a script of npm in a checkout', '/src/dist/cli/main.js', { ...NPM, npm_lifecycle_event: 'test' }],
    ['boxmark', 'where npm keeps what is global', '/usr/lib/node_modules/boxmark/dist/cli/main.js', {}],
    ['npx boxmark', 'by npm start', '/src/dist/cli/main.js', { ...NPM, npm_lifecycle_event: 'start' }],
    ['npx boxmark', 'by npx, which fetched it', '/root/.npm/_npx/0c1/node_modules/.bin/boxmark', NPM],
    ['npx boxmark', 'by the link of a project', '/home/jo/project/node_modules/.bin/boxmark', {}],
    [
      'pnpm exec boxmark',
      'by pnpm, whose link is a script',
      '/p/node_modules/.pnpm/boxmark@1.0.0/node_modules/boxmark/dist/cli/main.js',
      PNPM,
    ],
    ['yarn boxmark', 'by yarn', '/p/node_modules/.bin/boxmark', YARN],
  ])('%s: %s', (expected, _, file, env) => {
    expect(programName(file, env)).toBe(expected);
  });
});

describe('a text', () => {
  const called = (text: string) => asCalled(text, 'npx boxmark');

  it('has its commands as they can be called', () => {
    expect(called('boxmark doctor, or boxmark list environments')).toBe(
      'npx boxmark doctor, or npx boxmark list environments',
    );
  });

  it('keeps what is no command', () => {
    for (const text of [
      'boxmark: interrupted',
      'npm install boxmark',
      '/srv/boxmark resume',
      'boxmark resumed it',
      'the boxmark-run folder',
    ])
      expect(called(text)).toBe(text);
  });
});
