/** The text of a new data directory's `config.toml`. */
export const CONFIG_TEMPLATE = `# Lightcone server configuration. Every key may be left out; the values below are the defaults.

[websocket]
# ping-interval = "15s"
# idle-timeout = "30s"
# close-handshake-timeout = "250ms"
# incoming-queue-length = 16384
# outgoing-queue-bytes = 67108864

[rate-limits]
# How often clients may ask a database for something: so many times a second, and as many as "burst" at once. What is
# over it is answered with an error, over HTTP with 429. Nothing is limited by default.
# Calls, subscriptions and queries of one connection, and of one identity over all its connections and requests:
# per-connection = { per-second = 200, burst = 400 }
# per-identity = { per-second = 500, burst = 1000 }

[rate-limits.functions]
# Calls of a reducer or procedure by one identity, in whatever database has a function of that name:
# send_message = { per-second = 5, burst = 10 }

[commitlog]
# When more than this waits to be synced, calls are refused until the disk has caught up.
# max-unsynced-mib = 256
# A file of the log that has this many bytes is followed by a new one.
# max-segment-size = 1073741824
# Whether the log is kept from the first transaction on. Else what is older than the snapshots that are kept is removed,
# so that the disk use of a busy database levels off; an archive, if there is one, has it first.
# keep-all = false

[snapshots]
# Of what is in memory, taken while transactions go on: a database starts from the newest one and the log after it.
# One is taken after so many transactions, or so much log, whichever is first; but not before there is a quarter as much
# log since the last one as that one has bytes, so that a large database does not write itself all the time.
# every-transactions = 1000000
# every-mib = 256
# How many are kept. With two a database also starts if the newest is damaged or incomplete. They share what did not
# change between them, so against a disk that goes bad keep an archive or backups.
# keep = 2

[archive]
# Where everything that databases commit is copied to, so that they can be brought back as they were at any moment:
# a bucket, with endpoint and credentials in the environment (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, ...), or a folder.
# location = "s3://bucket/prefix"
# How often: no more than this is missing from it, unless it cannot be reached.
# interval = "10s"
# It keeps all that ever was, and grows, unless you say of how many days moments can be restored: \`keep-days = 30\`.

[backup]
# Where backups are kept, as for the archive; owners of databases make them with \`spacetime backup create\`.
# location = "/var/backups/lightcone"
# How many of each database are kept; one more, and the oldest goes.
# keep = 7
# How often every database is backed up without anybody asking, for example \`every = "1d"\`; never by default.

[modules]
# What one call of a module may use: about one unit for each instruction that it executes. An endless loop burns the
# default in some ten seconds. With less than a module needs to start, its database does not start either.
# energy-per-call = 20000000000
# What the memory of a module's instance may grow to, in MiB.
# max-memory-mib = 1024

[module-http]
# Whether procedures and HTTP handlers of modules may send HTTP requests. They reach the public internet
# alone, no addresses of this machine or of private networks, but for the hosts, addresses and ranges
# that you allow.
# enabled = true
# allow = ["api.internal", "10.1.2.3", "10.4.0.0/16"]

[publish]
# Who may create databases when other machines can reach this server (a listen address that is not
# loopback): identities as \`spacetime login show\` prints them. A loopback server lets everybody.
# allow = ["c200..."]

[identity]
# Whose tokens are accepted beside those that this server makes itself. Every OpenID Connect issuer is asked for its
# keys, if it is reached over https at a public address; false: only those that are listed below.
# accept-unlisted-issuers = true

# An issuer as it stands in the \`iss\` of its tokens. It may be on this machine or a private network, and without TLS.
# [[identity.issuers]]
# issuer = "http://localhost:8080/realms/dev"
# It is not asked if its keys are here: a file with PEM public keys or a JWK set, or with the secret that it shares
# with this server (HS256).
# [[identity.issuers]]
# issuer = "https://project.example/auth/v1"
# keys-path = "/path/to/keys.json"
# hs256-secret-path = "/path/to/secret"

[certificate-authority]
# jwt-priv-key-path = "/path/to/id_ecdsa"
# jwt-pub-key-path = "/path/to/id_ecdsa.pub"
`;
