import type { Logger } from 'pino';
import { IssuerDiscovery } from './issuer-discovery.ts';
import { IssuerKeys } from './issuer-keys.ts';
import type { MonotonicMs } from './issuer-keys.ts';
import type { KeySet } from './key-set.ts';
import { UnknownIssuer } from './token-claims.ts';
import type { TokenParts } from './token-form.ts';

/** Issuers that strangers named are forgotten beyond this many, those first that were not used for longest. */
const MAX_UNLISTED = 1000;
/** Requests to such issuers at once: strangers may name slow ones. */
const MAX_UNLISTED_FETCHES = 16;

/** An issuer that the operator lists: with keys of its own, or to be asked for them. */
export interface ListedIssuer {
  readonly issuer: string;
  readonly keys: KeySet | undefined;
}

export interface ForeignIssuersOptions {
  readonly listed: readonly ListedIssuer[];
  /** Whether others are asked as well, at public https addresses. */
  readonly acceptsUnlisted: boolean;
  readonly log: Logger;
  readonly nowMs?: MonotonicMs;
  /** How issuers that are not listed are asked. */
  readonly publicDiscovery?: IssuerDiscovery;
}

/**
 * Who else may say who somebody is.
 *
 * A token names its issuer before anything of it is proven, so whom the server asks is up to strangers: see
 * `IssuerDiscovery` for where it goes, `IssuerKeys` for how often, and the limits above for how many.
 */
export class ForeignIssuers {
  readonly #options: ForeignIssuersOptions;
  readonly #publicDiscovery: IssuerDiscovery;
  readonly #nowMs: MonotonicMs;
  readonly #listed = new Map<string, KeySet | IssuerKeys>();
  /** In the order of their last use. */
  readonly #unlisted = new Map<string, IssuerKeys>();
  readonly #closing = new AbortController();
  #unlistedFetches = 0;

  constructor(options: ForeignIssuersOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#publicDiscovery = options.publicDiscovery ?? IssuerDiscovery.public();
    for (const { issuer, keys } of options.listed) {
      this.#listed.set(issuer, keys ?? this.#listedKeys(issuer));
    }
  }

  /**
   * Checks that a token is signed by the issuer that it names.
   * @throws InvalidToken, UnknownIssuer
   */
  async verify(issuer: string, token: string, parts: TokenParts): Promise<void> {
    const source = this.#listed.get(issuer) ?? this.#findUnlisted(issuer);
    if (!(source instanceof IssuerKeys)) {
      await source.verify(token, parts);
      return;
    }
    const keys = await this.#named(issuer, source.get());
    // Issuers sign with a key as soon as they publish it.
    const current = keys.has(parts) ? keys : await this.#named(issuer, source.getNewerThan(keys));
    await current.verify(token, parts);
  }

  /** Ends the requests that are under way. */
  close(): void {
    this.#closing.abort(new Error('the server is stopping'));
  }

  #findUnlisted(issuer: string): IssuerKeys {
    if (!this.#options.acceptsUnlisted) {
      throw new UnknownIssuer(
        `Issuer ${JSON.stringify(issuer)} is not accepted: config.toml of this server does not list it under ` +
          '[[identity.issuers]]. Ask its operator, or log in at one that is.',
      );
    }
    const source = this.#unlisted.get(issuer) ?? this.#unlistedKeys(issuer);
    if (source.needsFetch && this.#unlistedFetches >= MAX_UNLISTED_FETCHES) {
      throw new UnknownIssuer(fetchProblem(issuer, 'too many issuers are being asked; try again in a few seconds'));
    }
    this.#unlisted.delete(issuer);
    this.#unlisted.set(issuer, source);
    if (this.#unlisted.size > MAX_UNLISTED) {
      const [oldest] = this.#unlisted.keys();
      if (oldest !== undefined) this.#unlisted.delete(oldest);
    }
    return source;
  }

  #listedKeys(issuer: string): IssuerKeys {
    const discovery = IssuerDiscovery.trusting(issuer);
    const fetchKeys = async (): Promise<KeySet> => {
      try {
        return await discovery.fetchKeys(issuer, this.#closing.signal);
      } catch (error) {
        this.#options.log.warn({ issuer, err: error }, 'keys of a listed issuer cannot be fetched');
        throw error;
      }
    };
    return new IssuerKeys(fetchKeys, this.#nowMs);
  }

  #unlistedKeys(issuer: string): IssuerKeys {
    const discovery = this.#publicDiscovery;
    try {
      discovery.checkIssuer(issuer);
    } catch (cause) {
      throw new UnknownIssuer(fetchProblem(issuer, (cause as Error).message), { cause });
    }
    const fetchKeys = async (): Promise<KeySet> => {
      this.#unlistedFetches++;
      try {
        return await discovery.fetchKeys(issuer, this.#closing.signal);
      } finally {
        this.#unlistedFetches--;
      }
    };
    return new IssuerKeys(fetchKeys, this.#nowMs);
  }

  async #named(issuer: string, keys: Promise<KeySet>): Promise<KeySet> {
    try {
      return await keys;
    } catch (cause) {
      throw new UnknownIssuer(fetchProblem(issuer, (cause as Error).message), { cause });
    }
  }
}

function fetchProblem(issuer: string, problem: string): string {
  return `Error fetching public key for issuer ${JSON.stringify(issuer)}: ${problem}`;
}
