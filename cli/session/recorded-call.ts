/** The command as it was called, without what its caller may want to keep secret. */

/** An address of a web hook is a password, and a command may contain one. */
const SECRET = ['--webhook', '--on-event'];

/** For the session, and for others on this host. */
export function recordedCall(argv: readonly string[] = process.argv.slice(2)): string {
  const shown = argv.map((word, index) => {
    if (SECRET.includes(argv[index - 1] ?? '')) return '…';
    const flag = SECRET.find((name) => word.startsWith(`${name}=`));
    return flag === undefined ? word : `${flag}=…`;
  });
  return `boxmark ${shown.join(' ')}`;
}
