/** `boxmark completion`: scripts that complete commands, flags and their values in a shell, made from the tables. */

import { EXIT, nearest, usageError } from '../../bench/errors.ts';
import { COMMAND_NAMES, type CommandName, type Flag } from '../../bench/plan/flag.ts';
import { SHELLS } from '../../bench/plan/flags.ts';
import { type FlagValues, flagsOf } from '../../bench/plan/read-flags.ts';
import { COMMANDS, GROUPS } from '../command-table.ts';
import { stdout } from '../terminal/streams.ts';

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], () => string[]>> = { bash, zsh, fish };

export function completion(_: FlagValues<'completion'>, shell = ''): number {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    throw usageError(`There is no completion for this shell${nearest(shell, SHELLS)}.`, shell, SHELLS.join(', '));
  }
  stdout.write(`${SCRIPTS[known]().join('\n')}\n`);
  return EXIT.ok;
}

const longOf = ({ name, negated }: Flag) => `--${negated === true ? 'no-' : ''}${name}`;
const spellings = (flag: Flag) => [longOf(flag), ...(flag.short === undefined ? [] : [`-${flag.short}`])];
/** Without choices and default, which a shell shows in its own way. */
const wordsOf = (flag: Flag, name: CommandName) => flag.commands[name]?.help ?? flag.help;
const takesFile = ({ value }: Flag) => ['file', 'dir', 'path'].includes(value.metavar);
const choicesOf = ({ value }: Flag) => Object.keys(value.choices ?? {});
/** `image export` → `image` and `export`; what can be typed first, with its words. */
const firstWords = () =>
  [...new Set(COMMAND_NAMES.map((name) => name.split(' ')[0] ?? ''))].map(
    (word) => [word, GROUPS[word] ?? COMMANDS[word as CommandName].summary] as const,
  );
const secondWords = (group: string) =>
  COMMAND_NAMES.filter((name) => name.startsWith(`${group} `)).map(
    (name) => [name.slice(group.length + 1), COMMANDS[name].summary] as const,
  );
const argChoices = (name: CommandName) => COMMANDS[name].args?.[0]?.choices ?? [];

function bash(): string[] {
  const cases = COMMAND_NAMES.map((name) => {
    const flags = flagsOf(name).flatMap(spellings);
    return `    '${name}') words='${[...argChoices(name), ...flags, '--help'].join(' ')}' ;;`;
  });
  const values = COMMAND_NAMES.flatMap((name) =>
    flagsOf(name)
      .filter((flag) => choicesOf(flag).length > 0)
      .map((flag) => `    '${name} ${longOf(flag)}') values='${choicesOf(flag).join(' ')}' ;;`),
  );
  const groups = Object.keys(GROUPS).map(
    (group) =>
      `    ${group}) words='${secondWords(group)
        .map(([word]) => word)
        .join(' ')}' ;;`,
  );
  return [
    '# boxmark completion bash > /etc/bash_completion.d/boxmark',
    '_boxmark() {',
    `  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words= values=`,
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W '${[...firstWords().map(([word]) => word), '--help', '--version'].join(' ')}' -- "$current"))`,
    '    return',
    '  fi',
    '  case $command in',
    `    ${Object.keys(GROUPS).join('|')}) [ "$COMP_CWORD" -eq 2 ] || command="$command \${COMP_WORDS[2]}" ;;`,
    '  esac',
    '  case $command in',
    ...groups,
    ...cases,
    '  esac',
    '  case "$command $previous" in',
    ...values,
    '  esac',
    '  if [ -n "$values" ]; then',
    '    COMPREPLY=($(compgen -W "$values" -- "$current"))',
    '  else',
    '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '    case $current in -*) ;; *) COMPREPLY+=($(compgen -f -- "$current")) ;; esac',
    '  fi',
    '}',
    'complete -o filenames -F _boxmark boxmark',
  ];
}

/** Words of help inside single quotes, without what the shell's own syntax of specifications takes for its marks. */
const plain = (text: string) => text.replaceAll("'", '’').replace(/[[\]:]/g, ' ');

function zsh(): string[] {
  const spec = (flag: Flag, name: CommandName) => {
    const { metavar } = flag.value;
    const choices = choicesOf(flag);
    const taken = choices.length > 0 ? `(${choices.join(' ')})` : takesFile(flag) ? '_files' : ' ';
    const value = metavar === '' ? '' : `:${plain(metavar)}:${taken}`;
    return spellings(flag).map((spelling) => `    '${spelling}[${plain(wordsOf(flag, name))}]${value}' \\`);
  };
  const described = (words: readonly (readonly [string, string])[]) =>
    words.map(([word, summary]) => `'${word}:${plain(summary)}'`).join(' ');
  const command = (name: CommandName) => [
    `_boxmark_${name.replace(' ', '_')}() {`,
    '  _arguments \\',
    ...flagsOf(name).flatMap((flag) => spec(flag, name)),
    `    '*:${COMMANDS[name].args?.[0]?.name ?? 'argument'}:${argChoices(name).length > 0 ? `(${argChoices(name).join(' ')})` : '_files'}'`,
    '}',
  ];
  const holder = (function_: string, words: readonly (readonly [string, string])[]) => [
    `${function_}() {`,
    `  local -a words_=(${described(words)})`,
    '  if (( CURRENT == 2 )); then',
    '    _describe command words_',
    '  else',
    `    local called=${function_}_\${words[2]}`,
    '    shift words; (( CURRENT-- ))',
    '    (( $+functions[$called] )) && $called',
    '  fi',
    '}',
  ];
  return [
    '#compdef boxmark',
    '# boxmark completion zsh > /usr/local/share/zsh/site-functions/_boxmark',
    ...COMMAND_NAMES.flatMap(command),
    ...Object.keys(GROUPS).flatMap((group) => holder(`_boxmark_${group}`, secondWords(group))),
    ...holder('_boxmark', firstWords()),
    'compdef _boxmark boxmark',
  ];
}

function fish(): string[] {
  const line = (condition: string, rest: string) => `complete -c boxmark -n '${condition}' ${rest}`;
  const words = (condition: string, list: readonly (readonly [string, string])[]) =>
    list.map(([word, summary]) => line(condition, `-f -a ${word} -d '${plain(summary)}'`));
  const command = (name: CommandName) => {
    const called = name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    const flags = flagsOf(name).map((flag) => {
      const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
      const choices = choicesOf(flag);
      const value =
        flag.value.metavar === ''
          ? ''
          : choices.length > 0
            ? ` -x -a '${choices.join(' ')}'`
            : takesFile(flag)
              ? ' -r -F'
              : ' -x';
      return line(called, `-l ${longOf(flag).slice(2)}${short}${value} -d '${plain(wordsOf(flag, name))}'`);
    });
    const args = argChoices(name);
    return [...flags, ...(args.length === 0 ? [] : [line(called, `-f -a '${args.join(' ')}'`)])];
  };
  return [
    '# boxmark completion fish > ~/.config/fish/completions/boxmark.fish',
    ...words('__fish_use_subcommand', firstWords()),
    ...Object.keys(GROUPS).flatMap((group) => words(`__fish_seen_subcommand_from ${group}`, secondWords(group))),
    ...COMMAND_NAMES.flatMap(command),
  ];
}
