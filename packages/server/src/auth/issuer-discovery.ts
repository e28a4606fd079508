import type { OutgoingHttp } from '@lightcone/engine';
import { AddressPolicy, NodeOutgoingHttp } from '@lightcone/engine/outgoing-http';
import { KeySet } from './key-set.ts';

/** For each of the two requests. */
const TIMEOUT_MS = 5000;
const MAX_RESPONSE_BYTES = 256 * 1024;
const WELL_KNOWN = '/.well-known/openid-configuration';

/** Asks issuers for their keys: OpenID Connect Discovery 1.0 §4, then the key set that it names. */
export class IssuerDiscovery {
  readonly #http: OutgoingHttp;
  /** A host that is asked over plain HTTP as well, whatever its addresses are. */
  readonly #trustedHost: string | undefined;

  constructor(http: OutgoingHttp, trustedHost?: string) {
    this.#http = http;
    this.#trustedHost = trustedHost;
  }

  /** For issuers that strangers name: https on the public internet. */
  static public(): IssuerDiscovery {
    return new IssuerDiscovery(outgoingHttp(AddressPolicy.publicOnly));
  }

  /** For one issuer that the operator names: also this machine and private networks, and plain HTTP. */
  static trusting(issuer: string): IssuerDiscovery {
    const { hostname } = new URL(issuer);
    return new IssuerDiscovery(outgoingHttp(AddressPolicy.allowing([hostname.replaceAll(/[[\]]/gu, '')])), hostname);
  }

  /**
   * @returns the keys with which an issuer signs now
   * @throws Error saying why there are none; nothing is sent to addresses that are not allowed
   */
  async fetchKeys(issuer: string, signal: AbortSignal): Promise<KeySet> {
    this.checkIssuer(issuer);
    // Appended as text, as the standard has it.
    const configuration = await this.#fetchJson(`${withoutSlashes(issuer)}${WELL_KNOWN}`, signal);
    const { issuer: stated, jwks_uri: jwksUri } = Object(configuration) as Record<string, unknown>;
    // Some leave it out, or are not particular about the slash.
    if (stated !== undefined && (typeof stated !== 'string' || withoutSlashes(stated) !== withoutSlashes(issuer))) {
      const shown = JSON.stringify(stated).slice(0, 128);
      throw new Error(`its configuration is that of another issuer, ${shown}`);
    }
    if (typeof jwksUri !== 'string') throw new Error('its configuration has no `jwks_uri`');
    this.#checkUrl(jwksUri, 'its `jwks_uri`');
    try {
      return KeySet.fromJwks(await this.#fetchJson(jwksUri, signal));
    } catch (cause) {
      if (cause instanceof RangeError) throw new Error(`its key set is of no use: ${cause.message}`, { cause });
      throw cause;
    }
  }

  /** @throws Error for what is not the URL of an issuer that may be asked */
  checkIssuer(issuer: string): void {
    this.#checkUrl(issuer, 'it');
    // OpenID Connect Discovery 1.0 §3
    if (/[?#]/u.test(issuer)) throw new Error('it has a query or a fragment');
  }

  #checkUrl(text: string, what: string): void {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === 'http:' && url.hostname !== this.#trustedHost) {
      throw new Error(`${what} is not reached over https. Only issuers that config.toml lists may do without`);
    }
    if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw new Error(`${what} is not an https URL`);
    if (url.username !== '' || url.password !== '') throw new Error(`${what} holds credentials`);
  }

  async #fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
    const headers = [{ name: 'accept', value: Buffer.from('application/json') }];
    const request = { method: 'GET', url, headers, body: new Uint8Array(), timeoutMs: TIMEOUT_MS };
    const { response, body } = await this.#http.send(request, signal);
    const { host, pathname } = new URL(url);
    if (response.status !== 200) {
      const isRedirect = response.status >= 300 && response.status < 400;
      throw new Error(
        `${host}${pathname} answers with status ${response.status}${isRedirect ? ', and redirects are not followed' : ''}`,
      );
    }
    try {
      return JSON.parse(Buffer.from(body).toString()) as unknown;
    } catch {
      throw new Error(`${host}${pathname} answers with something else than JSON`);
    }
  }
}

/** Redirects are not followed: the second place would answer for the first, over whatever it is reached by. */
function outgoingHttp(policy: AddressPolicy): OutgoingHttp {
  return new NodeOutgoingHttp({ policy, maxResponseBytes: MAX_RESPONSE_BYTES, followsRedirects: false });
}

function withoutSlashes(url: string): string {
  return url.replace(/\/+$/u, '');
}
