/**
 * How shells ask for the services and servers that there are: they read the table as rules, `-Sn`. Every shell has awk
 * beside it, so there is one reading for all of them. Neither text has a single quote in it.
 */

/** Shown of the table where completion is asked for: not where it would load the kernel's module first. */
export const tableFile = '/proc/net/ip_vs';

/**
 * Services that were named by the option `how` (`-t`), as they were named; with an empty one all of them, as subcommands
 * call them: tcp://192.0.2.1:80.
 */
export const servicesProgram = [
  'BEGIN { url["-t"] = "tcp://"; url["-u"] = "udp://"; url["--sctp-service"] = "sctp://"; url["-f"] = "fwmark://" }',
  '$1 == "-A" && (how == "" || how == $2) { print (how == "" ? url[$2] : "") $3 }',
].join(' ');

/** Servers of the service, named in either way; with an empty one the servers of all. */
export const serversProgram = [
  'BEGIN { sub(/^[a-z]+:[/][/]/, "", service) }',
  '$1 == "-a" && (service == "" || service == $3) { for (i = 4; i < NF; i++) if ($i == "-r" && !seen[$(i + 1)]++) print $(i + 1) }',
].join(' ');
