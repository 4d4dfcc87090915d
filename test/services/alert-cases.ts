/** Samples of series, a minute apart, in the notation of `promtool test rules`. */
type Samples = Readonly<Record<string, string>>;

export interface AlertCase {
  readonly alert: string;
  readonly samples: Samples;
  /** When it is looked at. */
  readonly at: string;
  /** How many alerts fire then; 0: none may. */
  readonly firing: number;
}

const refusals = (code: string) =>
  `salus_gateway_refusals_total{instance="a",hospital="north",code="${code}"}`;
const gauge = (name: string) => `salus_gateway_${name}{instance="a",hospital="north"}`;
const slow = (le: string) =>
  `salus_gateway_request_ms_bucket{instance="a",hospital="north",route="/v1/tx",le="${le}"}`;
const answered = (status: string) =>
  `salus_gateway_requests_total{instance="a",hospital="north",route="/v1/tx",status="${status}"}`;

function pair(
  alert: string,
  at: string,
  { fires, quiet }: { readonly fires: Samples; readonly quiet: Samples },
): readonly AlertCase[] {
  return [
    { alert, at, samples: fires, firing: 1 },
    { alert, at, samples: quiet, firing: 0 },
  ];
}

/** One single refusal of a code, and none that is new. */
const once = (alert: string, code: string) =>
  pair(alert, '5m', {
    fires: { [refusals(code)]: '0x2 1x10' },
    quiet: { [refusals(code)]: '7x12' },
  });

/** A value that fires when it stays, and one that does not. */
const level = (alert: string, at: string, name: string, [high, low]: readonly [string, string]) =>
  pair(alert, at, { fires: { [gauge(name)]: high }, quiet: { [gauge(name)]: low } });

/** For every alert a ledger that must wake somebody, and one that must not. */
export const alertCases: readonly AlertCase[] = [
  ...pair('SalusDown', '3m', {
    fires: { 'up{job="salus",instance="a"}': '0x5' },
    quiet: { 'up{job="salus",instance="a"}': '1x5' },
  }),
  ...level('SalusLedgerStalled', '1m', 'ledger_stalled_ms', ['40000x5', '20000x5']),
  ...pair('SalusIndexBehind', '5m', {
    fires: { [gauge('ledger_height')]: '300x10', [gauge('indexed_height')]: '100x10' },
    quiet: { [gauge('ledger_height')]: '300x10', [gauge('indexed_height')]: '290x10' },
  }),
  ...once('SalusClock', 'CLOCK_BEHIND'),
  ...level('SalusDiskNearlyFull', '10m', 'disk_free_bytes', ['1073741824x20', '10737418240x20']),
  ...once('SalusDiskFull', 'DISK_FULL'),
  ...once('SalusCorrupt', 'BLOB_CORRUPT'),
  ...pair('SalusPeerUnreachable', '10m', {
    fires: { [refusals('GATEWAY_LIED')]: '0+1x12' },
    quiet: { [refusals('GATEWAY_LIED')]: '0x2 1x12' },
  }),
  ...pair('SalusFlood', '12m', {
    fires: { [refusals('RATE_LIMITED')]: '0+120x15' },
    quiet: { [refusals('RATE_LIMITED')]: '0+30x15' },
  }),
  ...pair('SalusUnauthenticated', '25m', {
    fires: { [gauge('unauthenticated_total')]: '0+120x40' },
    quiet: { [gauge('unauthenticated_total')]: '0+30x40' },
  }),
  ...pair('SalusRefusalSpike', '1475m', {
    fires: { [refusals('FORBIDDEN')]: '0+1x1440 1560+120x40' },
    quiet: { [refusals('FORBIDDEN')]: '0+60x1480' },
  }),
  // A code that nobody was refused with yesterday.
  {
    alert: 'SalusRefusalSpike',
    at: '30m',
    samples: { [refusals('FORBIDDEN')]: '0+120x40' },
    firing: 1,
  },
  ...level('SalusAnnouncedNotDelivered', '150m', 'anchors_without_rows', ['0+1x200', '5x200']),
  ...level('SalusLeavesWaiting', '15m', 'leaves_waiting', ['2000x20', '500x20']),
  ...once('SalusQuota', 'QUOTA_EXCEEDED'),
  ...pair('SalusErrors', '10m', {
    fires: { [answered('500')]: '0+2x20', [answered('200')]: '0+98x20' },
    quiet: { [answered('500')]: '0+1x20', [answered('200')]: '0+999x20' },
  }),
  ...pair('SalusSlow', '25m', {
    fires: { [slow('5000')]: '0+50x40', [slow('30000')]: '0+60x40', [slow('+Inf')]: '0+60x40' },
    quiet: { [slow('5000')]: '0+60x40', [slow('30000')]: '0+60x40', [slow('+Inf')]: '0+60x40' },
  }),
];

/** What `promtool test rules` takes; JSON is YAML. */
export function promtoolTests(ruleFile: string): string {
  const tests = alertCases.map(({ alert, samples, at, firing }) => ({
    name: `${alert} ${firing > 0 ? 'fires' : 'is quiet'}`,
    interval: '1m',
    input_series: Object.entries(samples).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: at,
        exp_samples: firing > 0 ? [{ labels: '{}', value: firing }] : [],
      },
    ],
  }));
  return JSON.stringify({ rule_files: [ruleFile], evaluation_interval: '1m', tests });
}
