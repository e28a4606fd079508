import { expect, test } from 'vitest';
import { CONFIG_TEMPLATE } from './config-template.ts';
import { DEFAULT_CONFIG, parseConfig } from './config.ts';
import { parseDurationMs } from './duration.ts';
import { formatHostPort, isLoopback, parseListenAddress } from './listen-address.ts';

test('the template of a new data directory says the defaults', () => {
  expect(parseConfig(CONFIG_TEMPLATE, 'config.toml')).toEqual(DEFAULT_CONFIG);
  const uncommented = CONFIG_TEMPLATE.replaceAll(/^# (?=[a-z-]+ = (?:"\d|\d))/gmu, '');
  expect(uncommented).toContain('\nping-interval');
  expect(parseConfig(uncommented, 'config.toml')).toEqual(DEFAULT_CONFIG);
});

test('what the file sets is read, and what is unknown is told', () => {
  const identity = 'C2'.repeat(32);
  const text = `
    [websocket]
    ping-interval = "1min 30s"
    incoming-queue-length = 5
    unknown = 1
    [module-http]
    allow = ["api.internal", "10.0.0.0/8"]
    [modules]
    energy-per-call = 5_000_000
    max-memory-mib = 64
    [identity]
    accept-unlisted-issuers = false
    [[identity.issuers]]
    issuer = "http://[::1]:8080/realm"
    [[identity.issuers]]
    issuer = "my-app"
    keys-path = "keys.json"
    audience = "me"
    [[identity.issuers]]
    issuer = "https://supabase.example"
    hs256-secret-path = "secret"
    [rate-limits]
    per-connection = { per-second = 100, burst = 150 }
    [rate-limits.functions]
    send_message = { per-second = 0.5 }
    [commitlog]
    max-unsynced-mib = 3
    max-segment-size = 5000
    keep-all = true
    [snapshots]
    every-transactions = 1000
    every-mib = 5
    keep = 3
    [archive]
    location = "s3://bucket/prefix"
    interval = "2s"
    keep-days = 30
    [backup]
    location = "/backups"
    every = "1d"
    evry = "2d"
    [publish]
    allow = ["0x${identity}"]
    [certificate-authority]
    jwt-priv-key-path = "a"
    jwt-pub-key-path = "b"
    [logs]
    level = "debug"
  `;
  const config = parseConfig(text, 'config.toml');
  expect(config.websocket).toMatchObject({ pingIntervalMs: 90_000, incomingQueueLength: 5, idleTimeoutMs: 30_000 });
  expect(config.databases.limits).toEqual({ energyPerCall: 5_000_000, maxMemoryPages: 1024 });
  expect(config.databases.rateLimits).toEqual({
    perConnection: { perSecond: 100, burst: 150 },
    perIdentity: undefined,
    functions: new Map([['send_message', { perSecond: 0.5, burst: 1 }]]),
  });
  expect(config.databases.maxUnsyncedBytes).toBe(3 * 1024 * 1024);
  expect(config.databases.maxSegmentBytes).toBe(5000);
  expect(config.databases.snapshots).toEqual({
    everyTransactions: 1000,
    everyBytes: 5 * 1024 * 1024,
    maxBytesPerLogByte: 4,
    kept: 3,
    keepsWholeLog: true,
  });
  expect(config.backup).toEqual({ location: '/backups', everyMs: 86_400_000, keep: 7 });
  expect(config).toMatchObject({ archiveLocation: 's3://bucket/prefix', archiveIntervalMs: 2000, archiveKeepDays: 30 });
  expect(config.publishers).toEqual(new Set([identity.toLowerCase()]));
  expect(config.databases.moduleHttp).toEqual({ allow: ['api.internal', '10.0.0.0/8'] });
  expect(config.identity).toEqual({
    acceptsUnlisted: false,
    issuers: [
      { issuer: 'http://[::1]:8080/realm', keys: undefined },
      { issuer: 'my-app', keys: { kind: 'public', path: 'keys.json' } },
      { issuer: 'https://supabase.example', keys: { kind: 'secret', path: 'secret' } },
    ],
  });
  expect(config.keys).toEqual({ privatePath: 'a', publicPath: 'b' });
  expect(config.unknownKeys).toEqual(['websocket.unknown', 'identity.issuers[1].audience', 'backup.evry', 'logs']);
});

test.each([
  { text: '[websocket', problem: 'f.toml: ' },
  { text: 'websocket = 1', problem: 'expected a table' },
  { text: '[websocket]\nping-interval = 15', problem: 'websocket.ping-interval: expected a duration' },
  { text: '[websocket]\nidle-timeout = "0s"', problem: 'websocket.idle-timeout' },
  { text: '[websocket]\nincoming-queue-length = 0', problem: 'whole number of at least 1' },
  {
    text: '[modules]\nenergy-per-call = 1000',
    problem: 'modules.energy-per-call: expected a whole number of at least 1000000',
  },
  {
    text: '[modules]\nmax-memory-mib = 4097',
    problem: 'modules.max-memory-mib: expected a whole number of at least 1 and at most 4096',
  },
  { text: '[identity]\nissuers = "x"', problem: 'identity.issuers: expected tables [[identity.issuers]]' },
  { text: '[identity]\nissuers = ["x"]', problem: 'identity.issuers[0].: expected a table' },
  { text: '[[identity.issuers]]', problem: 'identity.issuers[0].issuer: is missing' },
  { text: '[[identity.issuers]]\nissuer = "localhost"', problem: '"localhost" is this server itself' },
  { text: '[[identity.issuers]]\nissuer = "my-app"', problem: '"my-app" is no URL to ask' },
  { text: '[[identity.issuers]]\nissuer = "ftp://x"', problem: '"ftp://x" is no URL to ask' },
  {
    text: '[[identity.issuers]]\nissuer = "x"\nkeys-path = "a"\nhs256-secret-path = "b"',
    problem: 'keys-path: and hs256-secret-path cannot be given together',
  },
  {
    text: '[[identity.issuers]]\nissuer = "https://x"\n[[identity.issuers]]\nissuer = "https://x"',
    problem: '"https://x" is listed twice',
  },
  { text: '[rate-limits]\nper-identity = 5', problem: 'rate-limits.per-identity' },
  {
    text: '[rate-limits]\nper-identity = {}',
    problem: 'rate-limits.per-identity.per-second: expected a number above 0',
  },
  { text: '[rate-limits]\nper-identity = { per-second = 0 }', problem: 'expected a number above 0' },
  {
    text: '[rate-limits]\nper-identity = { per-second = 1, bust = 2 }',
    problem: 'bust: expected "per-second" and "burst"',
  },
  {
    text: '[rate-limits.functions]\nf = { per-second = 1, burst = 9999 }',
    problem: 'functions.f.burst: it takes more',
  },
  { text: '[commitlog]\nmax-unsynced-mib = 0', problem: 'commitlog.max-unsynced-mib: expected a whole number' },
  { text: '[commitlog]\nmax-segment-size = 100', problem: 'commitlog.max-segment-size: expected a whole number' },
  ...['0', '-1', '1.5', '"30"', '"30d"', 'nan', 'inf', '36501', 'true'].map((days) => ({
    text: `[archive]\nkeep-days = ${days}`,
    problem:
      'archive.keep-days: expected a whole number of at least 1 and at most 36500; to keep everything, leave it out',
  })),
  { text: '[publish]\nallow = "c200"', problem: 'publish.allow: expected a list' },
  { text: '[publish]\nallow = ["c200"]', problem: '"c200" is not an identity' },
  { text: '[module-http]\nenabled = "no"', problem: 'module-http.enabled: expected true or false' },
  { text: '[module-http]\nallow = "localhost"', problem: 'module-http.allow: expected a list of texts' },
  { text: '[module-http]\nallow = ["10.0.0.0/33"]', problem: 'module-http.allow: "10.0.0.0/33" is no host name' },
  { text: '[certificate-authority]\njwt-pub-key-path = "b"', problem: 'must be given together' },
  { text: '[publish]\nallow = [\n', problem: 'f.toml: line 3, column 1: ' },
])('a file with $text is refused and told where', ({ text, problem }) => {
  expect(() => parseConfig(text, 'f.toml')).toThrow(
    expect.objectContaining({ code: 'SERVER_INVALID_CONFIG', message: expect.stringContaining(problem) }) as Error,
  );
  expect(() => parseConfig(text, 'f.toml')).toThrow(/^[^\n]*$/u);
});

test.each([
  { text: '250ms', ms: 250 },
  { text: '15s', ms: 15_000 },
  { text: '1min', ms: 60_000 },
  { text: '2h 5m', ms: 7_500_000 },
  { text: '5', ms: undefined },
  { text: 's', ms: undefined },
  { text: '', ms: undefined },
  { text: '5 parsecs', ms: undefined },
])('the duration $text is $ms ms', ({ text, ms }) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  { text: '127.0.0.1:3000', host: '127.0.0.1', port: 3000, loopback: true },
  { text: 'localhost:0', host: 'localhost', port: 0, loopback: true },
  { text: '[::1]:80', host: '::1', port: 80, loopback: true },
  { text: '0.0.0.0:3000', host: '0.0.0.0', port: 3000, loopback: false },
  { text: '[::]:3000', host: '::', port: 3000, loopback: false },
  { text: '127.example.com:1', host: '127.example.com', port: 1, loopback: false },
])('the address $text', ({ text, host, port, loopback }) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
  expect(isLoopback(host)).toBe(loopback);
  expect(formatHostPort(host, port)).toBe(text);
});

test.each(['3000', ':3000', 'host', 'host:', 'host:65536', '::1:80'])('the address %s is refused', (text) => {
  expect(() => parseListenAddress(text)).toThrow(
    expect.objectContaining({ code: 'SERVER_INVALID_LISTEN_ADDRESS' }) as Error,
  );
});

test('modules send no HTTP requests where an operator says so', () => {
  expect(
    parseConfig('[module-http]\nenabled = false\nallow = ["localhost"]', 'f.toml').databases.moduleHttp,
  ).toBeUndefined();
});
