/** `boxmark clean`: removes what a killed run left on the host, and nothing else. */

import { Command } from 'commander';
import { EXIT } from '../../bench/errors.ts';
import { ENGINES } from '../../runners/index.ts';
import { removeLeftovers } from '../../runners/upkeep/clean-up.ts';
import { findLeftovers } from '../../runners/upkeep/leftovers.ts';
import { stdout } from '../streams.ts';

export function cleanCommand(): Command {
  return new Command('clean')
    .description('remove what a killed run left on the host, and nothing else')
    .option('--dry-run', 'only say what would be removed')
    .option('--json', 'print the list as one JSON document')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', '\nExample:\n  boxmark clean --dry-run')
    .action(async (flags: { dryRun?: boolean; json?: boolean }) => {
      const found = await findLeftovers(ENGINES);
      const result = flags.dryRun ? undefined : await removeLeftovers(found, ENGINES);
      const failed = result?.failed ?? [];
      if (flags.json) stdout.write(`${JSON.stringify({ found, failed }, null, 2)}\n`);
      else {
        for (const { kind, target, detail } of result?.removed ?? found) {
          stdout.write(`${flags.dryRun ? 'would remove' : 'removed'} ${kind} ${target}  ${detail}\n`);
        }
        for (const { leftover, reason } of failed)
          stdout.write(`could not remove ${leftover.kind} ${leftover.target}: ${reason}\n`);
        if (found.length === 0) stdout.write('nothing was left behind\n');
      }
      if (failed.length > 0) process.exitCode = EXIT.failed;
    });
}
