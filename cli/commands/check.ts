/** `boxmark check`: is this session whole and unchanged? */

import { Command } from 'commander';
import { EXIT } from '../../bench/errors.ts';
import { checkSession, type Finding } from '../../bench/session/check.ts';
import { clean } from '../../reports/text.ts';
import { stdout } from '../streams.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('prove a session: manifest, digests, schema, states that agree')
    .argument('<session>', 'folder of the session')
    .option('--nagios', 'one line, as monitoring plug-ins print it')
    .option('--json', 'print the findings as one JSON document')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', '\nExample:\n  boxmark check results/20261123T170000Z-ab12cd')
    .action(async (session: string, flags: { nagios?: boolean; json?: boolean }) => {
      const result = await checkSession(session);
      const good = result.findings.length === 0;
      const [first] = result.findings;
      if (flags.json) stdout.write(`${JSON.stringify({ ok: good, ...result }, null, 2)}\n`);
      else if (flags.nagios) {
        const said = good ? `OK - ${result.samples} samples whole` : `CRITICAL - ${lineOf(first).replaceAll('|', '/')}`;
        stdout.write(
          `BOXMARK ${said} | samples=${result.samples} starts=${result.starts} wrong=${result.wrongAnswers}\n`,
        );
      } else {
        for (const finding of result.findings) stdout.write(`${lineOf(finding)}\n`);
        const wrong =
          result.wrongAnswers === 0 ? '' : `, ${result.wrongAnswers} of them wrong answers, recorded as such`;
        const verdict = good ? 'whole and unchanged' : `${result.findings.length} findings`;
        stdout.write(`${session}: ${verdict} (${result.samples} samples${wrong}; ${result.starts} starts)\n`);
      }
      if (!good) process.exitCode = EXIT.failed;
    });
}

/** Names and cells come from the folder, which may be a stranger's. */
function lineOf(finding: Finding | undefined): string {
  return clean(`${finding?.file}: ${finding?.problem}`);
}
