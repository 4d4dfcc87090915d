import { join } from 'node:path';
import { utf8 } from '../primitives/bytes.ts';
import { writeWhole } from './files.ts';

/** What an operator is given with a new home. */
export interface OperatorFiles {
  readonly home: string;
  /** A word for files and units: the hospital's name. */
  readonly name: string;
  readonly title: string;
  /** How Salus is started: program and first arguments. */
  readonly command: readonly string[];
  /** What `up` is told beside the home. */
  readonly flags?: readonly string[];
  /** For `salus.json`; nothing secret. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What to do next, a paragraph each. */
  readonly steps: readonly string[];
}

/** Writes settings, unit and the page of what comes next; says where. */
export function writeOperatorFiles(files: OperatorFiles): {
  readonly config: string;
  readonly unit: string;
  readonly next: string;
} {
  const { home, name } = files;
  const config = join(home, 'salus.json');
  const unit = join(home, `salus-${name}.service`);
  const next = join(home, 'NEXT.md');
  writeWhole(config, utf8(`${JSON.stringify(files.config, undefined, 2)}\n`), 0o644);
  writeWhole(unit, utf8(unitText(files)), 0o644);
  writeWhole(next, utf8(pageText(files)), 0o644);
  return { config, unit, next };
}

/** As `deploy/salus.service`, for this home and program, and for the user who founded it. */
function unitText({ home, title, command, flags = [] }: OperatorFiles): string {
  const line = [...command, 'up', '--home', home, ...flags].map(quoted).join(' ');
  return `# ${title}. Copy it to /etc/systemd/system, and name there the user whom the home belongs to.
[Unit]
Description=Salus for ${title.replaceAll('%', '%%')}
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
User=salus
Group=salus
UMask=0077
ExecStart=${line}
# What a restart does not mend (a wrong setting, a home that does not verify or is newer) is left for the operator.
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 3 4
TimeoutStopSec=60
LimitNOFILE=65536
ReadWritePaths=${quoted(home)}
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`;
}

/** systemd splits at spaces and expands `%` and `$`. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}

function pageText({ title, steps }: OperatorFiles): string {
  const numbered = steps.map((step, at) => `${at + 1}. ${step}`);
  return [`# ${title}: what comes next`, '', ...numbered, ''].join('\n');
}
