import type { Kernel } from '../intercept_host/nftables/apply.ts';
import { findProgram, Nft, NftError } from '../intercept_host/nftables/nft.ts';
import { ChangeError } from '../intercept_host/nftables/pending.ts';
import { PolicyRoute } from '../intercept_host/nftables/routes.ts';
import { CliError, EXIT } from './exit.ts';

/** Where the rules of this host live, or a clear refusal. `verb` is the subcommand, for the next step. */
export function hostKernel(verb: string): Kernel {
  return { nft: hostNft(verb), route: new PolicyRoute() };
}

/** Root and `nft`, or a clear refusal. `verb` is the subcommand, for the next step. */
export function hostNft(verb: string, uid = process.geteuid?.(), find = findProgram): Nft {
  if (process.platform !== 'linux') {
    throw new CliError(
      EXIT.unavailable,
      'nftables is a part of Linux',
      '`clawgress intercept nftables render` prints the rules for a Linux host',
    );
  }
  if (uid !== 0) {
    throw new CliError(
      EXIT.unavailable,
      `the rules of this host are root's, and this is user ${uid}`,
      `sudo clawgress intercept nftables ${verb} --config <file>, or \`render\`, which needs no rights`,
    );
  }
  const path = find('nft');
  if (path === undefined) {
    throw new CliError(
      EXIT.unavailable,
      'the program `nft` is not installed',
      'apt-get install nftables (or dnf install nftables)',
    );
  }
  return new Nft(path);
}

/** What `nft` refused, as a message with a way on. */
export function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ChangeError) throw new CliError(EXIT.unavailable, error.message);
    if (!(error instanceof NftError)) throw error;
    throw new CliError(
      EXIT.unavailable,
      error.message,
      'the kernel needs nf_tables with the inet family, reject and counters (`modprobe nf_tables nft_reject_inet`), and for redirection nat, fib, tproxy and socket (`modprobe -a nft_redir nft_chain_nat nft_fib_inet nft_tproxy nft_socket`); in a container, CAP_NET_ADMIN and CAP_SYS_ADMIN',
    );
  }
}
