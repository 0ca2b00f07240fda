/**
 * Completions of services and servers: shells read the table as rules (`-Sn`), with the same awk programs in all of them. Neither
 * program contains a single quote.
 */

/** Completions read the table only if this file exists: otherwise -Sn would load the kernel's module. */
export const tableFile = '/proc/net/ip_vs';

/** Where ip-netns(8) keeps the names of network namespaces. */
export const namedNetns = '/run/netns';

/** Prints the services of the option `how` (`-t`) as that option takes them; of all, as subcommands do: tcp://192.0.2.1:80. */
export const servicesProgram = [
  'BEGIN { url["-t"] = "tcp://"; url["-u"] = "udp://"; url["--sctp-service"] = "sctp://"; url["-f"] = "fwmark://" }',
  '$1 == "-A" && (how == "" || how == $2) { print (how == "" ? url[$2] : "") $3 }',
].join(' ');

/** Prints the servers of `service`, in either notation; the servers of all services if it is empty. */
export const serversProgram = [
  'BEGIN { sub(/^[a-z]+:[/][/]/, "", service) }',
  '$1 == "-a" && (service == "" || service == $3) { for (i = 4; i < NF; i++) if ($i == "-r" && !seen[$(i + 1)]++) print $(i + 1) }',
].join(' ');
