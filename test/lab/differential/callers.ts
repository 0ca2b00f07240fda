/**
 * How programs that people run call ipvsadm, and in which order: command lines as they build them. What they read of the
 * output they get from the listings among them.
 */
import type { CommandLine } from './trial.js';

export interface Caller {
  readonly name: string;
  readonly commands: readonly CommandLine[];
}

/** One command line to a line; words are apart by blanks, as a shell splits them. */
const calls = (text: string): CommandLine[] =>
  text
    .trim()
    .split('\n')
    .map((line) => ({ words: line.trim().split(/\s+/) }));

export const callers: readonly Caller[] = [
  {
    // It lists, then adds what is missing or edits what is there; options of a server stand before it.
    name: 'ldirectord starts, a server fails and comes back, another is removed, and it stops',
    commands: calls(`
      -L -n
      -L -n --thresholds
      -A -t 192.0.2.1:80 -s wlc -p 600 -M 255.255.255.0
      -A -u 192.0.2.1:53 -o -s rr
      -A -f 1 -s wrr -b flag-1
      -A -f 2 -6 -s rr
      -A -t [2001:db8::1]:80 -s sh -b sh-port
      -E -t 192.0.2.1:80 -s wlc -p 600 -M 255.255.255.0
      -a -t 192.0.2.1:80 -x 0 -y 0 -r 198.51.100.7:80 -g -w 1
      -a -t 192.0.2.1:80 -x 100 -y 50 -r 198.51.100.8:8080 -m -w 5
      -a -u 192.0.2.1:53 -x 0 -y 0 -r 198.51.100.7:53 -i -w 1
      -a -f 1 -x 0 -y 0 -r 198.51.100.7 -g -w 1
      -a -f 1 -x 0 -y 0 -r 198.51.100.8:80 -g -w 1
      -a -f 2 -6 -x 0 -y 0 -r [2001:db8:7::7]:80 -g -w 1
      -a -t [2001:db8::1]:80 -x 0 -y 0 -r [2001:db8:7::7]:80 -m -w 1
      -a -t 192.0.2.1:80 -x 0 -y 0 -r 127.0.0.1:80 -g -w 1
      -L -n
      -L -n --thresholds
      -e -t 192.0.2.1:80 -r 198.51.100.7:80 -g -w 0
      -L -n
      -e -t 192.0.2.1:80 -x 0 -y 0 -r 198.51.100.7:80 -g -w 1
      -d -t 192.0.2.1:80 -r 198.51.100.8:8080
      -d -t 192.0.2.1:80 -r 198.51.100.8:8080
      -e -t 192.0.2.1:80 -r 198.51.100.9:80 -m -w 0
      -L -n
      -L -n --thresholds
      -D -t 192.0.2.1:80
      -D -f 2 -6
      -D -f 2 -6
      -L -n`),
  },
  {
    // It looks for `-t ADDRESS -s SCHEDULER ` in what is saved, and takes stderr for the reason of a failure.
    name: "Salt's lvs module",
    commands: calls(`
      -A -t 192.0.2.1:80 -s wlc
      -A -t 192.0.2.1:80 -s rr
      -A -u 192.0.2.1:53 -s rr
      -A -f 9 -s lc
      -E -t 192.0.2.1:80 -s rr
      -E -t 192.0.2.9:80 -s rr
      -a -t 192.0.2.1:80 -r 198.51.100.7:8080 -m -w 1
      -a -t 192.0.2.1:80 -r 198.51.100.7:8080 -m -w 1
      -a -u 192.0.2.1:53 -r 198.51.100.7:53 -g -w 10
      -a -f 9 -r 198.51.100.7 -i -w 3
      -e -t 192.0.2.1:80 -r 198.51.100.7:8080 -m -w 7
      -S -n
      -L -n
      -L -t 192.0.2.1:80 -n
      -L -t 192.0.2.9:80 -n
      -Z
      -d -t 192.0.2.1:80 -r 198.51.100.7:8080
      -d -t 192.0.2.1:80 -r 198.51.100.7:8080
      -D -t 192.0.2.1:80
      -D -t 192.0.2.1:80
      -C
      -S -n`),
  },
  {
    name: 'a provisioning script that clears, adds, and looks for what it added',
    commands: calls(`
      --set 7200 120 300
      -C
      --add-service --tcp-service 192.0.2.1:443 --scheduler wrr --persistent 300
      --add-server --tcp-service 192.0.2.1:443 --real-server 198.51.100.7:443 --gatewaying --weight 100
      --add-server --tcp-service 192.0.2.1:443 --real-server 198.51.100.8:443 --ipip --weight 50
      -at 192.0.2.1:443 -r 198.51.100.9 -g
      -et 192.0.2.1:443 -r 198.51.100.9:443 -w0
      -Lnt 192.0.2.1:443
      -ln --stats
      -L -n --rate
      -ln --persistent-conn
      -L --timeout
      --start-daemon master --mcast-interface lo --syncid 1
      --start-daemon backup --mcast-interface lo --syncid 1
      -L --daemon
      --stop-daemon master
      --stop-daemon backup
      -Lnc
      -dt 192.0.2.1:443 -r 198.51.100.9
      -Dt 192.0.2.1:443
      -Ln`),
  },
  {
    name: 'a keepalive script that saves, fails over with -R, and restores',
    commands: [
      { words: ['-R'], stdin: '-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 1\n' },
      { words: ['-S', '-n'] },
      { words: ['--save', '--numeric'] },
      { words: ['-C'] },
      {
        words: ['--restore'],
        stdin: '-A -t 192.0.2.1:80 -s wlc -p 360\r\n-a -t 192.0.2.1:80 -r 198.51.100.7:80 -g -w 1\r\n',
      },
      { words: ['-Sn'] },
    ],
  },
];
