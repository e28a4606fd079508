/** Close codes of WebSockets: RFC 6455 §7.4.1, and the last of IANA's registry. */
export const CLOSE_CODES = {
  goingAway: 1001,
  policyViolation: 1008,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;
